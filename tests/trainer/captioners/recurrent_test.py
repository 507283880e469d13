"""What captioners share that read word after word."""

import numpy as np
import tensorflow as tf

from trainer.captioners import recurrent


def test_the_size_of_an_encoders_features_does_not_matter() -> None:
    image = recurrent.MeanImage(8, name="image")
    image.build(6)
    grid = tf.constant(np.random.default_rng(4).normal(size=[2, 9, 6]))
    small, large = image(grid * 10), image(grid * 1000)
    np.testing.assert_allclose(small, large, atol=0.01)
    assert small.shape == (2, 8)
