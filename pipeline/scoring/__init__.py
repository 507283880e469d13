"""Words of captions, and how well captions fit references.

The flow, in order; a module imports only those above it:

  tokens       caption -> words as the literature scores them
  ngrams       words -> how often each run of up to four occurs
  cider        CIDEr-D over an index of the references
  constant     the one caption that would serve best for every image
"""
