"""Self-CIDEr (Wang and Chan 2019): how different an image's captions are."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from pipeline.scoring.cider import DocumentFrequencies, ReferenceIndex
from pipeline.scoring.metric import References
from pipeline.scoring.ngrams import ORDERS, Floats, Tokens
from pipeline.scoring.reference_ngrams import ReferenceNgrams


@dataclasses.dataclass(frozen=True)
class SelfCiderMetric:
    """Self-CIDEr of several captions of each image.

    With K the CIDEr of each pair of an image's m captions, and l its
    eigenvalues, it is -log_m of max sqrt(l) / sum sqrt(l): 0 where all captions
    are the same, 1 where none has a weighed n-gram of another's. K is of CIDEr,
    as in the paper; the authors' program takes CIDEr-D, and document
    frequencies of COCO, so that its values differ.
    """

    name: str = dataclasses.field(default="self_cider", init=False)
    label: str = dataclasses.field(default="Self-CIDEr", init=False)
    definition: str = dataclasses.field(
        default="How different the captions of one image are, words weighed as "
        "in CIDEr; 0 to 1 (Wang and Chan 2019).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def of_sets(
        self, sets: Sequence[Sequence[Tokens]], references: References
    ) -> list[float]:
        """Scores each image's captions, 0 to 1.

        Args:
          sets: two captions or more of each image.
          references: their n-grams decide how much words weigh.

        Raises:
          ValueError: an image has fewer than two captions.
        """
        frequencies = DocumentFrequencies(references.ngrams)
        return [_diversity(_kernel(each, frequencies)) for each in sets]


def _kernel(
    captions: Sequence[Tokens], frequencies: DocumentFrequencies
) -> Floats:
    """CIDEr of each pair of captions, 0 to 1, float64 [captions, captions]."""
    if len(captions) < 2:
        raise ValueError(f"Diversity needs 2 captions, not {len(captions)}.")
    table = ReferenceNgrams.of([captions])
    index, ngrams = ReferenceIndex(table, frequencies), table.ngrams
    rows, columns = (
        each[table.order] for each in (ngrams.captions, ngrams.ngrams)
    )
    lengths = index.norms[ngrams.orders[columns], rows]
    vectors = np.zeros((len(captions), len(ngrams)))
    vectors[rows, columns] = index.weights / np.where(lengths > 0, lengths, 1)
    return np.asarray(vectors @ vectors.T / ORDERS)


def _diversity(kernel: Floats) -> float:
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(kernel), 0.0))
    if not roots.sum() > 0:
        return 0.0
    return -math.log(roots.max() / roots.sum()) / math.log(len(kernel))
