"""Captions of a split -> scores, each beside its baselines.

The flow, in order; a module imports only those above it:

  estimate    a mean over images, and how sure it is
  split_loss  the teacher-forced loss of a split, its images or others'
  scorers     captions and references -> scores
  bootstrap   intervals of scores, and of their differences
  signature   how scores were made, in one line
  baselines   scores that need no look at the image
  verdict     whether the captioner looks at the image, in one line
  validation  what is measured every so often while training
  decoder_comparison  captions of a split by several decoders
  evaluation  captions a split, scores the captions, and judges them
"""
