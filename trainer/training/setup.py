"""What every mode needs: records, a captioner, devices, a decoder."""

import dataclasses
from collections.abc import Callable, Sequence

import keras

from pipeline.recordset import records as records_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.scoring import bleu, cider, metric
from trainer.captioners import contract
from trainer.decoding import step
from trainer.devices import strategy


@dataclasses.dataclass(frozen=True)
class Setup:
    """What every mode needs.

    Attributes:
      records: folder of the record set.
      captioner: constructor, called with the sizes of grid and vocabulary.
      devices: where to run.
      search: the decoder, under the name that saved configurations use.
      seed: of first weights and dropout; `Batching.seed` decides the order of
        examples.
      metrics: score the captions in validation and evaluation.
      ensemble: folders of other runs on the same words and grids. Once trained,
        they decode together: each word's probability is their mean.
      members: constructors of the captioners that the other runs may have
        besides `captioner`.
    """

    records: str
    captioner: Callable[..., contract.Captioner]
    devices: strategy.Devices
    search: step.Decoder
    seed: int = 1
    metrics: Sequence[metric.Metric] = (
        cider.CiderDMetric(),
        bleu.BleuMetric(),
    )
    ensemble: Sequence[str] = ()
    members: Sequence[Callable[..., contract.Captioner]] = ()

    def direction(self, score: str) -> bool:
        """Whether a higher value of a validation score is better.

        Raises:
          ValueError: `score` is neither the loss nor one of the metrics.
        """
        directions = {"loss": False} | {
            each.name: each.higher_is_better for each in self.metrics
        }
        if score not in directions:
            raise ValueError(
                f"`select_by` must be one of {', '.join(directions)} (the loss "
                f"and Setup.metrics), got {score!r}"
            )
        return directions[score]

    def member(self, name: str) -> Callable[..., contract.Captioner]:
        """The constructor among `members` of a captioner's class.

        Raises:
          ValueError: there is none.
        """
        known = {one.__name__: one for one in self.members}
        if name not in known:
            raise ValueError(
                f"`Setup.members` has no {name}; it has "
                f"{', '.join(sorted(known)) or 'none'}"
            )
        return known[name]

    def build(
        self,
        grid: records_lib.GridSpec,
        vocabulary: vocabulary_lib.Vocabulary,
    ) -> contract.Captioner:
        """Makes a captioner with its first weights.

        Call it under the scope of the strategy.
        """
        keras.utils.set_random_seed(self.seed)
        return self.captioner(
            vocabulary_size=len(vocabulary),
            locations=grid.locations,
            depth=grid.depth,
            log_unigram=vocabulary.log_unigram(),
        )
