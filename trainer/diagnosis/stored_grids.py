"""Whether stored grids are those of the thumbnails beside them."""

import dataclasses
import logging
from collections.abc import Iterator

import numpy as np

from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset.differences import differences
from trainer.data import split_images
from trainer.diagnosis import wiring

_LOG = logging.getLogger(__name__)
# Grids that are dealt out at random are nearer to most other images in half of
# the images, sound ones in hardly any.
_MOST, STRANGE = 0.5, 0.1
# A sound grid is hardly ever nearer to its image with other colours.
TURNED = 0.75


@dataclasses.dataclass(frozen=True)
class StoredGrids:
    """How far stored grids are from those of thumbnails, encoded now.

    A thumbnail is smaller than its image, cropped and compressed again, so its
    grid differs from the stored one by an amount that depends on the photograph
    and on the thumbnail's size. What does not depend on them is the order: an
    image's own thumbnail is nearer to its grid than other images' are, and
    nearer than with its channels in another order.

    Attributes:
      images: that were encoded.
      strange: share of the images whose grid is nearer to most other
        thumbnails; of grids that are dealt out at random, a half.
      strangest: id of the image whose grid is the farthest from its own.
      turned: share whose grid is nearer to that of their pixels in BGR order;
        0 where these grids are not the images' either.
      prepared: what the encoder does otherwise now, such as
        `feature_format 1 -> 2`; '' for nothing.
    """

    images: int
    strange: float
    strangest: str
    turned: float
    prepared: str = ""


def made_by(
    manifest: manifest_lib.Manifest, name: str, weights: str | None
) -> encoder_lib.Encoder | None:
    """Loads the encoder of a record set's grids, to encode thumbnails with it.

    Args:
      manifest: of the record set.
      name: see `encoder.load_encoder`.
      weights: see there.

    Returns:
      The encoder; None without thumbnails, or if another one made the grids.

    Raises:
      ValueError: there is no such encoder.
    """
    made = manifest.encoder
    if not manifest.settings.get("thumbnail_side"):
        return None
    shipped = name == encoder_lib.DEFAULT
    if not shipped or made["architecture"] == name:
        encoder = encoder_lib.load_encoder(name, weights=weights)
        now = encoder.fingerprint
        if all(now[part] == made[part] for part in ("architecture", "weights")):
            return encoder
    _LOG.warning(
        "grids are not compared with their images: they were made with %s, "
        "weights %.12s; name that encoder where %r is given",
        made["architecture"],
        made.get("weights", ""),
        name,
    )
    return None


def measure(
    record_set: record_set_lib.RecordSet,
    split: str,
    encoder: encoder_lib.Encoder,
    limit: int,
) -> StoredGrids | None:
    """Encodes thumbnails, and compares them with the grids beside them.

    Args:
      record_set: with thumbnails.
      split: name of a split.
      encoder: that made the grids; see `made_by`.
      limit: most images to encode.

    Returns:
      The comparison; None of one image alone.
    """
    images = next(
        split_images.batches(record_set, split, batch_images=limit, limit=limit)
    )
    changed = differences(record_set.manifest.encoder, encoder.fingerprint)
    prepared = "; ".join(map(str, changed))
    return compare(images, encoder, prepared)


def compare(
    images: split_images.ImageBatch,
    encoder: encoder_lib.Encoder,
    prepared: str = "",
) -> StoredGrids | None:
    """Compares grids of thumbnails with those beside them.

    Args:
      images: with thumbnails.
      encoder: that made the grids.
      prepared: see `StoredGrids`.

    Returns:
      The comparison; None of one image alone.
    """
    count = len(images.thumbnails)
    if count < 2:
        return None
    grids = _Grids(images, encoder)
    farther = grids.farther()
    return StoredGrids(
        images=count,
        strange=_strange(farther),
        strangest=images.image_ids[int(farther.argmin())],
        turned=grids.turned(),
        prepared=prepared,
    )


def faults(found: StoredGrids) -> Iterator[wiring.Fault]:
    """Yields one fault when grids are not those of their images."""
    if found.turned > TURNED:
        yield wiring.Fault(
            "grids",
            f"of {found.images} images, {found.turned:.0%} have a stored grid "
            "that is nearer to their thumbnail's with red and blue exchanged "
            f"(at most {TURNED:.0%}): the grids were made of images in BGR "
            "order",
        )
    elif found.strange > STRANGE:
        yield wiring.Fault(
            "grids",
            f"of {found.images} images, {found.strange:.0%} have a stored grid "
            "that is nearer to most other images' thumbnails than to their own "
            f"(at most {STRANGE:.0%}), most of all {found.strangest!r}: about "
            f"{min(2 * found.strange, 1):.0%} of the grids and images are "
            "joined wrongly, or the encoder prepares images otherwise now",
        )
    elif found.prepared:
        yield wiring.Fault(
            "grids",
            "the encoder prepares images otherwise than it did for the record "
            f"set: {found.prepared}",
        )


class _Grids:
    """The stored grids of two images at least, and those of thumbnails."""

    def __init__(
        self, images: split_images.ImageBatch, encoder: encoder_lib.Encoder
    ):
        """Takes images with thumbnails, and the encoder of their grids."""
        self._encoder = encoder
        self._pixels = np.stack(
            [encoder.fit(encoder.decode(each)) for each in images.thumbnails]
        )
        self._stored = images.real_grids.reshape(len(self._pixels), -1)
        self._fresh = self._encoded(self._pixels)

    def _encoded(self, pixels: np.ndarray) -> np.ndarray:
        count = len(pixels)
        grids = np.asarray(self._encoder.encode(pixels, count))
        return grids.reshape(count, -1)

    def farther(self) -> np.ndarray:
        """See the function `_farther`."""
        return _farther(self._stored, self._fresh)

    def turned(self) -> float:
        """See `StoredGrids.turned`."""
        turned = self._encoded(self._pixels[..., ::-1])
        if _strange(_farther(self._stored, turned)) > STRANGE:
            return 0.0
        own, other = (
            np.linalg.norm(self._stored - grids, axis=1)
            for grids in (self._fresh, turned)
        )
        return float((other < own).mean())


def _strange(farther: np.ndarray) -> float:
    return float((farther < _MOST).mean())


def _farther(stored: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """For each image, the share of others that are farther than its own.

    Args:
      stored: float32 [images, features].
      fresh: float32 [images, features], of the same images.

    Returns:
      float64 [images], 0 to 1; an image that is as far as the own counts half.
    """
    # One by one: the differences of all pairs take gigabytes.
    distances = np.stack(
        [np.linalg.norm(each - fresh, axis=1) for each in stored]
    )
    own = np.diagonal(distances)[:, None]
    others = ~np.eye(len(own), dtype=bool)
    wins = (distances > own) + 0.5 * (distances == own)
    return np.array(wins.mean(axis=1, where=others))
