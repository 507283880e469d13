"""Grids and words -> logits: a captioner in each file.

The flow, in order; a module imports only those above it:

  dropout           masks that depend on (seed, step, stream), never on a device
  attention         soft attention over the grid's locations
  contract          what every captioner has to provide
  show_attend_tell  Show, Attend and Tell: an LSTM with soft attention
"""
