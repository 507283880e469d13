"""The table of causes: each above those that it brings about."""

from trainer.diagnosis.causes import (
    data_faults,
    image_path,
    not_the_runs,
    settings,
    targets,
)
from trainer.diagnosis.causes.cause import Cause
from trainer.diagnosis.evidence import Evidence

CAUSES: tuple[Cause[Evidence], ...] = (
    *targets.CAUSES,
    *image_path.CAUSES,
    *not_the_runs.CAUSES,
    *data_faults.CAUSES,
    *settings.CAUSES,
)
