"""What `--mode` can ask for.

The flow, in order; a module imports only those above it:

  outcome         what a mode says, and its exit code
  train           trains a captioner, or goes on with one
  cross_validate  trains on k folds of the train split
  range_test      looks for a learning rate
  evaluate        captions a split, scores it, writes results and page
  cure            carries out what a diagnosis advises, beside a run
  diagnose        says whether a run looks at its images, and if not, why
  diagnose_captions  the same by captions alone, of any system
  score           scores captions of any system, beside floors
  compare         says of two runs whether their scores truly differ
  caption         captions image files
  status          lists runs: steps, scores, verdicts, what still trains
"""
