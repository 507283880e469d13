"""The log line of a training's progress."""

from tests.support.loop_progress import progress
from trainer.loop import say_progress, timings


def test_progress_tells_loss_speed_and_time_left(said):
    say, timed = say_progress.SayProgress(100), timings.Timings(32)
    # Each 4 seconds for 20 steps of 32 images; 60 more steps to go.
    for step in (20, 40):
        after = progress(
            step, num_steps=20, loss=3.14159, tokens=8000.0, spikes=2.0
        )
        timed.after(after)
        say.after(after)
    assert said.messages == [
        (
            "step 20 of 100: loss 3.142 nats/token, 2 spikes, 160 images/s, "
            "2000 tokens/s, input wait 1.4 % after 0.0 s for the first batch, "
            "0:16 left"
        ),
        (
            "step 40 of 100: loss 3.142 nats/token, 2 spikes, 160 images/s, "
            "2000 tokens/s, input wait 1.5 %, 0:12 left"
        ),
    ]
