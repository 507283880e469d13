"""Images whose captions fit others better, for people to look at."""

import dataclasses
import json
from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.card import wrong_pairs
from pipeline.scoring.ptb_tokens import ptb_tokens

FILE = "suspicious_pairs.jsonl"
# Images whose features and words one process compares at once.
_PART = 3000


@dataclasses.dataclass(frozen=True, order=True)
class Pair:
    """An image and its captions.

    Attributes:
      fits: share of other images' captions that fit it worse; 0 to 1.
      image_id: the record's id.
      captions: of the image.
    """

    fits: float
    image_id: str
    captions: tuple[str, ...]

    def to_json(self) -> str:
        """One line, which --drop_pairs reads."""
        row = {
            "image_id": self.image_id,
            "worse": round(1 - self.fits, 3),
            "captions": list(self.captions),
        }
        return json.dumps(row) + "\n"


def parts(images: int) -> int:
    """In how many equal parts so many images are compared, one at least."""
    return max(-(-images // _PART), 1)


def find(
    image_ids: Sequence[str],
    captions: Sequence[Sequence[str]],
    pooled: np.ndarray,
) -> list[Pair]:
    """Lists images of which four in five have wrong captions.

    Args:
      image_ids: of the images, one of `parts`.
      captions: of each image.
      pooled: float32 [images, depth], the mean of each grid over its places.
    """
    words = [list(map(ptb_tokens, row)) for row in captions]
    return [
        Pair(1 - worse, image_ids[place], tuple(captions[place]))
        for place, worse in wrong_pairs.rank(words, pooled).suspicious()
    ]


def dump(pairs: Iterable[Pair]) -> str:
    """One line of JSON for each pair, the most suspicious first."""
    return "".join(pair.to_json() for pair in sorted(pairs))
