"""The manifest is written last, or never."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.files import ownership
from pipeline.job import ledger, write_manifest
from pipeline.readers.annotation_files import DataSetError
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import records
from pipeline.recordset import vocabulary as recordset_vocabulary
from tests.support import card_sample, pipes

# There are no shards to show pictures of.
CARD = dataclasses.replace(card_sample.HEALTHY, examples={}).dump()


TRAIN = manifest_lib.Shard("train-1", "train", 7, 7, 10, "ab")
DUMPED = recordset_vocabulary.Vocabulary.from_counts(
    {"a": 2}, num_captions=1, num_words=2
).dump()


def finish(
    output: Path,
    *,
    rows: Iterable[manifest_lib.Shard] = (TRAIN,),
    reasons: Iterable[tuple[str, int]] = (),
    read: int = 7,
    captions: int = 7,
    grouped: int = 7,
    max_reject_share: float = 0.5,
) -> None:
    summary = write_manifest.Summary(
        output=str(output),
        owner=ownership.take(str(output)),
        encoder={"architecture": "none"},
        grid=records.GridSpec(1, 1),
        settings={"dataset": "jsonl"},
        limits=ledger.Limits(max_reject_share),
    )
    left_out = [
        (reason, ledger.Tally(count, 0, 0, ("a.jpg", "x")))
        for reason, count in reasons
    ]
    with pipes.runner() as pipeline:
        parts = {
            "rows": rows,
            "reasons": reasons,
            "vocabulary": [DUMPED],
            "card": [CARD],
            "suspicious": [],
            "read": [("images", read), ("captions", captions)],
            "left_out": left_out,
            "remarks": [],
            "grouped": [grouped],
        }
        written = write_manifest.Written(
            **{
                name: pipeline | name >> beam.Create(list(values))
                for name, values in parts.items()
            }
        )
        pipeline | write_manifest.WriteManifest(summary, written)


def test_the_manifest_is_written_last(tmp_path: Path) -> None:
    test = dataclasses.replace(TRAIN, file="test-1", split="test")
    finish(tmp_path, rows=[TRAIN, test], reasons=[("empty", 2)], captions=14)
    text = (tmp_path / "manifest.json").read_text()
    manifest = manifest_lib.Manifest.load(text)
    assert manifest.shards == (test, TRAIN)
    assert manifest.rejected == {"empty": 2}
    assert manifest.settings == {"dataset": "jsonl"}
    assert (tmp_path / "vocabulary.tsv").read_text() == DUMPED


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"rows": [dataclasses.replace(TRAIN, split="test")]},
            "no image fell in the train split: read 7 references, wrote 7",
        ),
        (
            {
                "reasons": [("empty", 1), ("unreadable", 2), ("broken", 1)],
                "max_reject_share": 0.1,
            },
            "4 of 11 images were rejected (36.4%, --max_reject_share is 10.0%)",
        ),
    ],
)
def test_a_bad_whole_gets_no_manifest(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataSetError) as caught:
        finish(tmp_path, **given)
    assert str(caught.value).startswith(message)
    assert [path.name for path in tmp_path.iterdir()] == [".owner"]


def test_an_empty_data_set_gets_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="^the data set has no images"):
        finish(tmp_path, rows=[], read=0, captions=0, grouped=0)


def test_lost_references_give_no_manifest(tmp_path: Path) -> None:
    message = "^images were lost: 8 read, 7 accounted for"
    with pytest.raises(manifest_lib.RecordSetError, match=message):
        finish(tmp_path, read=8)
    assert [path.name for path in tmp_path.iterdir()] == [".owner"]


def test_too_many_rejects_are_listed_by_reason(tmp_path: Path) -> None:
    reasons = [("empty", 1), ("unreadable", 2), ("broken", 1)]
    with pytest.raises(DataSetError) as caught:
        finish(tmp_path, reasons=reasons, max_reject_share=0.36)
    assert (
        ": unreadable 2 (first a.jpg: x), broken 1 (first a.jpg: x), empty 1 "
        f"(first a.jpg: x); see {tmp_path}/rejects-*.jsonl, and run again with "
        "--overwrite when they are mended"
    ) in str(caught.value)
    finish(tmp_path, reasons=reasons, max_reject_share=0.37)
    assert (tmp_path / "manifest.json").exists()
