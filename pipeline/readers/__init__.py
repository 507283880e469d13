"""A data set's own files in, references out: one Beam reader a format.

The flow, in order; a module imports only those above it:

  captions    an image's Reference: where it is and what is said of it
  inputs      --annotations -> the files it names, their splits and digests
  membership  each image into one split: its own, its list's, or by hash
  lines       text files -> one reference or reject a line
  jsonl       one JSON object a line
  flickr      Flickr8k and Flickr30k: a token file, official split lists
  documents   one large JSON document, item by item
  coco        COCO captions JSON: images and annotations, joined by id
  karpathy    Karpathy's split JSON of COCO, Flickr8k or Flickr30k
  table       CSV and TSV: columns by name, one caption a row
  webdataset  tar shards, whose images are read again by byte range
  tfds        a data set of TFDS by name, read in the same way
  pattern     images found by name among the files of a pattern
  limit       some images of a data set, always the same ones
  sources     the flags of a data set -> its reader, and digests of its files

A reader is a PTransform from Begin to (references, rejects). None holds its
data set in the memory of one process.
"""
