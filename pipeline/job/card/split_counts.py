"""What is counted of a split, in parts that add up."""

import dataclasses
import operator
from collections import Counter
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class SplitCounts:
    """Counts over a part of a split; parts add up in any order.

    Captions are equal here when their words are: case and punctuation apart.

    Attributes:
      images: records.
      blank_images: images without any structure.
      repeated_images: images with a near-duplicate in the same split.
      leaked_images: images with a near-duplicate in train.
      captions_per_image: n -> images with n captions.
      caption_lengths: n -> captions of n words.
      times: n -> different captions that occur n times.
      spellings: different captions, to the letter.
      shared: captions that also occur at another image of the split.
      repeated_within: captions that repeat one of the same image.
      words: occurrences of words, unknown ones included.
      unknown_words: occurrences of words that the vocabulary lacks.
      types: different words.
      known_types: different words that the vocabulary has.
    """

    images: int = 0
    blank_images: int = 0
    repeated_images: int = 0
    leaked_images: int = 0
    captions_per_image: Counter[int] = dataclasses.field(
        default_factory=Counter
    )
    caption_lengths: Counter[int] = dataclasses.field(default_factory=Counter)
    times: Counter[int] = dataclasses.field(default_factory=Counter)
    spellings: int = 0
    shared: int = 0
    repeated_within: int = 0
    words: int = 0
    unknown_words: int = 0
    types: int = 0
    known_types: int = 0

    def __add__(self, other: "SplitCounts") -> "SplitCounts":
        """Adds each count to its like."""
        mine, others = vars(self).values(), vars(other).values()
        return SplitCounts(*map(operator.add, mine, others))

    @classmethod
    def merge(cls, parts: Iterable["SplitCounts"]) -> "SplitCounts":
        """Adds up parts of one split; none give zeros."""
        return sum(parts, cls())
