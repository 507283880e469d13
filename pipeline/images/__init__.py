"""Bytes of an image -> pixels, and what is computed from pixels.

The flow, in order; a module imports only those above it:

  orientation      which way up a file says its image is
  side_parts       takes out of a file what does not bear on its pixels
  decode           bytes of any allowed format -> RGB pixels
  thumbnail        the small JPEG that pages show
  views            pixels -> mirrored and cropped ones, to train on
  preparation      pixels -> one encoder's input, when training and serving
  perceptual_hash  pixels -> 20 bytes that near-duplicate images share
"""
