"""Scores beside their floors, as text for the terminal."""

from collections.abc import Mapping

from trainer.evaluation import baselines
from trainer.report import glossary as glossary_lib

_COLUMNS = ("constant", "shuffled", "people")


def table(
    scores: Mapping[str, baselines.Score],
    glossary: glossary_lib.Glossary,
    *,
    system: str = "captioner",
) -> str:
    """Formats each score with its interval and floors, a line each.

    Args:
      scores: by the metrics' names.
      glossary: the words for the scores.
      system: what the first column is headed by.
    """
    heads = "".join(f"{name:>10}" for name in _COLUMNS)
    rows = [f"{'':<22}{system:>10}  {'95 % interval':<16}{heads}"]
    for name, score in scores.items():
        floors = (score.constant, score.shuffled, score.people)
        rows.append(
            f"{glossary.label(name):<22}{score.model:>10.3f}"
            f"  {_interval(score):<16}{''.join(map(_cell, floors))}"
        )
    return "\n".join(rows)


def _interval(score: baselines.Score) -> str:
    if score.interval is None:
        return "-"
    low, high = score.interval
    return f"{low:.3f} to {high:.3f}"


def _cell(value: float | None) -> str:
    return f"{'-':>10}" if value is None else f"{value:>10.3f}"
