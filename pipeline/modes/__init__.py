"""What `--mode` can ask for.

The flow, in order; a module imports only those above it:

  options       what the command line asks of the job
  dry_run       a sample encoded, and what the whole would take
  precompute    images and captions -> a record set, or a sample of it
  verify_shard  one shard read to its end: every damage in it
  verify        every damage of a record set
  inspect       what a record set holds: facts, and a few records
  inspect_page  sampled records as one HTML file
"""
