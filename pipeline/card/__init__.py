"""The data card: what a record set holds, and whether it can teach anything.

The flow, in order; a module imports only those above it:

  finding      one judgement: level, value, threshold, meaning, advice
  facts        every number of a record set, as frozen values
  data_card    facts, findings and examples <-> data_card.json
  look         pixels -> 20 bytes that near-duplicate images share
  feature_sums  grids -> exact sums that merge in any order

The card is written before the manifest, which holds its digest.
"""
