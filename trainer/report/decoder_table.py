"""Decoders beside each other, as a table for the terminal and as JSON."""

import dataclasses
import json
from collections.abc import Sequence

from trainer.evaluation import decoder_comparison
from trainer.report import glossary as glossary_lib

_SPREAD = ("mode share", "collision", "words", "different", "new")


def to_json(comparison: decoder_comparison.Comparison) -> str:
    """Returns the comparison as JSON text."""
    return json.dumps(dataclasses.asdict(comparison), indent=1)


def text(
    comparison: decoder_comparison.Comparison,
    glossary: glossary_lib.Glossary,
) -> str:
    """Returns the table, and a line that says what a good score costs.

    Args:
      comparison: of two decoders at least.
      glossary: the words for the scores.
    """
    names = list(comparison.rows[0].scores)
    header = ["decoder", *map(glossary.label, names), *_SPREAD]
    rows = [
        [
            row.decoder,
            *(f"{row.scores[name]:.3f}" for name in names),
            *_spread(row.spread),
        ]
        for row in comparison.rows
    ]
    people = ["people", *("" for _ in names), *_spread(comparison.people)]
    lines = _aligned([header, *rows, people])
    return "\n".join([*lines, "", _price(comparison, names[0], glossary)])


def _spread(spread: decoder_comparison.Spread) -> list[str]:
    return [
        f"{spread.mode_share:.1%}",
        f"{spread.collision_probability:.1e}",
        f"{spread.length:.1f}",
        f"{spread.distinct_words:,}",
        f"{spread.novelty:.0%}",
    ]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *map(str.rjust, row[1:], widths[1:]),
            ]
        ).rstrip()
        for row in rows
    ]


def _price(
    comparison: decoder_comparison.Comparison,
    name: str,
    glossary: glossary_lib.Glossary,
) -> str:
    """Says what the decoder with the best score does to diversity."""
    better = max if glossary.term(name).higher_is_better else min
    best = better(comparison.rows, key=lambda row: row.scores[name])
    widest = max(comparison.rows, key=lambda row: row.spread.distinct_words)
    said = _habits(best, comparison.people)
    label = glossary.label(name)
    if widest is best:
        return f"{said}: the best {label}, and the most different words."
    return (
        f"{said}: the best {label}, {best.scores[name]:.2f}. "
        f"{_habits(widest, comparison.people)}: {widest.scores[name]:.2f}."
    )


def _habits(
    row: decoder_comparison.Row, people: decoder_comparison.Spread
) -> str:
    decoder = row.decoder[0].upper() + row.decoder[1:]
    share = row.spread.distinct_words / people.distinct_words
    return (
        f"{decoder}, says {share:.0%} as many different words as people, and "
        f"{row.spread.novelty:.0%} of its captions are new (people's "
        f"{people.novelty:.0%})"
    )
