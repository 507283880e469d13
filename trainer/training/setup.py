"""What every mode needs: records, a captioner, devices, a search."""

import dataclasses
from collections.abc import Callable

import keras

from pipeline.recordset import records as records_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.captioners import show_attend_tell
from trainer.decoding import generator
from trainer.devices import strategy


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
    captioner: Callable[..., show_attend_tell.ShowAttendTell]
    devices: strategy.Devices
    search: generator.Search
    seed: int = 1

    def build(
        self,
        grid: records_lib.GridSpec,
        vocabulary: vocabulary_lib.Vocabulary,
    ) -> show_attend_tell.ShowAttendTell:
        """A captioner with its first weights; call it under a scope."""
        keras.utils.set_random_seed(self.seed)
        return self.captioner(
            vocabulary_size=len(vocabulary),
            locations=grid.locations,
            depth=grid.depth,
            log_unigram=vocabulary.log_unigram(),
        )
