"""Distributions of the weights, and captioned images, on TensorBoard."""

import logging
from collections.abc import Callable, Iterable, Sequence

import keras
import tensorflow as tf

from trainer.loop import every, loop
from trainer.run import event_files

_LOG = logging.getLogger(__name__)


class ShowOnBoard:
    """Distributions of the weights, and captioned pictures, on TensorBoard."""

    def __init__(
        self,
        board: event_files.Board,
        *,
        weights: Sequence[keras.Variable],
        pictures: Callable[[], Iterable[event_files.Picture]],
        when: every.Every,
    ):
        """Takes finished objects; `pictures` makes the same ones each time."""
        self._board, self._when = board, when
        self._weights, self._pictures = weights, pictures

    def __call__(self, report: loop.Report) -> None:
        """Shows them when it is time; goes on where there is no room."""
        if not self._when(report):
            return
        weights = {f"weights/{v.path}": v.numpy() for v in self._weights}
        pictures = list(self._pictures())
        try:
            self._board.histograms(report.step, weights)
            self._board.pictures(report.step, pictures)
        except (OSError, tf.errors.OpError) as error:
            _LOG.error("can't show step %d: %s", report.step, error)
