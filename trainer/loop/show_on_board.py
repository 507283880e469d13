"""Distributions of the weights, and captioned images, on TensorBoard."""

import logging
from collections.abc import Callable, Iterable, Sequence

import keras
import tensorflow as tf

from trainer.loop import every, loop
from trainer.run import event_files

_LOG = logging.getLogger(__name__)


class ShowOnBoard(loop.Action):
    """Distributions of the weights, and captioned pictures, on TensorBoard."""

    def __init__(
        self,
        board: event_files.Board,
        *,
        weights: Sequence[keras.Variable],
        pictures: Callable[[], Iterable[event_files.Picture]],
        when: every.Every,
    ):
        """Shows on `board` at the steps of `when`.

        Args:
          board: of TensorBoard.
          weights: shown as histograms.
          pictures: captions the same images anew each time.
          when: which steps.
        """
        self._board, self._when = board, when
        self._weights, self._pictures = weights, pictures

    def after(self, progress: loop.Progress) -> None:
        """Shows them when it is time; goes on where there is no room."""
        if not self._when(progress):
            return
        weights = {f"weights/{v.path}": v.numpy() for v in self._weights}
        pictures = list(self._pictures())
        try:
            self._board.histograms(progress.step, weights)
            self._board.pictures(progress.step, pictures)
        except (OSError, tf.errors.OpError) as error:
            _LOG.error("can't show step %d: %s", progress.step, error)
