"""Whether stored grids are those of the thumbnails beside them."""

from collections.abc import Iterator

import numpy as np

from pipeline.encoders import encoder as encoder_lib
from trainer.data import split_images
from trainer.diagnosis import wiring

# Grids that are dealt out at random are nearer to most other images in half of
# the images, sound ones in hardly any.
_MOST, _STRANGE = 0.5, 0.1
# A sound grid is hardly ever nearer to its image with other colours.
_TURNED = 0.75


def compare(
    images: split_images.ImageBatch, encoder: encoder_lib.Encoder
) -> Iterator[wiring.Fault]:
    """Tests whether stored grids are those of the thumbnails beside them.

    A thumbnail is smaller than its image, cropped and compressed again, so its
    grid differs from the stored one by an amount that depends on the photograph
    and on the thumbnail's size. What does not depend on them is the order: an
    image's own thumbnail is nearer to its grid than other images' are, and
    nearer than with its channels in another order.

    Args:
      images: with thumbnails; of one image alone, nothing is said.
      encoder: that made the grids.

    Yields:
      One fault when grids are not their images'.
    """
    count = len(images.thumbnails)
    if count < 2:
        return
    grids = _Grids(images, encoder)
    farther = grids.farther()
    share = _strange(farther)
    turned = grids.turned()
    if turned > _TURNED:
        yield wiring.Fault(
            "grids",
            f"of {count} images, {turned:.0%} have a stored grid that is "
            "nearer to their thumbnail's with red and blue exchanged (at most "
            f"{_TURNED:.0%}): the grids were made of images in BGR order",
        )
    elif share > _STRANGE:
        worst = images.image_ids[int(farther.argmin())]
        yield wiring.Fault(
            "grids",
            f"of {count} images, {share:.0%} have a stored grid that is "
            "nearer to most other images' thumbnails than to their own (at "
            f"most {_STRANGE:.0%}), most of all {worst!r}: about "
            f"{min(2 * share, 1):.0%} of the grids and images are joined "
            "wrongly, or the encoder prepares images otherwise now",
        )


def strange(
    images: split_images.ImageBatch, encoder: encoder_lib.Encoder
) -> float | None:
    """Share of the images whose grid is nearer to most other thumbnails.

    Args:
      images: with thumbnails.
      encoder: that made the grids.

    Returns:
      0 to 1; None of one image alone.
    """
    if len(images.thumbnails) < 2:
        return None
    return _strange(_Grids(images, encoder).farther())


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
        """Share of images whose grid is that of their pixels in BGR order.

        0 where these grids are not the images' either.
        """
        turned = self._encoded(self._pixels[..., ::-1])
        if _strange(_farther(self._stored, turned)) > _STRANGE:
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
