"""Prepared images -> grids of features.

The flow, in order; a module imports only those above it:

  torch_file  PyTorch's legacy tensor file -> arrays, without PyTorch
  lite0       EfficientNet-Lite0 and its ImageNet weights, without a download
  encoder     prepared input -> grid [locations, depth]; fingerprints
"""
