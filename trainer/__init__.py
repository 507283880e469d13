"""A record set in; a trained captioner, its scores and a page out.

The rooms, in order; a room imports only those above it:

  settings      settings of a wrong type, refused by name
  config        finds, parses, locks, shows and saves gin files
  devices       environment -> tf.distribute strategy, cluster and workers
  data          record set -> batches in an order that only the seed decides
  captioners    grids and words -> logits: a captioner in each file
  decoding      a step function -> captions: a decoder in each file
  run           what a run keeps on disk: identity, checkpoints, metrics
  loop          runs steps, with actions before and after; one in each file
  training      loss, optimizer, and one update of all replicas
  evaluation    captions of a split -> scores, each beside its baselines
  serving       image files -> captions
  diagnosis     why a captioner does not look at its images, or learn
  report        scores and examples for people: pages and pictures
  modes         what `--mode` can ask for
  configurable  what a gin file may name, and the table of modes
  settings_table  all that a gin file may set, as gin/SETTINGS.md
  api           Eyewitness from Python, for notebooks and scripts
  main          flags -> configuration -> a mode

Of the pipeline, the trainer takes the rooms that need no Beam. gin is imported
in `config` and `configurable` alone.
"""
