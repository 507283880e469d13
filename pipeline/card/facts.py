"""Everything that is measured of a record set, as frozen values for JSON.

Shares and probabilities lie in [0, 1], losses and entropies are in nats, and
CIDEr-D runs from 0 to 10. A value is None if there were too few images, or no
second split, to compute it.
"""

import dataclasses
from typing import Any

# (value, how often it occurs), by rising value.
Histogram = tuple[tuple[int, int], ...]


@dataclasses.dataclass(frozen=True)
class FrequentCaption:
    """A normalised caption and how often it occurs."""

    text: str
    count: int


@dataclasses.dataclass(frozen=True)
class CaptionFacts:
    """How often captions of one split repeat.

    Captions with the same words are equal here; case and punctuation do not
    count, except in `distinct_exact`.

    Attributes:
      distinct_exact: number of captions that differ in any character; of equal
        captions, at most 64 spellings are counted.
      distinct: number of different captions.
      shared: number of captions that another image of the split has too.
      mode_share: share of the captions that are the most frequent one.
      collision: probability that two captions drawn at random are equal
        (Simpson 1949).
      entropy: of the distribution of captions, in nats; at most log(captions).
      repeated_within: number of captions that repeat one of their own image.
      frequent: the most frequent captions that repeat, by falling count.
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
      images: number of records.
      captions: number of captions of all images.
      words: number of words in all captions, unknown ones included.
      types: number of different words.
      known_types: number of different words that are in the vocabulary.
      unknown_words: how often words occur that are not in the vocabulary.
      captions_per_image: rows of (captions, images that have so many).
      caption_lengths: rows of (words, captions that have so many); the longest
        captions share the last row.
      repeats: how often captions repeat.
      blank_images: number of images of one plain colour.
      repeated_images: number of images with a near-duplicate in this split.
      leaked_images: number of images with a near-duplicate in the train split;
        None for the train split itself.
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
    """Statistics of all images' grids, as the encoder returned them.

    A grid's pooled feature is its mean over locations.

    Attributes:
      images: number of grids.
      mean: mean over all images, locations and features.
      deviation: square root of a feature's variance over images and locations,
        which is averaged over the features.
      dispersion: variance between images, divided by the total variance; 0 if
        all images look alike to the encoder.
      cosine: mean cosine of two images' pooled features.
      constant: number of grids that are the same at every location.
      non_finite: number of grids left out of the record set because they hold
        NaN, infinity, or a value beyond the storage type's range.
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
    """Losses of models that see words only, in nats per token, END included.

    The models count a sample of the train split; their losses are measured on a
    sample of another split.

    Attributes:
      split: the split that losses are measured on.
      train_images: number of images in the sample that is counted.
      images: number of images in the sample that is measured.
      tokens: number of tokens measured, END included.
      uniform: loss if every token is as likely as any other.
      unigram: loss if a token is as likely as it is frequent.
      bigram: loss of interpolated Kneser-Ney after one word.
      trigram: loss of interpolated Kneser-Ney after two words.
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
    """Mean CIDEr-D of captions that need no model, on a sample.

    Attributes:
      split: the split that is scored.
      images: number of images scored; CIDEr-D takes its document frequencies
        from their references.
      train_images: number of train images that captions are taken from.
      constant_caption: the train caption that scores best if all images get it.
      constant: score if every image gets that caption.
      nearest: score if each image gets a caption of the train image whose
        pooled feature is the most similar.
      permuted: mean of `nearest` over all permutations of the images.
      permuted_deviation: its standard deviation over these permutations.
      pairing_z: (nearest - permuted) / permuted_deviation.
      human: score of each image's first caption against its other ones.
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
class PairFacts:
    """How many pairs of a sample of train are wrong; shares from 0 to 1.

    Attributes:
      images: number of images whose captions could be judged.
      wrong: share of them whose captions fit no better than dealt out.
      low: lower end of its 95 % interval.
      high: upper end.
    """

    images: int
    wrong: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Facts:
    """Everything that was measured of a record set.

    Attributes:
      splits: name of a split -> what it holds.
      vocabulary_size: number of tokens, special ones included.
      rejected: reason -> number of images left out.
      features: statistics of the grids of all splits together.
      ladder: losses that need no image; None without train captions or without
        another split.
      floors: scores that need no model; None without train captions or without
        another split.
      crowded_hashes: number of groups of similar images that were too large to
        compare each image with each; near-duplicates may be missed there.
      pairs: how many pairs are wrong; None of too few images, and in cards
        from before this was measured.
    """

    splits: dict[str, SplitFacts]
    vocabulary_size: int
    rejected: dict[str, int]
    features: FeatureFacts
    ladder: LadderFacts | None
    floors: FloorFacts | None
    crowded_hashes: int
    pairs: PairFacts | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the facts as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Facts":
        """Makes the facts from `to_json`'s values, also if read from text.

        Raises:
          KeyError, TypeError: a fact is missing, or one is not known.
        """
        ladder, floors, pairs = row["ladder"], row["floors"], row.get("pairs")
        return cls(
            **{
                **row,
                "splits": {
                    name: _split(split) for name, split in row["splits"].items()
                },
                "features": FeatureFacts(**row["features"]),
                "ladder": ladder and LadderFacts(**ladder),
                "floors": floors and FloorFacts(**floors),
                "pairs": pairs and PairFacts(**pairs),
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
