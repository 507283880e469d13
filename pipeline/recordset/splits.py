"""Split, shard and order of an image: functions of its id alone."""

import dataclasses
import hashlib


def unit_hash(salt: str, key: str) -> float:
    """sha256(salt, key) as a number in [0, 1); never changes."""
    digest = hashlib.sha256(f"{salt}\0{key}".encode()).digest()
    # 53 bits: more would round up to 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


@dataclasses.dataclass(frozen=True)
class SplitRule:
    """Splits by hash: adding images never moves others.

    Attributes:
      validation_share: of the images without a split of their own.
      test_share: of the images without a split of their own.
      holdout_share: of the data set's own train split, moved to validation.
      salt: another salt gives other splits.

    Raises:
      ValueError: a share outside [0, 1), or no image left for training.
    """

    validation_share: float = 0.05
    test_share: float = 0.05
    holdout_share: float = 0.0
    salt: str = "eyewitness"

    def __post_init__(self) -> None:
        """Validates once, where the rule is made."""
        for name in ("validation_share", "test_share", "holdout_share"):
            share = getattr(self, name)
            if not 0 <= share < 1:
                raise ValueError(f"`{name}` must lie in [0, 1), got {share}")
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                "`validation_share` + `test_share` must leave images for "
                f"training, got {self.validation_share} + {self.test_share}"
            )

    def assign(self, image_id: str, own_split: str) -> str:
        """Returns the split of an image.

        Args:
          image_id: of the image.
          own_split: the data set's split of the image, or ''.
        """
        place = unit_hash(self.salt, image_id)
        if own_split == "train":
            return "validation" if place < self.holdout_share else "train"
        if own_split:
            return own_split
        if place < self.validation_share:
            return "validation"
        held = self.validation_share + self.test_share
        return "test" if place < held else "train"


def shard_of(image_id: str, num_shards: int) -> int:
    """The shard of an image, in [0, num_shards)."""
    return int(unit_hash("shard", image_id) * num_shards)


def record_order(image_id: str) -> tuple[float, str]:
    """Sort key inside a shard: hashed, so that neighbours are unrelated."""
    return unit_hash("order", image_id), image_id


def fold_of(image_id: str, num_folds: int) -> int:
    """The fold of an image, in [0, num_folds); adding images moves no other.

    Follows `record_order`, so that a fold is one run of records in each shard.
    """
    return int(record_order(image_id)[0] * num_folds)
