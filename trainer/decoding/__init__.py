"""A step function -> captions: a decoder in each file.

The flow, in order; a module imports only those above it:

  step             what a decoder is: what it calls, and what it returns
  scores           log probabilities of tokens, and the length penalty
  word_rules       which words a decoder may choose, beside what is likely
  hypotheses       hypotheses that grow by a token at a time, and ended ones
  greedy           greedy search: the most likely token at each position
  constrained      beam search for captions that must have some words
  beam             beam search
  diverse_beam     diverse beam search: groups, each unlike those before it
  sampling         words are drawn: temperature, top-k, nucleus
  around           a decoder around another
  guided           what the image adds to a word counts more
  consensus        of several captions, the one that the others agree with
  teacher_forcing  loss with each path from image to words given by itself
  ensemble         several captioners that decode as one
  caption          a caption as text, with its attention
  image_gain       how much likelier a caption is by its image than others
  generator        a captioner, a vocabulary and a decoder: grids -> captions
"""
