"""The data card: what a record set holds, and whether it can teach anything.

The flow, in order; a module imports only those above it:

  facts             everything measured of a record set, as frozen values
  data_card         facts, findings and examples <-> data_card.json
  feature_sums      grids -> exact sums that merge in any order
  shard_statistics  what the card needs of one shard, stored beside it
  near_duplicates   images that look alike, in one split and across splits
  repetition        how many captions occur n times -> how captions repeat
  word_models       losses of models that see words only
  baselines         scores of captions that need no model; the pairing test
  wrong_pairs       what share of the pairs is wrong, and which
  suspicious_pairs  these images, as lines to look at and to leave out
  checks            facts -> findings, causes first
  page              findings, facts and examples in one HTML file

The card is written before the manifest, because that holds its digest.
"""
