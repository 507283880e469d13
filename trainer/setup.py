"""What every mode needs: records, a captioner, devices, a search."""

import dataclasses
from collections.abc import Callable

import keras

from pipeline import records as records_lib
from pipeline import vocabulary as vocabulary_lib
from trainer import captioner as captioner_lib
from trainer import generator as generator_lib
from trainer import strategy as strategy_lib


@dataclasses.dataclass(frozen=True)
class Setup:
    """What every mode needs.

    Attributes:
      records: folder of the record set.
      captioner: constructor; sizes of grid and vocabulary are given to it.
      devices: where to run.
      search: how captions are searched for.
      seed: of weights, order and dropout.
    """

    records: str
    captioner: Callable[..., captioner_lib.ShowAttendTell]
    devices: strategy_lib.Devices
    search: generator_lib.Search
    seed: int = 1

    def build(
        self,
        grid: records_lib.GridSpec,
        vocabulary: vocabulary_lib.Vocabulary,
    ) -> captioner_lib.ShowAttendTell:
        """A captioner with its first weights; call it under a scope."""
        keras.utils.set_random_seed(self.seed)
        return self.captioner(
            vocabulary_size=len(vocabulary),
            locations=grid.locations,
            depth=grid.depth,
            log_unigram=vocabulary.log_unigram(),
        )
