"""References -> records: images are read, decoded and encoded.

An image that fails becomes a reject, and costs no other image its place.
"""

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from apache_beam.io.filesystem import BeamIOError
from apache_beam.utils import shared

from pipeline.card.shard_statistics import ShardLog
from pipeline.encoders import encoder as encoder_lib
from pipeline.files import image_root
from pipeline.images import decode
from pipeline.images import thumbnail as thumbnail_lib
from pipeline.images import views as views_lib
from pipeline.images.perceptual_hash import Look
from pipeline.readers import reference as reference_lib
from pipeline.readers.rejects import Reject
from pipeline.recordset import records
from pipeline.shards import ahead

UNSTORABLE = "unstorable-grid"
# One batch leaves cores idle between its kernels, so two are encoded at once.
# Meanwhile a third is decoded.
_THREADS = 3


@dataclasses.dataclass(frozen=True)
class _Image:
    """What is kept of an image besides its pixels."""

    reference: reference_lib.Reference
    thumbnail: bytes
    look: Look


@dataclasses.dataclass(frozen=True)
class _Decoded:
    """An image, and the encoder's input of it and of its views by name."""

    image: _Image
    fitted: np.ndarray
    views: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Encoded:
    """An encoded image.

    Attributes:
      image: what is known of it.
      grid: float [locations, depth], as the encoder gave it.
      stored: the same in the type that is stored.
      views: name -> grid of another view, in the type that is stored.
    """

    image: _Image
    grid: np.ndarray
    stored: np.ndarray
    views: dict[str, np.ndarray]


# What becomes of a batch's images, in their order.
Batch = list[Encoded | Reject]


