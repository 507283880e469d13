"""A step function -> captions: a decoder in each file.

The flow, in order; a module imports only those above it:

  step       the step function that decoders call, and what they return
  scores     log probabilities of tokens, and the length penalty
  greedy     the likeliest token at each position
  beam       beam search
  caption    a caption as text
  generator  a captioner, a vocabulary and a decoder: grids -> captions
"""
