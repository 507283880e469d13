"""The mean of the weights: its recurrence, the same on every replica."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.training import weight_average

UPDATES = 30


def small_model() -> keras.Model:
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input([2]), keras.layers.Dense(3)])


def replicas(count: int) -> tf.distribute.Strategy:
    if count == 1:
        return tf.distribute.OneDeviceStrategy("CPU:0")
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


# A decay that the warm-up never reaches, and one that it reaches after eight.
@pytest.mark.parametrize("decay", [0.999, 0.5])
@pytest.mark.parametrize("count", [1, 2])
def test_the_mean_follows_its_recurrence_on_every_replica(count, decay):
    strategy = replicas(count)
    with strategy.scope():
        trained, mean = small_model(), small_model()
    average = weight_average.WeightAverage(mean, decay)
    expected = [w.astype(np.float64) for w in trained.get_weights()]

    @tf.function
    def update(updates: tf.Tensor) -> None:
        strategy.run(average.update, (trained.trainable_variables, updates))

    draw = np.random.default_rng(2)
    for made in range(1, UPDATES + 1):
        new = [draw.normal(size=value.shape) for value in expected]
        trained.set_weights(new)
        kept = min(decay, (1 + made) / (10 + made))
        expected = [
            kept * value + (1 - kept) * weight
            for value, weight in zip(expected, new, strict=True)
        ]
        update(tf.constant(made))
    for variable, value in zip(mean.variables, expected, strict=True):
        copies = strategy.experimental_local_results(variable.value)
        assert len(copies) == count
        for copy in copies:
            np.testing.assert_allclose(copy, value, rtol=1e-5, atol=1e-6)


def test_the_first_update_leaves_little_of_the_first_weights():
    trained, mean = small_model(), small_model()
    before = trained.get_weights()
    trained.set_weights([value + 11 for value in before])
    weight_average.WeightAverage(mean, 0.999).update(
        trained.trainable_variables, tf.constant(1)
    )
    for value, first in zip(mean.get_weights(), before, strict=True):
        np.testing.assert_allclose(value, first + 9, rtol=1e-5)
