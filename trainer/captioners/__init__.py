"""Grids and words -> logits: a captioner in each file.

The flow, in order; a module imports only those above it:

  dropout           masks that depend on (seed, step, stream), never on a device
  attention         soft attention over the grid's locations
  contract          what a captioner is
  show_attend_tell  teacher-forced call and one-token step
"""
