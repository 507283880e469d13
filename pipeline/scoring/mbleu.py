"""mBLEU (Shetty et al. 2017): how alike the captions of an image are."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from pipeline.scoring import bleu
from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.reference_ngrams import ReferenceNgrams


@dataclasses.dataclass(frozen=True)
class MBleuMetric:
    """mBLEU-4 of several captions of each image."""

    name: str = dataclasses.field(default="mbleu_4", init=False)
    label: str = dataclasses.field(default="mBLEU-4", init=False)
    definition: str = dataclasses.field(
        default="Mean BLEU-4 of each caption against the other captions of its "
        "image: less is more diverse; 0 to 1 (Shetty et al. 2017).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=False, init=False)

    def of_sets(
        self, sets: Sequence[Sequence[Tokens]], references: References
    ) -> list[float]:
        """Scores each image's captions, 0 to 1.

        Args:
          sets: two captions or more of each image.
          references: not needed.

        Raises:
          ValueError: an image has fewer than two captions.
        """
        del references
        few = min(map(len, sets), default=2)
        if few < 2:
            raise ValueError(f"Diversity needs 2 captions, not {few}.")
        others = [
            [*each[:place], *each[place + 1 :]]
            for each in sets
            for place in range(len(each))
        ]
        captions = list(itertools.chain.from_iterable(sets))
        counts = bleu.statistics(captions, ReferenceNgrams.of(others))
        scores = bleu.scores(counts)[:, 3]
        ends = np.cumsum(list(map(len, sets)))
        return [float(part.mean()) for part in np.split(scores, ends[:-1])]
