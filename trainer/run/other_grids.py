"""Grids of a few train images, which a run keeps to compare its captions by.

A caption that is as likely with these images owes nothing to its own. They lie
in the run's directory, so that one image alone can be captioned, far from the
records.
"""

import os
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from pipeline.recordset import records
from trainer.run import directory

FILE = "other_images.grids"
IMAGES = 4
"""How many are kept. Measuring a caption takes so many more hypotheses."""


def write(
    run_dir: str, grids: Iterable[np.ndarray], spec: records.GridSpec
) -> None:
    """Writes grids [locations, depth] one behind the other, as records do."""
    data = b"".join(spec.to_bytes(grid) for grid in grids)
    directory.write_bytes(os.path.join(run_dir, FILE), data)


def read(run_dir: str, spec: records.GridSpec) -> np.ndarray | None:
    """Reads what `write` wrote.

    Returns:
      float32 [images, locations, depth]; None where a run has kept none.

    Raises:
      RunError: the file is damaged.
    """
    path = os.path.join(run_dir, FILE)
    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path, "rb") as file:
        data = file.read()
    size = spec.num_bytes
    try:
        return np.stack(
            [
                spec.from_bytes(data[begin : begin + size])
                for begin in range(0, len(data), size)
            ]
        )
    except ValueError as error:
        raise directory.RunError(
            f"{path} is damaged ({error}): remove it, and captions have no "
            "image_gain, or bring it back from a copy"
        ) from error
