"""Why a captioner does not look at its images, or does not learn.

The flow, in order; a module imports only those above it:

  cures             what cures a run: lines to paste, and what does it
  wiring            tests of an untrained captioner, before the first update
  stored_grids      tests of grids against the thumbnails beside them
  case              a run as it lies on a disk, whatever is wrong with it
  said              what the captioner says of some images
  evidence          what is measured of a run, as frozen values
  pairing           whether captions fit their images, by the records alone
  record_facts      what is measured of the records
  path_swaps        what each path carries
  suspicious_pairs  the pairs of a record set that look wrong
  trials            short trainings with the run's settings, and others
  examination       a case -> evidence
  causes            evidence -> an opinion of each cause
  doctor            opinions -> a verdict, and causes in their order
  treatment         a diagnosis -> what of its cures is carried out
  comparison        scores before a treatment, and after it
  watch             what is watched while training, and an early warning
  caption_results   captions of any system, and references, from files
  outputs           what captions by themselves tell
"""
