"""The scalar that tells the rate of the last update."""

import pytest
import tensorflow as tf

from tests.support.loop_progress import progress
from trainer.loop import learning_rate
from trainer.training import optimizer


@pytest.mark.parametrize(
    ("step", "skipped", "expected"),
    [(1, 0.0, 0.0), (20, 0.0, 0.19), (20, 2.0, 0.17), (2, 2.0, 0.0)],
)
def test_the_rate_is_that_of_the_last_update_made(step, skipped, expected):
    after = progress(step, skipped=skipped)
    learning_rate.LearningRate(lambda n: tf.cast(n, tf.float32) / 100).after(
        after
    )
    assert after.made.scalars["learning_rate"] == pytest.approx(expected)


def test_the_rate_is_what_the_optimizer_updates_by():
    settings = optimizer.AdamW(learning_rate=0.1, warmup_steps=4)
    weight = tf.keras.Variable([1.0])
    adamw = settings.build([weight])
    for step in range(1, 7):
        used = float(adamw.learning_rate)
        adamw.apply([tf.constant([1.0])], [weight])
        after = progress(step, skipped=0.0)
        learning_rate.LearningRate(settings.rate).after(after)
        assert after.made.scalars["learning_rate"] == used
