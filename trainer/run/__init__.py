"""What a run keeps on disk.

The flow, in order; a module imports only those above it:

  identity      the settings that a run never changes
  directory     which run a directory belongs to; writes files in it
  other_grids   grids of a few train images, to compare captions by
  lock          lets one process at a time train in a run's directory
  checkpoints   saves and restores the newest checkpoints and the best one
  metrics_file  `metrics.jsonl`: its rows, and the best of them
  event_files   curves, histograms and pictures for TensorBoard
"""
