"""What the contract itself guarantees."""

import pytest
import tensorflow as tf

from trainer.captioners import contract


def test_a_captioner_sees_the_image_unless_it_says_otherwise() -> None:
    assert contract.Captioner.uses_image
    assert contract.Captioner.dropout_rate == 0.0


@pytest.mark.parametrize(
    ("entry", "arguments"),
    [
        ("remember", (tf.zeros([2, 4, 3]),)),
        ("initial_state", ((), 1)),
        ("step", ((), (), tf.zeros([2, 1], tf.int32))),
        ("call", (tf.zeros([2, 4, 3]), tf.zeros([2, 1, 5], tf.int32))),
    ],
)
def test_a_captioner_brings_each_entry_itself(
    entry: str, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(NotImplementedError):
        getattr(contract.Captioner(), entry)(*arguments)


def test_shift_right_begins_with_start() -> None:
    tokens = tf.constant([[[5, 6, 3, 0], [7, 3, 0, 0]]])
    assert contract.shift_right(tokens).numpy().tolist() == [
        [[2, 5, 6, 3], [2, 7, 3, 0]]
    ]
