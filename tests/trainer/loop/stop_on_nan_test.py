"""A loss that is not finite ends the run."""

import pytest

from tests.support.loop_progress import FakeCheckpoints, progress
from trainer.loop import loop, stop_on_nan


def test_numbers_that_are_none_end_the_run_and_are_named():
    checkpoints = FakeCheckpoints()
    stop = stop_on_nan.StopOnNan(lambda step: [f"image of {step}"], checkpoints)
    broken = loop.Progress(40, 20, 1.0, loop.Updates({}, broken=12))
    message = (
        "loss or gradients of step 33 are no numbers: lower "
        "AdamW.learning_rate, or lengthen AdamW.warmup_steps, or look at its "
        "images: image of 32; last good checkpoint: "
    )
    with pytest.raises(FloatingPointError) as error:
        stop.after(broken)
    assert str(error.value) == message + "none yet"
    checkpoints.newest = "run/checkpoints/ckpt-20"
    with pytest.raises(FloatingPointError) as error:
        stop.after(broken)
    assert str(error.value) == message + "run/checkpoints/ckpt-20"


def test_large_loss_goes_on():
    stop = stop_on_nan.StopOnNan(lambda _: [], FakeCheckpoints())
    assert stop.after(progress(40, loss=1e9)) is None
