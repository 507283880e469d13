"""Rejects are written to disk, always in the same order."""

import json
from pathlib import Path

from pipeline.readers import rejects


def test_rejects_are_written_sorted(tmp_path: Path) -> None:
    given = [
        rejects.Reject("b", "b.jpg", "unreadable", "gone"),
        rejects.Reject("\u00e9", "a.jpg", "empty", "no bytes"),
        rejects.Reject("a", "a.jpg", "unreadable", "gone"),
    ]
    reasons = rejects.write_rejects(str(tmp_path), 2, 4, given)
    assert reasons == ["unreadable", "unreadable", "empty"]
    path = tmp_path / "rejects-00002-of-00004.jsonl"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["image_id"] for row in found] == ["a", "b", "\u00e9"]
    assert found[0] == given[2].row
