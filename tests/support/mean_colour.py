"""An encoder of one line, for tests of the code around an encoder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from apache_beam.utils import shared

from pipeline.files import image_root
from pipeline.images import decode as decode_lib
from pipeline.recordset import records
from pipeline.shards import encode as encode_lib

SPEC = records.GridSpec(locations=1, depth=3)


class MeanColour:
    """An encoder to [1, 3] that fails on red, and overflows on blue.

    Attributes:
      batches: images in each call that succeeded.
    """

    def __init__(self) -> None:
        self.batches: list[int] = []

    def decode(self, data: bytes, limits: decode_lib.Limits) -> np.ndarray:
        return decode_lib.canonicalise(data, limits=limits)

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.mean(axis=(0, 1), keepdims=True, dtype=np.float32)

    def encode(self, fitted: np.ndarray, batch_size: int) -> np.ndarray:
        assert len(fitted) <= batch_size
        grids = fitted.reshape(-1, 1, 3)
        if (grids == (255, 0, 0)).all(axis=-1).any():
            raise RuntimeError("a red image")
        self.batches.append(len(fitted))
        return np.where((grids == (0, 0, 255)).all(-1)[..., None], 1e9, grids)


class Loaded:
    """Stands for the handle that loads an encoder once a process."""

    def __init__(self, encoder: MeanColour):
        self._encoder = encoder

    def acquire(self, constructor: Callable[[], Any]) -> MeanColour:
        del constructor
        return self._encoder


def encoding(root: Path, encoder: MeanColour) -> encode_lib.Encoding:
    """Of the images in a folder."""
    return encode_lib.Encoding(
        images=image_root.ImageRoot(str(root)),
        encoder="mean",
        weights=None,
        grid=SPEC,
        batch_size=8,
        thumbnail_side=4,
        model=cast(shared.Shared, Loaded(encoder)),
    )
