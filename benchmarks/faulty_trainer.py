"""Runs the trainer with a fault in its code, as a user's own edit puts one in.

python -m benchmarks.faulty_trainer padding-in-loss --mode=train ...
"""

import sys
from collections.abc import Callable

import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer import main
from trainer.captioners import attention, contract, show_attend_tell
from trainer.data import batches
from trainer.decoding import generator


def _padding_in_loss() -> None:
    draw = batches.CaptionDataset._batch

    def batch(self, *given):
        made = draw(self, *given)
        return {**made, "weights": tf.ones_like(made["weights"])}

    batches.CaptionDataset._batch = batch


def _end_masked() -> None:
    draw = batches.CaptionDataset._batch

    def batch(self, *given):
        made = draw(self, *given)
        words = tf.cast(made["tokens"] != vocabulary.END, tf.float32)
        return {**made, "weights": made["weights"] * words}

    batches.CaptionDataset._batch = batch


def _target_leak() -> None:
    contract.shift_right = lambda tokens: tokens


def _context_cut() -> None:
    attend = attention.AdditiveAttention.call

    def call(self, query, keys, values):
        context, weights = attend(self, query, keys, values)
        return tf.zeros_like(context), weights

    attention.AdditiveAttention.call = call


def _first_state_cut() -> None:
    first = show_attend_tell.ShowAttendTell.initial_state

    def initial_state(self, memory, hypotheses):
        return tf.nest.map_structure(
            tf.zeros_like, first(self, memory, hypotheses)
        )

    show_attend_tell.ShowAttendTell.initial_state = initial_state


def _frozen_query() -> None:
    attend = attention.AdditiveAttention.call

    def call(self, query, keys, values):
        return attend(self, tf.zeros_like(query), keys, values)

    attention.AdditiveAttention.call = call


def _remembered(change: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """Changes the grids that a captioner reads."""
    remember = show_attend_tell.ShowAttendTell.remember

    def changed(self, grid, dropout=None):
        return remember(self, change(grid), dropout)

    show_attend_tell.ShowAttendTell.remember = changed


def _constant_grid() -> None:
    _remembered(tf.ones_like)


def _mean_grid() -> None:
    _remembered(lambda grid: grid * 0 + _mean(grid))


def _faint_grid() -> None:
    _remembered(lambda grid: grid * 0.001)


def _mean(grid: tf.Tensor) -> tf.Tensor:
    """The mean over a batch, [1, locations, depth]."""
    return tf.reduce_mean(grid, 0, keepdims=True)


def _prepared(change: Callable[[tf.Tensor, int], tf.Tensor]) -> None:
    """Changes the grids that captions are decoded from."""
    decode = generator.CaptionGenerator.decode.python_function

    def changed(self, grid):
        return decode(self, change(grid, self.decoder.hypotheses))

    generator.CaptionGenerator.decode = tf.function(changed)


def _expanded_twice() -> None:
    _prepared(lambda grid, beams: tf.gather(grid, tf.range(len(grid)) // beams))


def _batch_statistics() -> None:
    _prepared(lambda grid, _: grid - _mean(grid))


FAULTS: dict[str, Callable[[], None]] = {
    "padding-in-loss": _padding_in_loss,
    "end-masked": _end_masked,
    "target-leak": _target_leak,
    "context-cut": _context_cut,
    "first-state-cut": _first_state_cut,
    "frozen-query": _frozen_query,
    "constant-grid": _constant_grid,
    "mean-grid": _mean_grid,
    "faint-grid": _faint_grid,
    "expanded-twice": _expanded_twice,
    "batch-statistics": _batch_statistics,
}


if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main.run()
