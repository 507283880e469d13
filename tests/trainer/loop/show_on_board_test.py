"""Weights and pictures on TensorBoard."""

import keras
import numpy as np
import tensorflow as tf

from tests.support.loop_progress import progress
from trainer.loop import every, show_on_board


class FakeBoard:
    """Remembers what it was given, or has no room."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.shown: list[tuple[int, list[str]]] = []

    def histograms(self, step: int, values: dict[str, np.ndarray]) -> None:
        if self.full:
            raise OSError("no room")
        self.shown.append((step, sorted(values)))

    def pictures(self, step: int, pictures: list[tuple]) -> None:
        self.shown.append((step, [name for name, _, _ in pictures]))


def showing(board: FakeBoard) -> show_on_board.ShowOnBoard:
    weight = keras.Variable(tf.ones([2, 2]), name="gate")
    return show_on_board.ShowOnBoard(
        board,
        weights=[weight],
        pictures=lambda: iter([("captions/1", np.zeros([8, 8, 3]), "a dog")]),
        when=every.Every(20, 100),
    )


def test_weights_and_pictures_are_shown_when_it_is_time():
    board = FakeBoard()
    show = showing(board)
    for step in range(10, 41, 10):
        show.after(progress(step, num_steps=10))
    assert board.shown == [
        (20, ["weights/gate"]),
        (20, ["captions/1"]),
        (40, ["weights/gate"]),
        (40, ["captions/1"]),
    ]


def test_a_board_without_room_does_not_stop_the_run(caplog):
    showing(FakeBoard(full=True)).after(progress(20))
    assert caplog.messages == ["can't show step 20: no room"]
