"""The gates of an LSTM."""

import numpy as np
import tensorflow as tf

from trainer.captioners import lstm


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def test_state_is_that_of_the_equations_with_an_open_forget_gate() -> None:
    draw = np.random.default_rng(3)
    gates = draw.normal(size=[2, 3, 20]).astype(np.float32)
    cell = draw.normal(size=[2, 3, 5]).astype(np.float32)
    write, keep, new, show = np.split(gates, 4, axis=-1)
    found = lstm.advance(tf.constant(gates), lstm.State(cell * 0, cell))
    expected = sigmoid(keep + 1) * cell + sigmoid(write) * np.tanh(new)
    np.testing.assert_allclose(found.cell, expected, rtol=1e-5)
    np.testing.assert_allclose(
        found.hidden, sigmoid(show) * np.tanh(expected), rtol=1e-5
    )


def test_the_cell_stays_in_float32() -> None:
    empty = lstm.empty(2, 3, 5, "bfloat16")
    found = lstm.advance(tf.ones([2, 3, 20], tf.bfloat16), empty)
    assert found.hidden.dtype == tf.bfloat16
    assert found.cell.dtype == tf.float32
