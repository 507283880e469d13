"""What the captioner says of some images: scores, repetition, endings."""

import dataclasses
import math
from collections.abc import Sequence

from pipeline.scoring import cider, metric, ngrams
from trainer.decoding import caption as caption_lib
from trainer.evaluation import baselines, scorers


@dataclasses.dataclass(frozen=True)
class Said:
    """Captions of some images, judged as they are judged elsewhere.

    Attributes:
      images: number of images.
      cider_d: of the captions, 0 to 10.
      shuffled: CIDEr-D of the same captions at other images.
      mode_share: share of the captions that are the most frequent one.
      collision: probability that two captions are equal.
      reference_mode_share: mode share of each image's first reference.
      cut: share of captions that end at the limit, without END.
      empty: share of captions without a word.
      words: mean number of words.
      reference_words: mean number of words of the references.
      unknown: share of words that are UNK.
      common: the most frequent caption.
    """

    images: int
    cider_d: float
    shuffled: float
    mode_share: float
    collision: float
    reference_mode_share: float
    cut: float
    empty: float
    words: float
    reference_words: float
    unknown: float
    common: str


def measure(corpus: scorers.Corpus, max_length: int | None) -> Said:
    """Judges captions.

    Args:
      corpus: captioned images; what compares images is NaN of one alone.
      max_length: most tokens of a caption, END included; None for no limit.
    """
    examples, captions = corpus.examples, corpus.captions
    references = corpus.references
    scorer = cider.CiderDMetric().against(references)
    own = scorers.repetition(captions)
    human = scorers.repetition([row[0] for row in references.words])
    lengths = [len(each.caption.words) for each in examples]
    total = max(sum(lengths), 1)
    texts = [each.caption.text for each in examples]
    people = [len(text) for row in references.words for text in row]
    return Said(
        images=len(examples),
        cider_d=scorer.corpus(captions),
        shuffled=_shuffled(scorer, captions),
        mode_share=own["mode_share"],
        collision=own["collision_probability"],
        reference_mode_share=human["mode_share"],
        cut=_cut(examples, max_length),
        empty=lengths.count(0) / len(lengths),
        words=sum(lengths) / len(lengths),
        reference_words=sum(people) / max(len(people), 1),
        unknown=sum(text.split().count("<unk>") for text in texts) / total,
        common=max(texts, key=texts.count),
    )


def _shuffled(
    scorer: metric.Scorer, captions: Sequence[ngrams.Tokens]
) -> float:
    """The score of each caption at another image."""
    if len(captions) < 2:
        return math.nan
    return scorer.corpus(baselines.shuffled(captions, seed=0))


def _cut(
    examples: Sequence[caption_lib.CaptionedExample], max_length: int | None
) -> float:
    """Share of captions that END does not end before the limit forces it."""
    if max_length is None:
        return 0.0
    full = [len(each.caption.words) + 1 >= max_length for each in examples]
    return sum(full) / len(full)
