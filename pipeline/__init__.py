"""Images and captions in, a record set out: one Apache Beam job.

The flow, in order; a module imports only those above it:

  grammar      what a synthetic scene is, how it is described, what is true
  paint        colours, shades and gradients
  sprites      the objects of a scene, painted
  scenery      the backgrounds of scenes, and the lens
  scenes       renders the embedded data set: JPEG files, captions, truth
  splits       image id -> split and shard, for ever
  vocabulary   caption text <-> token ids, learned from the train split only
  images       bytes of any allowed format -> RGB pixels, and a thumbnail
  download     an image from a host that the user named, bounded
  preparation  pixels -> one encoder's input, when training and serving
  tensor_file  PyTorch's legacy tensor file -> arrays, without PyTorch
  lite0        EfficientNet-Lite0 and its ImageNet weights, without a download
  encoders     prepared input -> grid [locations, depth]; fingerprints
  records      CaptionedImage <-> bytes; TFRecord framing; a walk that checks
  manifest     what a finished record set holds; written last
  storage      files on Beam's file systems, written whole or not at all
  lock         one run at a time on an output folder
  rejects      what was left out, and why
  origin       source -> bytes: a root that no source can leave
  scoring      words of captions, and how well captions fit references
  request      what a run was asked for: go on, be complete, or be refused
  pages        what every page is made of: style, plots, the file itself
  card         what a record set holds, and whether it can teach anything
  readers      a data set's own files -> references: a reader a format
  progress     how far a job is: a line in a terminal, lines in a log
  side_file    what stands beside a finished shard
  encoding     references -> records: read, decode and encode images
  shards       one shard: encode, write, rename, check
  survey       finished shards -> the data card, from counts that add up
  transforms   the Beam stages, each named by its effect
  rehearsal    a sample encoded, and what the whole would take
  examination  one shard read to its end: every damage in it
  audit        every damage of a record set
  inspection   what a record set holds: facts, and a few records
  album        sampled records as one HTML file
  runner       Beam's options, log levels, and the cause of a wrapped error
  main         flags -> pipeline options -> the pipe

The record set is the only thing that the trainer sees. Nothing here imports
the trainer or gin: a worker of a Beam runner has no gin bindings.
"""
