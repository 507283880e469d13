"""The finished shards -> the data card, in Beam, from counts that add up.

The flow, in order; a module imports only those above it:

  keyed_merge      values by key, shuffled in few large parts
  split_counts     what is counted of a split, in parts that add up
  count_captions   captions and words of each split, counted
  find_duplicates  looks, compared where they share a key
  draw_sample      images drawn by hash, and their grids read back
  make_card        counts, sums and sample -> the data card

What grows with the data set stays distributed. One process sees only sums, the
most frequent captions, and a sample whose size is fixed. No grid crosses a
shuffle: of a sampled image its mean over locations does.
"""
