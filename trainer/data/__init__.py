"""A record set -> batches in an order that only the seed decides.

The flow, in order; a module imports only those above it:

  card_gate        refuses a record set whose data card says stop
  damage           which shard is damaged, when reading one fails
  options          a fixed order, and no autotuning
  batching         how examples become batches, and who reads which
  replica_batches  how the replicas of a strategy take their batches
  part_records     parts of shards -> their records, as they lie in the files
  batches          record set -> batches of grids and captions
  split_images     every image of a split once, with all of its captions
  folds            a train split in k folds, each held out once; their scores
"""
