"""Findings: what is wrong, how grave it is, and what to do about it.

The flow, in order; a module imports only those above it:

  finding  one judgement: level, value, threshold, meaning, advice
  rule     a measured value and its thresholds -> a finding
  wording  findings in plain words
"""
