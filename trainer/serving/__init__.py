"""A trained captioner for image files.

The flow, in order; a module imports only those above it:

  caption_files  image files -> captions
"""
