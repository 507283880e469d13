"""Two systems' scores side by side, and which differences are real."""

import dataclasses
from collections.abc import Mapping

from trainer.evaluation.bootstrap import Difference
from trainer.report import glossary as glossary_lib


@dataclasses.dataclass(frozen=True)
class Row:
    """A score of two systems, A and B.

    Attributes:
      a: its value for A.
      b: its value for B.
      difference: B minus A; None where no sum over images gives the score.
    """

    a: float
    b: float
    difference: Difference | None


def table(rows: Mapping[str, Row], glossary: glossary_lib.Glossary) -> str:
    """Formats the scores, a line each.

    Args:
      rows: by the metrics' names.
      glossary: the words for the scores, and which direction is good.
    """
    head = (
        f"{'':<20}{'A':>8}{'B':>8}{'B - A':>9}  {'95 % interval':<17}{'p':>7}"
    )
    lines = [head]
    for name, row in rows.items():
        term = glossary.term(name)
        lines.append(
            f"{term.label:<20}{row.a:>8.3f}{row.b:>8.3f}{row.b - row.a:>+9.3f}"
            f"  {_judged(row.difference, term.higher_is_better)}"
        )
    return "\n".join(lines)


def _judged(difference: Difference | None, higher_is_better: bool) -> str:
    if difference is None:
        return "-"
    between = f"{difference.low:+.3f} to {difference.high:+.3f}"
    told = "no difference shown"
    if difference.real:
        better = (difference.value > 0) == higher_is_better
        told = f"{'B' if better else 'A'} is better"
    return f"{between:<17}{difference.p:>7.4f}  {told}"
