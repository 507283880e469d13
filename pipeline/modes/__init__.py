"""What `--mode` of the command line can ask for.

The flow, in order; a module imports only those above it:

  options       the job's flags as one value
  dry_run       encodes a sample; tells what the whole would take
  precompute    images and captions -> a record set, or a sample of it
  verify_shard  reads one shard to its end: every damage in it
  verify        reads a whole record set: every damage of it
  inspect       what a record set holds: facts, and a few records
  inspect_page  sampled records as one HTML file
"""
