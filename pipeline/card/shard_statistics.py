"""What one shard tells the card; stored beside it, so that it is made once."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pipeline.card.feature_sums import Accumulator, FeatureSums
from pipeline.images.perceptual_hash import Look
from pipeline.recordset import manifest

# Image id, split, file, offset: plain, because such tuples cross a shuffle five
# times as fast as objects do.
Ref = tuple[str, str, str, int]


@dataclasses.dataclass(frozen=True)
class Image:
    """A record, as the card sees it: where it lies and what is said of it.

    Attributes:
      image_id: of the record.
      split: of the record.
      file: its shard.
      offset: byte at which it begins there.
      captions: of the image.
      look: of its pixels.
    """

    image_id: str
    split: str
    file: str
    offset: int
    captions: tuple[str, ...]
    look: Look

    @property
    def ref(self) -> Ref:
        """The path of the file."""
        return self.image_id, self.split, self.file, self.offset


class ShardLog:
    """Collects what only the writer of a shard sees, record by record."""

    def __init__(self) -> None:
        """Begins without a record."""
        self._looks: list[Look] = []
        self._sums = Accumulator()

    def add(self, look: Look, grid: np.ndarray) -> None:
        """Notes the next record: its look and float32 [locations, depth]."""
        self._looks.append(look)
        self._sums.add(grid)

    def to_json(self) -> dict[str, Any]:
        """Values for the shard's side file."""
        sums = dataclasses.asdict(self._sums.total())
        return {"looks": list(map(str, self._looks)), "sums": sums}


@dataclasses.dataclass(frozen=True)
class ShardFacts:
    """One shard's records and the sums over its grids."""

    images: tuple[Image, ...]
    sums: FeatureSums

    @classmethod
    def join(
        cls,
        row: manifest.Shard,
        offsets: Iterable[int],
        log: Mapping[str, Any],
        captioned: Iterable[tuple[str, tuple[str, ...]]],
    ) -> "ShardFacts":
        """Joins what a shard's side file holds with its references.

        Args:
          row: of the manifest.
          offsets: of each record.
          log: as `ShardLog.to_json` gave it.
          captioned: (image id, captions) of each record, in their order.

        Raises:
          ValueError: these differ in number.
        """
        looks = map(Look.parse, log["looks"])
        images = tuple(
            Image(image_id, row.split, row.file, offset, captions, look)
            for (image_id, captions), offset, look in zip(
                captioned, offsets, looks, strict=True
            )
        )
        return cls(images, FeatureSums.from_json(log["sums"]))
