"""The Beam stages, each named by its effect, and how they are run.

The flow, in order; a module imports only those above it:

  ledger          what was read, and where it went: counts that must agree
  add_up          what a reader gives -> the counts of a ledger
  request         what a run was asked for, and whether a folder allows it
  progress        how far a job is: what its workers have counted so far
  vocabulary      references -> the vocabulary of the train split
  write_shards    references -> shards of records
  write_rejects   rejects -> `rejects-*.jsonl`, and why images were rejected
  write_manifest  all that was written -> vocabulary, card and manifest
  card            finished shards -> the data card, from counts that add up
  precompute      images and captions -> a record set: the whole job
  services        waits for services that flags name, and not for long
  beam_runner     Beam's options, log levels, and the cause of a wrapped error
"""
