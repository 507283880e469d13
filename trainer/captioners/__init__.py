"""Grids and words -> logits: a captioner in each file.

The flow, in order; a module imports only those above it:

  dropout             masks that depend on (seed, step, stream), not on a device
  draw                which of several a number in [0, 1) chooses
  attention           soft attention over the grid's locations
  contract            what every captioner has to provide
  ranges              which values settings may have
  lstm                the gates of an LSTM, and its state
  output              from features to logits, from the unigram model on
  recurrent           what captioners share that read word after word
  grid_reader         what captioners share that attend to a projected grid
  merge               Merge: an LSTM over words, joined by the image at the end
  show_tell           Show and Tell: the image is an LSTM's first word
  show_attend_tell    Show, Attend and Tell: an LSTM with soft attention
  adaptive_attention  Adaptive attention: it may look away from the image
  up_down             Up-down: an LSTM that looks, and one that speaks
  sinusoids           fixed positions of words and places
  transformer_layers  attention of many heads, encoder and decoder layers
  transformer         a Transformer over the grid, with a cache
"""
