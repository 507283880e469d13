"""Captions of a split by several decoders: how good, and how different."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence, Set

from pipeline.recordset import record_set as record_set_lib
from pipeline.scoring import metric as metric_lib
from pipeline.scoring import ngrams
from trainer.data import split_images
from trainer.decoding import caption as caption_lib
from trainer.decoding import generator as generator_lib
from trainer.decoding import step
from trainer.evaluation import scorers as scorers_lib


@dataclasses.dataclass(frozen=True)
class Spread:
    """How different captions are.

    Attributes:
      mode_share: share of captions equal to the most frequent one, 0 to 1.
      collision_probability: that two captions are equal, 0 to 1.
      distinct_words: number of different words in all captions.
      novelty: share of captions that no train image has, 0 to 1.
      length: mean words of a caption.
    """

    mode_share: float
    collision_probability: float
    distinct_words: int
    novelty: float
    length: float

    @classmethod
    def of(
        cls,
        captions: Sequence[ngrams.Tokens],
        trained: Set[tuple[str, ...]],
    ) -> "Spread":
        """Measures captions, as words.

        Args:
          captions: one of each image; at least one.
          trained: the captions of the train split.
        """
        new = sum(tuple(caption) not in trained for caption in captions)
        return cls(
            **scorers_lib.repetition(captions),
            distinct_words=len({word for row in captions for word in row}),
            novelty=new / len(captions),
            length=sum(map(len, captions)) / len(captions),
        )


@dataclasses.dataclass(frozen=True)
class Row:
    """One decoder's captions of a split.

    Attributes:
      decoder: its description.
      scores: metric name -> value.
      spread: how different the captions are.
    """

    decoder: str
    scores: Mapping[str, float]
    spread: Spread


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What decoders make of one captioner.

    Attributes:
      rows: one for each decoder.
      people: how different the first references of the images are.
    """

    rows: Sequence[Row]
    people: Spread


def compare(
    record_set: record_set_lib.RecordSet,
    split: str,
    *,
    generator: generator_lib.CaptionGenerator,
    examples: Sequence[caption_lib.CaptionedExample],
    decoders: Iterable[step.Decoder],
    metrics: Sequence[metric_lib.Metric],
) -> Comparison:
    """Captions a split once by each decoder.

    Args:
      record_set: holds the images.
      split: its name.
      generator: makes the captions; its own decoder is the first row.
      examples: the split's captions by that decoder.
      decoders: the others.
      metrics: score the captions.
    """
    references = scorers_lib.references_of(examples)
    scorers = {each.name: each.against(references) for each in metrics}
    trained = _captions_of_train(record_set)

    def row(
        decoder: step.Decoder, rows: Sequence[caption_lib.CaptionedExample]
    ) -> Row:
        captions = scorers_lib.words(rows)
        scores = {name: each.corpus(captions) for name, each in scorers.items()}
        return Row(decoder.description, scores, Spread.of(captions, trained))

    found = [row(generator.decoder, examples)]
    for decoder in decoders:
        captioned = generator_lib.caption_split(
            generator.by(decoder), record_set, split
        )
        found.append(row(decoder, list(captioned)))
    firsts = [captions[0] for captions in references.words]
    return Comparison(found, Spread.of(firsts, trained))


def _captions_of_train(
    record_set: record_set_lib.RecordSet,
) -> set[tuple[str, ...]]:
    captions = split_images.captions(
        record_set, "train", limit=record_set.num_images("train")
    )
    words = metric_lib.References((), captions).words
    return {tuple(caption) for row in words for caption in row}
