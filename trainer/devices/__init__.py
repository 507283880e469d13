"""The devices and the processes that a run works on.

The flow, in order; a module imports only those above it:

  heartbeat  a worker's sign of life to the launcher that started it
  cluster    environment -> the cluster that this process is a worker of
  strategy   names of devices -> tf.distribute.Strategy and dtype policy
  workers    small values that the processes of a run exchange
  launcher   starts several workers on this host; stops all if one is lost
"""
