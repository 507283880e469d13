"""Files on Beam's file systems, who owns an output, and image sources.

The flow, in order; a module imports only those above it:

  beam_files   files written whole or not at all
  found_files  what a name stands for: a file, a folder or a pattern
  reach        whether the file systems of paths are there, and answer
  ownership    one run at a time on an output folder
  download     an image from a host that the user named, bounded
  image_root   source -> bytes: a root that no source can leave
"""
