"""What a run keeps on disk.

The flow, in order; a module imports only those above it:

  identity      what makes a run the one it is
  directory     which run a directory belongs to, and text files in it
  lock          one process at a time in a run's directory
  checkpoints   save, restore, the best and the newest
  metrics_file  `metrics.jsonl`: its rows, and the best of them
  event_files   curves, histograms and pictures for TensorBoard
"""
