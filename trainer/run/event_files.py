"""What a training shows on TensorBoard."""

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorboard.plugins.scalar import summary_v2

FOLDER = "tensorboard"

# (name, pixels uint8 [height, width, 3], text in Markdown).
Picture = tuple[str, NDArray[np.uint8], str]


class Board:
    """A run's event files; after a write that failed, the next may succeed.

    Raises:
      OSError: a method could not write.
      tf.errors.OpError: a method could not write.
    """

    def __init__(self, run_dir: str):
        """Takes the run's folder; files are opened by the first write."""
        self.folder = os.path.join(run_dir, FOLDER)
        self._writer: tf.summary.SummaryWriter | None = None

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a point to each curve; a scalar's name is `group/name`."""
        points = itertools.starmap(summary_v2.scalar_pb, values.items())
        # Protocol buffers one after the other are one with all their fields,
        # so that one operation writes any number of scalars.
        joined = b"".join(point.SerializeToString() for point in points)
        with self._writing(step):
            tf.summary.experimental.write_raw_pb(joined)

    def histograms(self, step: int, values: Mapping[str, NDArray[Any]]) -> None:
        """Adds the distribution of each tensor's values, in 30 buckets."""
        with self._writing(step):
            for name, value in values.items():
                tf.summary.histogram(name, value)

    def pictures(self, step: int, pictures: Sequence[Picture]) -> None:
        """Adds pictures, each with its text."""
        with self._writing(step):
            for name, pixels, text in pictures:
                tf.summary.image(name, pixels[None])
                tf.summary.text(name, text)

    @contextmanager
    def _writing(self, step: int) -> Iterator[None]:
        try:
            self._writer = self._writer or tf.summary.create_file_writer(
                self.folder
            )
            with self._writer.as_default(step=step):
                yield
            self._writer.flush()
        except (OSError, tf.errors.OpError):
            # A writer that has failed once always fails: open another.
            self._writer = None
            raise
