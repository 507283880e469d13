"""Puts other weights in place of a run's best, under the run's name.

python -m benchmarks.spoiled_weights RUN first|half
"""

import pathlib
import sys

import gin
from trainer import config, configurable  # noqa: F401
from trainer.run import checkpoints, directory
from trainer.training import session


def spoil(run: str, kind: str) -> None:
    """Saves first weights, or the mean of these and the trained ones."""
    config.load([config.saved(run)], [])
    setup = gin.get_configurable("Setup")()
    _, trained = session.restore_best(run, setup)
    identity = directory.read_identity(run)
    from pipeline.recordset import records, vocabulary

    words = vocabulary.Vocabulary.load(
        (pathlib.Path(run) / "vocabulary.tsv").read_text()
    )
    first = setup.build(records.GridSpec(**identity.grid), words)
    share = {"first": 0.0, "half": 0.3}[kind]
    for new, old in zip(first.weights, trained.weights, strict=True):
        new.assign(share * old + (1 - share) * new)
    step = int(
        sorted((pathlib.Path(run) / "best").glob("*.index"))[-1].stem.split(
            "-"
        )[1]
    )
    checkpoints.Checkpoints(
        run, run=directory.run_name(run, identity), captioner=first
    ).save_best(step)


if __name__ == "__main__":
    spoil(*sys.argv[1:])
