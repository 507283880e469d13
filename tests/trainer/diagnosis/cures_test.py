"""A cure reads as lines to paste."""

import pytest

from trainer.diagnosis.cures import (
    ByHand,
    Cure,
    OwnFile,
    Training,
    Usage,
    WithoutPairs,
)

DROP = (
    "# or leave the most suspicious out: repeat the command that made the "
    "records with --overwrite --drop_pairs=r/pairs"
)


@pytest.mark.parametrize(
    ("cure", "lines"),
    [
        (Training(("AdamW.clip_norm = 1.0",)), ["AdamW.clip_norm = 1.0"]),
        (
            Training(code="feed the grid"),
            ["# train again; if not with this code, then feed the grid"],
        ),
        (Usage(("Search.beams = 3",)), ["Search.beams = 3"]),
        (OwnFile("r", "words", "data/words"), ["cp data/words r/words"]),
        (OwnFile("r", "best"), ["mv r/best r/best-of-another"]),
        (
            WithoutPairs("r/pairs"),
            [DROP],
        ),
        (ByHand("--min_count=1"), ["--min_count=1"]),
    ],
)
def test_a_cure_is_lines(cure: Cure, lines: list[str]) -> None:
    assert list(cure.lines) == lines
