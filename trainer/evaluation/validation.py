"""What is measured every so often while training."""

import dataclasses
from collections.abc import Sequence

from pipeline.recordset import record_set as record_set_lib
from pipeline.scoring import metric as metric_lib
from trainer.data import batches
from trainer.decoding import generator as generator_lib
from trainer.evaluation import scorers, split_loss


@dataclasses.dataclass(frozen=True)
class Validation:
    """What is measured every so often while training.

    Attributes:
      record_set: where the images are.
      data: the validation split's batches.
      split: its name.
      num_images: captioned each time.
      loss_of_split: measures the teacher-forced loss.
      generator: captions.
      metrics: of the captions.
    """

    record_set: record_set_lib.RecordSet
    data: batches.CaptionDataset
    split: str
    num_images: int
    loss_of_split: split_loss.LossOfSplit
    generator: generator_lib.CaptionGenerator
    metrics: Sequence[metric_lib.Metric]

    def __call__(self) -> dict[str, float]:
        """The split's loss, and scores of its first images' captions."""
        examples = list(
            generator_lib.caption_split(
                self.generator,
                self.record_set,
                self.split,
                limit=self.num_images,
            )
        )
        references = scorers.references_of(examples)
        captions = scorers.words(examples)
        return {
            "loss": self.loss_of_split.measure(self.data),
            **{
                metric.name: metric.against(references).corpus(captions)
                for metric in self.metrics
            },
            **scorers.repetition(captions),
        }
