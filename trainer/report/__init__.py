"""Scores, curves and examples for people: pages and pictures.

The flow, in order; a module imports only those above it:

  glossary            what each score is called, and what it means
  score_table         scores beside floors, as text for the terminal
  difference_table    two systems' scores, and which differences are real
  scorecard           each score beside its baselines, as numbers and bars
  style               CSS of images and words, and which map is shown
  gallery             images, captions, and where the captioner looked
  attention_picture   a caption and where each word looked, for TensorBoard
  curves              learning curves, for pages and on one of their own
  page                scores, curves and gallery in one HTML file
  range_test_page     the range test's loss over its learning rate
  diagnosis_text      a diagnosis for the terminal
  diagnosis_page      a diagnosis as a page
  decoder_table       decoders beside each other, as text and as JSON
  results             an evaluation as files, and as text for the terminal
  run_status          how far a run is, and what it scored, as table rows
"""
