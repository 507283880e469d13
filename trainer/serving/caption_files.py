"""Captions image files, which are prepared exactly as in the Beam job."""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib
from pipeline.images import decode
from pipeline.recordset import records
from pipeline.recordset.differences import differences
from trainer.decoding import caption as caption_lib
from trainer.decoding import generator as generator_lib
from trainer.run import directory


@dataclasses.dataclass(frozen=True)
class Served:
    """One image file and its caption, or why it has none.

    Attributes:
      image: the path as it was given, or found in a folder.
      caption: text; '' where `error` is set.
      log_prob: log-probability of the caption, END included.
      error: why the file was rejected, or ''.
    """

    image: str
    caption: str = ""
    log_prob: float = 0.0
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Returns a row of the output: caption and score, or the error."""
        if self.error:
            return {"image": self.image, "error": self.error}
        score = round(self.log_prob, 4)
        return {"image": self.image, "caption": self.caption, "log_prob": score}


def image_files(paths: Sequence[str]) -> list[str]:
    """Returns the given files, and for each folder all files in it, sorted.

    Raises:
      FileNotFoundError: a path does not exist, or there are no files.
    """
    if not paths:
        raise FileNotFoundError("no image given: name files or folders")
    found: list[str] = []
    for path in map(pathlib.Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"no such image or folder: {path}")
        inside = sorted(p for p in path.rglob("*") if p.is_file())
        found += [str(path)] if path.is_file() else map(str, inside)
    if not found:
        raise FileNotFoundError(f"no files in {', '.join(paths)}")
    return found


def check_encoder(
    encoder: encoder_lib.Encoder, trained_with: dict[str, Any]
) -> None:
    """Refuses an encoder that the captioner was not trained with.

    Images prepared differently at serving time are the most often confirmed
    cause of one caption for all images.

    Raises:
      RunError: they differ; the message names each difference on both sides.
    """
    differ = [
        f"{each.name}: trained with {each.old}, given {each.new}"
        for each in differences(trained_with, encoder.fingerprint)
    ]
    if differ:
        raise directory.RunError(
            f"another encoder than the captioner's ({'; '.join(differ)}): "
            "set caption.encoder and caption.weights"
        )


@dataclasses.dataclass(frozen=True)
class CaptionServer:
    """Turns the bytes of images into captions.

    Attributes:
      encoder: the one that made the grids for training.
      grid: how those grids were stored, so that others are rounded alike.
      generator: makes the captions.
      batch_size: number of images encoded at once, as in the Beam job.
    """

    encoder: encoder_lib.Encoder
    grid: records.GridSpec
    generator: generator_lib.CaptionGenerator
    batch_size: int

    def serve(self, files: Sequence[str]) -> Iterator[Served]:
        """Yields a row for each file, in order.

        A file that can't be captioned does not stop the others.
        """
        rows = self.generator.decoder.batch_images
        for start in range(0, len(files), rows):
            yield from self._batch(files[start : start + rows])

    def _batch(self, files: Sequence[str]) -> Iterator[Served]:
        fitted: dict[str, np.ndarray] = {}
        errors: dict[str, str] = {}
        for file in files:
            try:
                data = pathlib.Path(file).read_bytes()
                pixels = self.encoder.decode(data)
                fitted[file] = self.encoder.fit(pixels)
            except (OSError, decode.RejectedImage) as error:
                errors[file] = str(error)
        captions = dict(zip(fitted, self._captions(fitted), strict=True))
        for file in files:
            if file in errors:
                yield Served(file, error=errors[file])
            else:
                caption = captions[file]
                yield Served(file, caption.text, caption.log_prob)

    def _captions(
        self, fitted: dict[str, np.ndarray]
    ) -> Iterator[caption_lib.Caption]:
        if not fitted:
            return
        stack = np.stack(list(fitted.values()))
        grid = self.encoder.encode(stack, self.batch_size)
        stored = self.grid.narrow(grid)
        missing = self.generator.decoder.batch_images - len(stack)
        padded = tf.pad(stored, [[0, missing], [0, 0], [0, 0]])
        yield from self.generator.captions(padded, len(stack))
