"""The table of causes: each above those that it brings about."""

from trainer.diagnosis.causes import (
    image_path,
    not_the_runs,
    pairs,
    pictures,
    settings,
    targets,
    texts,
)
from trainer.diagnosis.causes.cause import Cause
from trainer.diagnosis.evidence import Evidence

CAUSES: tuple[Cause[Evidence], ...] = (
    *targets.CAUSES,
    *image_path.CAUSES,
    *not_the_runs.CAUSES,
    *pictures.CAUSES,
    *texts.CAUSES,
    *pairs.CAUSES,
    *settings.CAUSES,
)
