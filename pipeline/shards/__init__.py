"""References -> one finished shard.

The flow, in order; a module imports only those above it:

  ahead        `map` on threads, some calls ahead of the consumer
  encode       references -> records: read, decode and encode images
  counters     what one worker has done so far
  shard_index  the side file that marks a shard as finished
  write_shard  one shard: encode, write, rename, check
"""
