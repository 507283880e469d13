"""The data card: what a record set holds, and whether it can teach anything.

The flow, in order; a module imports only those above it:

  finding      one judgement: level, value, threshold, meaning, advice
  facts        every number of a record set, as frozen values
  data_card    facts, findings and examples <-> data_card.json
  look         pixels -> 20 bytes that near-duplicate images share
  feature_sums  grids -> exact sums that merge in any order
  shard_facts  what one shard tells the card, stored beside it
  duplicates   images of like looks, in one split and across splits
  repetition   counts of counts -> how captions repeat
  ladder       losses of models that see words only
  floors       scores of captions that no model made; the pairing test
  rules        facts -> findings, causes first
  wording      findings in plain words
  plots        what the numbers look like
  pictures     thumbnails of examples, read where they lie
  tables       numbers as cards, and as bars
  gallery      a sample of the images, and those that a finding is about
  page_style   how findings and images look
  page         findings, facts and examples in one HTML file

The card is written before the manifest, which holds its digest.
"""
