"""Which side files are read, and which are refused.

`write_shard_test.py` tests the side files that shards get.
"""

import dataclasses
import json
from pathlib import Path

import pytest

from pipeline.card.shard_statistics import ShardLog
from pipeline.files import download
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import manifest
from pipeline.shards import shard_index

ROW = manifest.Shard("a.tfrecord", "train", 0, 0, 0, "00")
SIDE = {
    "key": "k",
    "row": dataclasses.asdict(ROW),
    "rejects": [Reject("a", "a.jpg", "empty", "").row],
    "offsets": [],
    "card": ShardLog().to_json(),
}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "a.tfrecord").write_bytes(b"")
    shard_index.write(str(tmp_path), "a", SIDE)
    return str(tmp_path)


def test_a_side_file_comes_back(folder: str) -> None:
    side = shard_index.read(folder, "a", "k")
    assert side == json.loads(json.dumps(SIDE))
    written = shard_index.WrittenShard.join(
        side, [Reference("a", "a.jpg", ("x",))], {"a": 1}
    )
    assert written.row == ROW
    assert [reject.image_id for reject in written.rejects] == ["a"]
    assert [reject.captions for reject in written.rejects] == [1]
    assert written.facts.images == ()


def test_another_key_or_none_is_no_side_file(folder: str) -> None:
    assert shard_index.read(folder, "a", "other") is None
    assert shard_index.read(folder, "b", "k") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"key": "k"}', "\0"])
def test_damage_is_no_side_file(folder: str, text: str) -> None:
    Path(folder, "a.index.json").write_text(text)
    assert shard_index.read(folder, "a", "k") is None


def test_an_image_that_no_server_sent_is_asked_for_again(folder: str) -> None:
    lost = Reject("a", "http://a.org/a.jpg", download.UNANSWERED, "HTTP 503")
    side = SIDE | {"rejects": [dataclasses.asdict(lost)]}
    shard_index.write(folder, "a", side)
    assert shard_index.read(folder, "a", "k") is None
