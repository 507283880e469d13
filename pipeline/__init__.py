"""Images and captions in, a record set out: one Apache Beam job.

The rooms, in order; a room imports only those above it:

  startup        known notes stay silent, a missing package is one line
  interruption   signals to end: heard at once, told in one line
  printable      text of a data set on its way to a terminal
  command_line   a program's flags by task, its help, its errors
  progress_line  how far some work is: a line in a terminal, or a log
  recordset      contract with the trainer: records, shards, manifest, words
  images         bytes -> pixels, thumbnail, encoder's input, hash of the look
  encoders       prepared input -> grid [locations, depth]; fingerprints
  scoring        words of captions, and how well captions fit references
  pages          what every page is made of: style, plots, the file itself
  scenes         the embedded data set: drawn, described, judged, rendered
  findings       one language for what is wrong, how grave, and what to do
  card           what a record set holds, and whether it can teach anything
  files          files on Beam's file systems; an output's owner; image sources
  readers        a data set's own files -> references: a reader for each format
  shards         references -> one finished shard
  job            the Beam stages, each named by its effect, and how they are run
  modes          what `--mode` can ask for
  main           flags -> options -> a mode

Only `files` and the rooms below it import Apache Beam, so the trainer can use
the rooms above. Of a job's results the trainer sees the record set alone.
Nothing here imports the trainer or gin: a Beam worker has no gin bindings.
"""
