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
from trainer.training import session
from trainer.training import setup as setup_lib


@dataclasses.dataclass(frozen=True)
class Served:
    """One image file and its caption, or why it has none.

    Attributes:
      image: the path as it was given, or found in a folder.
      caption: text; '' where `error` is set.
      log_prob: log-probability of the caption, END included.
      error: why the file was rejected, or ''.
      image_gain: how much likelier the caption is with this image than with
        others, in nats per token; None for a run that has kept no others.
      n_best: what the decoder returned, the best first, which is `caption`.
    """

    image: str
    caption: str = ""
    log_prob: float = 0.0
    error: str = ""
    image_gain: float | None = None
    n_best: tuple[caption_lib.Candidate, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns a row of the output: caption and score, or the error.

        Where the decoder returns several captions of an image, they are in
        `n_best`.
        """
        if self.error:
            return {"image": self.image, "error": self.error}
        row = {
            "image": self.image,
            "caption": self.caption,
            "log_prob": round(self.log_prob, 4),
        }
        if self.image_gain is not None:
            row["image_gain"] = round(self.image_gain, 4)
        if len(self.n_best) > 1:
            row["n_best"] = [each.to_json() for each in self.n_best]
        return row


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
    """Turns images into captions, prepared exactly as in the Beam job.

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
        for part in self._batches(files):
            yield from self._batch(part)

    def caption_images(
        self, images: Sequence[np.ndarray]
    ) -> list[caption_lib.Caption]:
        """Captions decoded images.

        Args:
          images: uint8 [height, width, 3] each, RGB; sizes may differ.

        Raises:
          ValueError: an array of another shape or dtype.
        """
        captions: list[caption_lib.Caption] = []
        for part in self._batches(images):
            fitted = [self.encoder.fit(_checked(pixels)) for pixels in part]
            captions += self._fitted(fitted)
        return captions

    def caption_grids(
        self, grids: np.ndarray | tf.Tensor
    ) -> list[caption_lib.Caption]:
        """Captions grids, such as those of a record set.

        Args:
          grids: [images, locations, depth], any float dtype.

        Raises:
          ValueError: another number of locations or features.
        """
        locations, depth = self.grid.locations, self.grid.depth
        if len(grids.shape) != 3 or grids.shape[1:] != (locations, depth):
            raise ValueError(
                f"`grids` must be [images, {locations}, {depth}], got "
                f"{list(grids.shape)}"
            )
        captions: list[caption_lib.Caption] = []
        for part in self._batches(self.grid.narrow(grids)):
            missing = self.generator.decoder.batch_images - len(part)
            padded = tf.pad(part, [[0, missing], [0, 0], [0, 0]])
            captions += self.generator.captions(padded, len(part))
        return captions

    def _batches(self, images: Any) -> Iterator[Any]:
        """Cuts a sequence, or an array's rows, into the decoder's batches."""
        rows = self.generator.decoder.batch_images
        return (images[at : at + rows] for at in range(0, len(images), rows))

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
        made = self._fitted(list(fitted.values()))
        captions = dict(zip(fitted, made, strict=True))
        for file in files:
            if file in errors:
                yield Served(file, error=errors[file])
            else:
                caption = captions[file]
                yield Served(
                    file,
                    caption.text,
                    caption.log_prob,
                    image_gain=caption.image_gain,
                    n_best=caption.n_best,
                )

    def _fitted(self, images: list[np.ndarray]) -> list[caption_lib.Caption]:
        """Captions images that `Encoder.fit` returned."""
        if not images:
            return []
        return self.caption_grids(
            self.encoder.encode(np.stack(images), self.batch_size)
        )


def _checked(pixels: np.ndarray) -> np.ndarray:
    """Returns pixels that are RGB; others would be captioned, and wrongly."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(
            "an image must be uint8 [height, width, 3], got "
            f"{pixels.dtype} {list(pixels.shape)}"
        )
    return pixels


def open_server(
    run_dir: str,
    *,
    setup: setup_lib.Setup,
    encoder: str = encoder_lib.DEFAULT,
    weights: str | None = None,
) -> CaptionServer:
    """Restores the best captioner of a run, with its encoder.

    Args:
      run_dir: of a trained captioner.
      setup: the run's own.
      encoder: see `encoder.load_encoder`.
      weights: see `encoder.load_encoder`.

    Raises:
      RunError: nothing was trained there, or the encoder is not the one that
        made the training grids.
    """
    identity = directory.read_identity(run_dir)
    setup.devices.alone().open()
    loaded = encoder_lib.load_encoder(encoder, weights=weights)
    check_encoder(loaded, identity.encoder)
    return CaptionServer(
        loaded,
        records.GridSpec(**identity.grid),
        session.restore_best(run_dir, setup)[0],
        identity.encoder_batch,
    )
