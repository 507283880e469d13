"""Words of captions, and how well captions fit references.

The flow, in order; a module imports only those above it:

  ptb_tokens        caption -> words as the literature scores them
  ngrams            runs of up to four words as numbers, and their counts
  reference_ngrams  those of references, found by image or everywhere
  metric            what a metric is
  ratio             scores that are one sum over images by another
  bleu              BLEU by counts of each image
  cider             CIDEr-D and CIDEr by an index of the references
  rouge_l           ROUGE-L by longest common subsequences
  distinct          how many different n-grams captions have
  coverage          how many of people's words captions use
  novelty           how many captions are no copies of train captions
  dangling          how many captions break off
  repetition        how often captions repeat each other, and themselves
  hallucination     objects that no reference names
  self_cider        how different the captions of one image are
  mbleu             how alike the captions of one image are
  java_metrics      METEOR and SPICE where Java and their models are
  wilson            the interval of a share
  constant_caption  the one caption that would serve best for every image
"""