def open_threads() -> ahead.Ahead[Batch]:
    """Opens the threads that encode the batches of one shard after another."""
    # One batch more than run at once: the oldest waits while it is written.
    return ahead.Ahead(depth=_THREADS + 1, threads=_THREADS)


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How images become grids, as plain values that travel.

    Attributes:
      images: where the sources lie.
      encoder: name for `encoder.load_encoder`.
      weights: for `encoder.load_encoder`.
      grid: how grids are stored.
      batch_size: images the encoder takes at once, views among them.
      thumbnail_side: longest side in pixels; 0 stores none.
      limits: above which an image is rejected.
      views: names of what is stored beside the grid of a train image.
      model: handle that loads the encoder once a process.
    """

    images: image_root.ImageRoot
    encoder: str
    weights: str | None
    grid: records.GridSpec
    batch_size: int
    thumbnail_side: int
    limits: decode.Limits = decode.LIMITS
    views: tuple[str, ...] = ()
    model: shared.Shared = dataclasses.field(default_factory=shared.Shared)

    def queue(
        self,
        references: Iterable[reference_lib.Reference],
        threads: ahead.Ahead[Batch],
    ) -> Iterator[Batch]:
        """Queues references to be encoded, batch by batch.

        Args:
          references: one for each image.
          threads: of `open_threads`.

        Returns:
          The batches, in order; see `Ahead.map`.
        """
        encoder = self.model.acquire(
            lambda: encoder_lib.load_encoder(self.encoder, weights=self.weights)
        )
        references = iter(references)
        batches = iter(
            lambda: list(itertools.islice(references, self.batch_size)), []
        )
        return threads.map(
            functools.partial(self._encode_batch, encoder), batches
        )

    def store(
        self, row: Encoded | Reject, log: ShardLog
    ) -> records.CaptionedImage | Reject:
        """Makes the record of an image.

        Args:
          row: of a batch that `queue` gives.
          log: notes every grid that is stored.

        Returns:
          The record, or the reject of an image whose grid cannot be stored.
        """
        if isinstance(row, Reject):
            return row
        image, reference = row.image, row.image.reference
        try:
            stored = self.grid.to_bytes(row.stored)
            views = {
                name: self.grid.to_bytes(view)
                for name, view in row.views.items()
            }
        except ValueError as error:
            return reject(reference, UNSTORABLE, str(error))
        log.add(image.look, row.grid)
        return records.CaptionedImage(
            image_id=reference.image_id,
            source=reference.uri,
            captions=reference.captions,
            grid=stored,
            thumbnail=image.thumbnail,
            views=views,
        )

    def _decode(
        self, encoder: encoder_lib.Encoder, reference: reference_lib.Reference
    ) -> _Decoded | Reject:
        try:
            data = self.images.read(
                reference.source,
                max_bytes=self.limits.max_bytes,
                offset=reference.offset,
                length=reference.length,
            )
            pixels = encoder.decode(data, self.limits)
        except decode.RejectedImage as error:
            return reject(reference, error.reason, error.detail)
        except FileNotFoundError as error:
            return reject(reference, image_root.NO_SUCH_IMAGE, str(error))
        # A path that holds a null byte raises ValueError.
        except (OSError, BeamIOError, ValueError) as error:
            return reject(reference, "unreadable", str(error)[:200])
        thumbnail = b""
        if self.thumbnail_side:
            thumbnail = thumbnail_lib.thumbnail(
                pixels, longest_side=self.thumbnail_side, file=data
            )
        fitted = encoder.fit(pixels)
        views = {
            name: encoder.fit(views_lib.VIEWS[name](pixels))
            for name in self._views_of(reference)
        }
        image = _Image(reference, thumbnail, Look.of(fitted))
        return _Decoded(image, fitted, views)

    def _views_of(self, reference: reference_lib.Reference) -> tuple[str, ...]:
        if reference.split != "train":
            return ()
        return views_lib.true_to(reference.captions, self.views)

    def _encode_batch(
        self, encoder: encoder_lib.Encoder, batch: list[reference_lib.Reference]
    ) -> Batch:
        """Decodes and encodes a batch; rows keep their order."""
        rows = [self._decode(encoder, reference) for reference in batch]
        good = [row for row in rows if not isinstance(row, Reject)]
        encoded = iter(self._bisected(encoder, good))
        return [
            row if isinstance(row, Reject) else next(encoded) for row in rows
        ]

    def _bisected(
        self, encoder: encoder_lib.Encoder, batch: list[_Decoded]
    ) -> Batch:
        """Halves a batch that fails, so that a bad image costs no other."""
        if not batch:
            return []
        try:
            fitted = np.stack([row.fitted for row in batch])
            grids = encoder.encode(fitted, self.batch_size)
            views = self._encode_views(encoder, batch)
        except Exception as error:  # noqa: BLE001 - any failure is bisected
            if len(batch) == 1:
                detail = str(error)[:200]
                return [
                    reject(batch[0].image.reference, "not-encodable", detail)
                ]
            half = len(batch) // 2
            first = self._bisected(encoder, batch[:half])
            return first + self._bisected(encoder, batch[half:])
        stored = self.grid.narrow(grids)
        images = (row.image for row in batch)
        return list(map(Encoded, images, np.asarray(grids), stored, views))

    def _encode_views(
        self, encoder: encoder_lib.Encoder, batch: list[_Decoded]
    ) -> list[dict[str, np.ndarray]]:
        """Encodes the views of a batch's images.

        Apart from the images themselves, whose grids are then the same to the
        bit with views and without.
        """
        size = self.batch_size
        fitted = [pixels for row in batch for pixels in row.views.values()]
        grids = itertools.chain.from_iterable(
            self.grid.narrow(
                encoder.encode(np.stack(fitted[start : start + size]), size)
            )
            for start in range(0, len(fitted), size)
        )
        return [{name: next(grids) for name in row.views} for row in batch]


def reject(
    reference: reference_lib.Reference, reason: str, detail: str
) -> Reject:
    """Makes the reject of a reference that is left out."""
    return Reject(reference.image_id, reference.uri, reason, detail)
