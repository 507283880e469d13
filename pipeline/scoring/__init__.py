"""Words of captions, and how well captions fit references.

The flow, in order; a module imports only those above it:

  ptb_tokens        caption -> words as the literature scores them
  ngrams            words -> how often each run of up to four occurs
  metric            what a metric is
  bleu              BLEU as mergeable corpus counts, and its ceiling
  cider             CIDEr-D over an index of the references
  repetition        how often captions repeat each other
  wilson            the interval of a share
  constant_caption  the one caption that would serve best for every image
"""
