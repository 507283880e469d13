"""Thumbnails are read from their shards; other records are not."""

import base64
import dataclasses
from pathlib import Path

import pytest

from pipeline.card.data_card import Example
from pipeline.card.page import pictures
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import tfrecord
from tests.support import fixtures


@pytest.fixture
def record_set(tmp_path: Path) -> record_set_lib.RecordSet:
    return fixtures.write_uneven_record_set(tmp_path)


def stored(record_set: record_set_lib.RecordSet) -> list[Example]:
    """An example for every record, by shard and place."""
    found = []
    for row in record_set.manifest.shards:
        path = Path(record_set.path, row.file)
        with path.open("rb") as file:
            offsets = list(tfrecord.walk(file, row.bytes, row.file))
        number = sum(each.split == row.split for each in found)
        found += [
            Example(
                f"{row.split}-{number + i}", row.split, row.file, offset, ()
            )
            for i, offset in enumerate(offsets)
        ]
    return found


def test_each_example_gets_the_thumbnail_of_its_record(
    record_set: record_set_lib.RecordSet,
) -> None:
    examples = stored(record_set)[::-2]
    found = pictures.read(record_set.path, examples)
    for example in examples:
        kind, _, data = found[example].partition(";base64,")
        assert kind == "data:image/jpeg"
        said = f"thumbnail of {example.image_id}".encode()
        assert base64.b64decode(data) == said


def test_record_without_a_thumbnail_has_no_picture(tmp_path: Path) -> None:
    example = stored(fixtures.write_record_set(tmp_path))[0]
    assert pictures.read(str(tmp_path), [example]) == {example: ""}


def test_wrong_offset_is_told(record_set: record_set_lib.RecordSet) -> None:
    example = dataclasses.replace(stored(record_set)[0], offset=5)
    with pytest.raises(tfrecord.CorruptShard, match="no record begins here"):
        pictures.read(record_set.path, [example])
