"""Every number of a record set, as frozen values that JSON can hold.

Shares and probabilities lie in [0, 1], losses and entropies are in nats, and
CIDEr-D runs from 0 to 10. What could not be computed, for want of images or of
a second split, is None.
"""

import dataclasses
from typing import Any

# (value, how often), by rising value.
Histogram = tuple[tuple[int, int], ...]


@dataclasses.dataclass(frozen=True)
class FrequentCaption:
    """A normalised caption and how often it occurs."""

    text: str
    count: int


@dataclasses.dataclass(frozen=True)
class CaptionFacts:
    """How often captions of one split repeat.

    Captions are equal here when their words are: case and punctuation apart.

    Attributes:
      distinct_exact: different captions, to the letter; of equal ones 64
        spellings are counted at most.
      distinct: different captions.
      shared: captions whose text also stands at another image of the split.
      mode_share: share of the most frequent caption.
      collision: probability that two captions are equal (Simpson 1949).
      entropy: of the captions' distribution, nats; log(captions) at most.
      repeated_within: captions that repeat one of the same image.
      frequent: the most frequent that repeat, by falling count.
    """

    distinct_exact: int
    distinct: int
    shared: int
    mode_share: float
    collision: float | None
    entropy: float
    repeated_within: int
    frequent: tuple[FrequentCaption, ...]


@dataclasses.dataclass(frozen=True)
class SplitFacts:
    """What one split holds.

    Attributes:
      images: records.
      captions: of all images.
      words: occurrences, unknown ones included.
      types: different words.
      known_types: of these, the ones in the vocabulary.
      unknown_words: occurrences of words that are not in the vocabulary.
      captions_per_image: (captions, images).
      caption_lengths: (words, captions); the longest share the last row.
      repeats: how often captions repeat.
      blank_images: images of one colour.
      repeated_images: images with a near-duplicate in this split.
      leaked_images: images with a near-duplicate in the train split; None for
        the train split itself.
    """

    images: int
    captions: int
    words: int
    types: int
    known_types: int
    unknown_words: int
    captions_per_image: Histogram
    caption_lengths: Histogram
    repeats: CaptionFacts
    blank_images: int
    repeated_images: int
    leaked_images: int | None


@dataclasses.dataclass(frozen=True)
class FeatureFacts:
    """The grids of all images, as the encoder gave them.

    A grid's pooled feature is its mean over locations.

    Attributes:
      images: grids counted.
      mean: over all images, locations and features.
      deviation: square root of the mean variance of a feature over images and
        locations.
      dispersion: variance between images over total variance; 0 where all
        images look alike to the encoder.
      cosine: mean cosine of the pooled features of two images.
      constant: grids that are the same at every location.
      non_finite: grids left out of the record set because they hold NaN,
        infinity or what the storage type cannot.
    """

    images: int
    mean: float
    deviation: float
    dispersion: float | None
    cosine: float | None
    constant: int
    non_finite: int


@dataclasses.dataclass(frozen=True)
class LadderFacts:
    """Losses that need no image, in nats per token with END counted.

    Counted on a sample of the train split, measured on one of another split.

    Attributes:
      split: measured on.
      train_images: in the sample that was counted.
      images: in the sample that was measured.
      tokens: measured, END included.
      uniform: every token as likely as any other.
      unigram: by its frequency.
      bigram: interpolated Kneser-Ney after one word.
      trigram: interpolated Kneser-Ney after two words.
    """

    split: str
    train_images: int
    images: int
    tokens: int
    uniform: float
    unigram: float
    bigram: float
    trigram: float


@dataclasses.dataclass(frozen=True)
class FloorFacts:
    """CIDEr-D of captions that no model made, on a sample.

    Attributes:
      split: scored on.
      images: in the sample that was scored; its references give the document
        frequencies.
      train_images: in the sample that captions are taken from.
      constant_caption: the one train caption that serves best.
      constant: CIDEr-D of that caption for every image.
      nearest: of the caption of the train image with the nearest feature.
      permuted: the mean of `nearest` over all permutations of the images.
      permuted_deviation: the standard deviation over these permutations.
      pairing_z: (nearest - permuted) / permuted_deviation.
      human: of each image's first caption against its others.
    """

    split: str
    images: int
    train_images: int
    constant_caption: str
    constant: float
    nearest: float
    permuted: float
    permuted_deviation: float
    pairing_z: float | None
    human: float | None


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that was measured of a record set.

    Attributes:
      splits: by name.
      vocabulary_size: tokens, the special ones included.
      rejected: reason -> images left out.
      features: of all splits together.
      ladder: None without train captions or without another split.
      floors: None without train captions or without another split.
      crowded_hashes: groups of alike images that were too large to compare
        each with each; near-duplicates may be missed there.
    """

    splits: dict[str, SplitFacts]
    vocabulary_size: int
    rejected: dict[str, int]
    features: FeatureFacts
    ladder: LadderFacts | None
    floors: FloorFacts | None
    crowded_hashes: int

    def to_json(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Facts":
        """The inverse of `to_json`, also after a round trip through text.

        Raises:
          KeyError, TypeError: a fact is missing, or one is not known.
        """
        ladder, floors = row["ladder"], row["floors"]
        return cls(
            **{
                **row,
                "splits": {
                    name: _split(split) for name, split in row["splits"].items()
                },
                "features": FeatureFacts(**row["features"]),
                "ladder": ladder and LadderFacts(**ladder),
                "floors": floors and FloorFacts(**floors),
            }
        )


def _split(row: dict[str, Any]) -> SplitFacts:
    repeats = dict(row["repeats"])
    frequent = tuple(FrequentCaption(**each) for each in repeats["frequent"])
    histograms = {
        name: tuple((value, count) for value, count in row[name])
        for name in ("captions_per_image", "caption_lengths")
    }
    captions = CaptionFacts(**{**repeats, "frequent": frequent})
    return SplitFacts(**{**row, **histograms, "repeats": captions})
