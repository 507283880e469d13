"""Measures loss and scores of the validation split during a training."""

import dataclasses
from collections.abc import Callable, Sequence

from pipeline.recordset import record_set as record_set_lib
from pipeline.scoring import metric as metric_lib
from trainer.data import batches
from trainer.decoding import generator as generator_lib
from trainer.evaluation import scorers, split_loss

Watch = Callable[[scorers.Corpus], dict[str, float]]


@dataclasses.dataclass(frozen=True)
class Validation:
    """Measures loss and scores of the validation split.

    Attributes:
      record_set: holds the images.
      data: the validation split's batches.
      split: the split's name.
      num_images: number of images that are captioned, the first of the split.
      loss_of_split: measures the teacher-forced loss.
      generator: makes the captions.
      metrics: score the captions.
      watch: measures whether the captions owe anything to their images.
    """

    record_set: record_set_lib.RecordSet
    data: batches.CaptionDataset
    split: str
    num_images: int
    loss_of_split: split_loss.LossOfSplit
    generator: generator_lib.CaptionGenerator
    metrics: Sequence[metric_lib.Metric]
    watch: Watch

    def __call__(self) -> dict[str, float]:
        """Returns `loss`, the first images' scores, and what is watched."""
        captioned = generator_lib.caption_split(
            self.generator, self.record_set, self.split, limit=self.num_images
        )
        corpus = scorers.Corpus(list(captioned))
        return {
            "loss": self.loss_of_split.measure(self.data),
            **{
                metric.name: metric.against(corpus.references).corpus(
                    corpus.captions
                )
                for metric in self.metrics
            },
            **self.watch(corpus),
        }
