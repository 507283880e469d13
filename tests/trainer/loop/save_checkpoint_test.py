"""Checkpoints are saved when it is time."""

from tests.support.loop_progress import FakeCheckpoints, progress
from trainer.loop import every, save_checkpoint


def test_checkpoints_are_saved_when_it_is_time():
    checkpoints = FakeCheckpoints()
    save = save_checkpoint.SaveCheckpoint(checkpoints, when=every.Every(20, 50))
    for step in range(10, 51, 10):
        save.after(progress(step, num_steps=10))
    assert checkpoints.saved == [20, 40, 50]
