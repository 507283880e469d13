"""Which devices a run works on, and with whom.

The flow, in order; a module imports only those above it:

  heartbeat  a worker's sign of life to the launcher that started it
  cluster    environment -> the cluster that this process is a worker of
  strategy   names of devices -> tf.distribute.Strategy and dtype policy
  workers    what the processes of a run tell each other
  launcher   several workers on this host; when one is lost, all stop
"""
