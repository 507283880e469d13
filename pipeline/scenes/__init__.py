"""The embedded data set: scenes whose true captions are known.

The flow, in order; a module imports only those above it:

  words        the lexicon: shapes, colours, sizes, places, relations
  truth        what a scene holds, and which statements about it are true
  describe     scene -> a caption, drawn from the grammar
  judge        caption and scene -> how many of its statements are true
  paint        colours, shades and gradients
  objects      the objects of a scene, painted
  backgrounds  the backgrounds of scenes, and the lens
  dataset      renders JPEG files, captions and truth
  __main__     flags -> the data set
"""
