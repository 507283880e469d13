"""The tiny record set and run of the modes' tests."""

from tests.trainer.modes.conftest import records, run

__all__ = ["records", "run"]
