"""Causes of collapse: evidence -> opinions.

Each file holds a family of causes, and `table.CAUSES` all of them, in an order
in which causes stand above what they bring about. To add one: a function from
evidence to an opinion, and a row.

  cause         what a cause and an opinion are
  not_the_runs  what is judged is not what was trained
  pictures      images and their grids
  texts         captions, and how many there are
  pairs         whether captions belong to their images
  image_path    the way from the image to the words
  targets       what is predicted
  settings      settings of the training, judged by short trainings
  table         all of them
"""
