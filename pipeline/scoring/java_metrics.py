"""METEOR and SPICE, by pycocoevalcap's programs in Java.

`pip install '.[java-metrics]'` brings both programs, but neither Java nor the
models of Stanford CoreNLP that SPICE needs. METEOR 1.5 was compared with its
published values of 126 COCO images; SPICE was never run here.
"""

import dataclasses
import importlib.util
import pathlib
import shutil
from collections.abc import Sequence
from typing import Any

from pipeline.scoring.metric import Metric, References
from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.ratio import RatioScorer, mean_of

_PACKAGE = "pycocoevalcap"
_MODELS = "spice/lib/stanford-corenlp-3.6.0-models.jar"


class JavaError(ValueError):
    """Something that a metric in Java needs is not installed."""


def missing() -> list[str]:
    """Says of each metric that cannot be computed why, a line each."""
    reasons = ((each.label, each.missing()) for each in _METRICS)
    return [f"{label}: not scored: {why}" for label, why in reasons if why]


def installed() -> list[Metric]:
    """Returns the metrics for which all is there."""
    return [each for each in _METRICS if not each.missing()]


def _needed() -> str:
    """What METEOR and SPICE both lack; '' for nothing."""
    if importlib.util.find_spec(_PACKAGE) is None:
        return f"no package {_PACKAGE} (pip install '.[java-metrics]')"
    return "" if shutil.which("java") else "no java on the PATH"


@dataclasses.dataclass(frozen=True)
class MeteorMetric:
    """METEOR 1.5 as a metric."""

    name: str = dataclasses.field(default="meteor", init=False)
    label: str = dataclasses.field(default="METEOR", init=False)
    definition: str = dataclasses.field(
        default="Words, stems and synonyms in common with a reference, in few "
        "pieces; 0 to 1 (Denkowski and Lavie 2014).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def missing(self) -> str:
        """What it lacks; '' for nothing."""
        return _needed()

    def against(self, references: References) -> "MeteorScorer":
        """Takes the references' words.

        Raises:
          JavaError: something is not installed.
        """
        _require(self)
        return MeteorScorer(references.words)


@dataclasses.dataclass(frozen=True)
class MeteorScorer:
    """METEOR against references; Java alone knows its sums over images.

    Attributes:
      references: each image's captions as words.
    """

    references: Sequence[Sequence[Tokens]]

    def corpus(self, captions: Sequence[Tokens]) -> float:
        """METEOR of all captions as one corpus, 0 to 1."""
        return float(self._computed(captions)[0])

    def each(self, captions: Sequence[Tokens]) -> list[float]:
        """METEOR of each image's caption, 0 to 1."""
        return [float(score) for score in self._computed(captions)[1]]

    def _computed(self, captions: Sequence[Tokens]) -> tuple[float, Any]:
        from pycocoevalcap.meteor import meteor

        scored: tuple[float, Any] = meteor.Meteor().compute_score(
            _joined(self.references), _joined([[each] for each in captions])
        )
        return scored


@dataclasses.dataclass(frozen=True)
class SpiceMetric:
    """SPICE as a metric."""

    name: str = dataclasses.field(default="spice", init=False)
    label: str = dataclasses.field(default="SPICE", init=False)
    definition: str = dataclasses.field(
        default="Objects, attributes and relations in common with the "
        "references, as F1; 0 to 1 (Anderson et al. 2016).",
        init=False,
    )
    higher_is_better: bool = dataclasses.field(default=True, init=False)

    def missing(self) -> str:
        """What it lacks; '' for nothing."""
        found = importlib.util.find_spec(_PACKAGE)
        if _needed() or found is None:
            return _needed()
        places = found.submodule_search_locations or []
        if any(pathlib.Path(place, _MODELS).exists() for place in places):
            return ""
        return (
            f"no {_MODELS} in {_PACKAGE} (its get_stanford_models.py gets it)"
        )

    def against(self, references: References) -> RatioScorer:
        """Takes the references' words.

        Raises:
          JavaError: something is not installed.
        """
        _require(self)
        known = _joined(references.words)

        def each(captions: Sequence[Tokens]) -> list[float]:
            from pycocoevalcap.spice import spice

            said = _joined([[caption] for caption in captions])
            _, rows = spice.Spice().compute_score(known, said)
            return [float(row["All"]["f"]) for row in rows]

        return RatioScorer(mean_of(each))


_METRICS = (MeteorMetric(), SpiceMetric())


def _require(metric: MeteorMetric | SpiceMetric) -> None:
    if why := metric.missing():
        raise JavaError(f"{metric.label} can't be computed: {why}")


def _joined(sets: Sequence[Sequence[Tokens]]) -> dict[int, list[str]]:
    """Captions as pycocoevalcap takes them, in the order of the images."""
    return {
        image: [" ".join(caption) for caption in row]
        for image, row in enumerate(sets)
    }
