"""Scores the captions of any system, beside floors and with intervals."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.scoring import java_metrics, mbleu, self_cider
from pipeline.scoring.metric import Metric, References, SetMetric
from pipeline.scoring.ngrams import Tokens
from pipeline.scoring.ptb_tokens import ptb_tokens
from trainer.diagnosis import caption_results
from trainer.evaluation import baselines, bootstrap, scorers
from trainer.evaluation.signature import signature
from trainer.report import glossary, score_table
from trainer.run import directory

_OF_SETS: tuple[SetMetric, ...] = (
    self_cider.SelfCiderMetric(),
    mbleu.MBleuMetric(),
)


def score(captions: str, references: str, output: str | None = None) -> str:
    """Scores the captions of any system, beside floors and with intervals.

    Where images have several captions, the first of each is scored, and all of
    them for their diversity. The best constant caption is one of the
    references, chosen by them.

    Args:
      captions: file of captions; see `caption_results`.
      references: file of what people say of the images.
      output: file to write the scores to, as JSON; None for none.

    Returns:
      A line for each score, what is not scored and why, and the signature.

    Raises:
      ResultsError: a file can't be read, they do not fit, or they tell of one
        image alone.
    """
    results = caption_results.read(captions, references)
    if len(results.sets) < 2:
        raise caption_results.ResultsError(
            f"--captions: {captions} has captions of {len(results.sets)} "
            "images: floors need two at least"
        )
    scored = _scored(results)
    if output:
        directory.write_text(output, json.dumps(scored.to_json(), indent=1))
    return scored.text() + (f"\nJSON: {output}" if output else "")


@dataclasses.dataclass(frozen=True)
class _Scored:
    """Scores of a system's captions.

    Attributes:
      metrics: what they were scored by.
      table: metric name -> value and floors.
      diversity: of several captions of each image; metric name -> value and
        its 95 % interval.
      repetition: `mode_share` and `collision_probability`.
      constant: the best constant caption by CIDEr-D.
      signature: how the scores were made.
    """

    metrics: Sequence[Metric]
    table: Mapping[str, baselines.Score]
    diversity: Mapping[str, tuple[float, tuple[float, float]]]
    repetition: Mapping[str, float]
    constant: str
    signature: str

    def to_json(self) -> dict[str, Any]:
        """What programs read."""
        return {
            "signature": self.signature,
            "scores": {
                name: dataclasses.asdict(each)
                for name, each in self.table.items()
            },
            "diversity": {
                name: {"model": value, "interval": interval}
                for name, (value, interval) in self.diversity.items()
            },
            "repetition": self.repetition,
            "constant_caption": self.constant,
        }

    def text(self) -> str:
        """What people read."""
        words = glossary.Glossary([*self.metrics, *_OF_SETS])
        lines = [
            score_table.table(self.table, words, system="system"),
            *(
                f"{words.label(name):<22}{value:>10.3f}"
                f"  {low:.3f} to {high:.3f}"
                for name, (value, (low, high)) in self.diversity.items()
            ),
            *(
                f"{words.label(name):<22}{value:>10.4f}"
                for name, value in self.repetition.items()
            ),
            *java_metrics.missing(),
            f"Best constant caption: {self.constant}",
            f"Signature: {self.signature}",
        ]
        return "\n".join(lines)


def _scored(results: caption_results.Results) -> _Scored:
    references = References(results.image_ids, results.references)
    sets = [[ptb_tokens(text) for text in each] for each in results.sets]
    firsts = [each[0] for each in sets]
    metrics = [*scorers.USUAL, *java_metrics.installed()]
    constants = baselines.best_constants(references.words)
    return _Scored(
        metrics,
        baselines.floor_table(
            firsts, references, constants=constants, metrics=metrics, seed=0
        ),
        _diversity(sets, references),
        scorers.repetition(firsts),
        " ".join(constants[0]),
        signature(references, list(map(len, sets))),
    )


def _diversity(
    sets: Sequence[Sequence[Tokens]], references: References
) -> dict[str, tuple[float, tuple[float, float]]]:
    """Means and intervals of the metrics of sets; none of single captions."""
    if min(map(len, sets)) < 2:
        return {}
    values = {
        metric.name: np.array(metric.of_sets(sets, references))[:, None]
        for metric in _OF_SETS
    }
    drawn = bootstrap.draw_sums(values, seed=0)
    return {
        name: (
            float(each.mean()),
            bootstrap.interval(drawn[name][:, 0] / len(sets)),
        )
        for name, each in values.items()
    }
