"""A step function -> captions: a decoder in each file.

The flow, in order; a module imports only those above it:

  step        what a decoder is: the step function it calls, what it returns
  scores      log probabilities of tokens, and the length penalty
  greedy      greedy search: the most likely token at each position
  beam        beam search
  caption     a caption as text, with its attention
  image_gain  how much likelier a caption is with its image than with others
  generator   a captioner, a vocabulary and a decoder: grids -> captions
"""
