"""Rejects are written and counted."""

import json
from pathlib import Path

import apache_beam as beam

from pipeline.job import write_rejects
from pipeline.readers.rejects import Reject
from tests.support import pipes


def test_rejects_are_written_and_counted(tmp_path: Path) -> None:
    rejects = [
        Reject(f"{number}", "a.jpg", reason, "")
        for number, reason in enumerate(["empty", "truncated", "empty"] * 5)
    ]
    with pipes.runner() as pipeline:
        counts = (
            pipeline
            | beam.Create(rejects)
            | write_rejects.WriteRejects(str(tmp_path), 4)
        )
        pipes.check(counts, [("empty", 10), ("truncated", 5)])
    written = [
        json.loads(line)
        for path in tmp_path.glob("rejects-*-of-00004.jsonl")
        for line in path.read_text().splitlines()
    ]
    written.sort(key=lambda row: int(row["image_id"]))
    assert written == [reject.row for reject in rejects]
