"""A data set's own files in, references out: one Beam reader for each format.

The flow, in order; a module imports only those above it:

  rejects           what was read, what of it was left out, and why
  reference         an image's Reference: where it is and what is said of it
  blank_captions    leaves out captions without text, one by one
  annotation_files  --annotations -> the files it names, splits and digests
  dropped_pairs     pairs that the user leaves out, by the images' ids
  encodings         text is UTF-8
  split_names       what splits are called, by a data set and by its files
  image_ids         one id, one image
  tallies           how many there are of something, and the first of them
  own_splits        puts each image in one split: its own, or one by its hash
  split_lists       lists of images, one for each split, beside captions
  lines             text files -> one reference or reject a line
  documents         one large JSON document, item by item
  jsonl             one JSON object a line
  flickr            Flickr8k and Flickr30k: a token file, official split lists
  coco              COCO captions JSON: images and annotations, joined by id
  karpathy          Karpathy's split JSON of COCO, Flickr8k or Flickr30k
  table_rows        rows of CSV and TSV, also as spreadsheets write them
  table             CSV and TSV: columns by name, captions by row
  webdataset        tar shards, whose images are read again by byte range
  tfds              a data set of TFDS by name, read in the same way
  image_pattern     images found by name among the files of a pattern
  subset            some images of a data set, always the same ones
  formats           the table of formats; flags of a data set -> its reader

A reader is a PTransform from Begin to (references, rejects); among the rejects
it counts all that it reads. No reader holds its data set in the memory of one
process.
"""
