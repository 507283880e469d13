"""A number chooses by its place in the cumulated chances."""

import numpy as np
import tensorflow as tf

from trainer.captioners import draw


def test_each_is_chosen_by_its_share_of_the_numbers():
    numbers = (tf.range(1000, dtype=tf.float32) + 0.5) / 1000
    chances = tf.repeat(tf.constant([[0.2, 0.0, 0.5, 0.3]]), 1000, axis=0)
    chosen = np.bincount(draw.place_of(chances, numbers), minlength=4)
    np.testing.assert_allclose(chosen, [200, 0, 500, 300], atol=1)


def test_what_has_no_chance_is_not_chosen_by_the_first_number_or_the_last():
    chances = tf.constant([[0.0, 2.0, 3.0, 0.0]])
    last = np.nextafter(np.float32(1), np.float32(0))
    assert draw.place_of(chances, tf.constant([0.0])).numpy() == [1]
    assert draw.place_of(chances, tf.constant([last])).numpy() == [2]
