"""Runs steps, with actions before and after: an action in each file.

The flow, in order; a module imports only those above it:

  loop             runs steps and actions; knows nothing of captions
  every            when a periodic action is due
  timings          how fast updates were: each call's, and all
  learning_rate    the learning rate of an update
  say_progress     a log line: loss, speed, wait for input, time left
  stop_on_nan      ends a run whose loss or gradients are not finite
  metrics_log      scalars of each call -> `metrics.jsonl` and TensorBoard
  show_on_board    weights and captioned images on TensorBoard
  narrowing        whether a reward has made captions alike or blind
  early_stopping   validation scores, the best checkpoint, the end in time
  save_checkpoint  saves the run every so often
  profile          TensorBoard's profile of some steps
  spikes           counts losses far above those before them
  stop_signal      a signal to stop -> a checkpoint, and an exit code
  cadence          how often each happens, and which checkpoint is the best
"""
