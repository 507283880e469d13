"""Tests for faults of a captioner that training would hide.

The flow, in order; a module imports only those above it:

  wiring  tests of an untrained captioner, before the first update
"""
