"""The contract between job and trainer: what a record set is.

The flow, in order; a module imports only those above it:

  differences  where two settings differ
  splits       image id -> split and shard; never changes
  shard_files  names of a shard, and of its two files
  unspaced     signs of Chinese and Japanese, each of which is a word
  vocabulary   caption text <-> token ids, learned from the train split only
  tfrecord     TFRecord framing, and a walk over a file that checks it
  records      CaptionedImage <-> bytes
  manifest     what a finished record set holds; written last
  record_set   opens a finished record set and checks it
  subset       copies a record set without some of its images
"""
