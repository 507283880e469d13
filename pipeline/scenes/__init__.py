"""The embedded data set: scenes whose true captions are known.

The flow, in order; a module imports only those above it:

  words        the lexicon: shapes, colours, sizes, places, relations
  truth        what a scene holds, and which statements about it are true
  describe     scene -> a caption, drawn from the grammar
  judge        caption and scene -> how many of its statements are true
  paint        colours, shades and gradients
  objects      paints a scene's objects; measures what they hide
  backgrounds  paints backgrounds, and adds what a camera's lens does
  dataset      renders JPEG files, captions and truth
  __main__     command line -> the data set
"""
