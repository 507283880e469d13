"""The data card as one HTML file.

The flow, in order; a module imports only those above it:

  plots     facts as inline SVG plots
  pictures  thumbnails of examples, read from their shards
  tables    facts as tables, and as bars
  gallery   a sample of the images, and the images that a finding is about
  page      findings, facts and examples in one HTML file
"""
