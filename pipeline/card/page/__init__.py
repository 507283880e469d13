"""The data card as one HTML file.

The flow, in order; a module imports only those above it:

  plots     what the numbers look like
  pictures  thumbnails of examples, read where they lie
  tables    numbers as cards, and as bars
  gallery   a sample of the images, and those that a finding is about
  page      findings, facts and examples in one HTML file
"""
