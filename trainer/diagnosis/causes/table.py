"""The table of causes: each above those that it brings about."""

from trainer.diagnosis.causes import (
    data_faults,
    image_path,
    not_the_runs,
    settings,
    targets,
)

CAUSES = (
    *targets.CAUSES,
    *image_path.CAUSES,
    *not_the_runs.CAUSES,
    *data_faults.CAUSES,
    *settings.CAUSES,
)
