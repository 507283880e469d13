"""The finished shards -> the data card, in Beam, from counts that add up.

The flow, in order; a module imports only those above it:

  keyed_merge      values by key, shuffled in few large parts
  split_counts     what is counted of a split, in parts that add up
  count_captions   captions and words of each split, counted
  find_duplicates  images that look alike, found where looks share a key
  draw_sample      images drawn by hash, and their records read back
  make_card        counts, sums and sample -> the data card
  list_suspicious  shards and card -> the pairs that look wrong

What grows with the data set stays distributed. One process sees only sums, the
most frequent captions, and a sample of fixed size. No grid crosses a shuffle;
the mean over locations does, for sampled images.
"""
