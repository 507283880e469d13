"""Manifest: a round trip, a digest of content, each way to be broken."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records, tfrecord
from tests.support import fixtures

SHARD = manifest_lib.Shard("train-0", "train", 3, 9, 100, "ab" * 32)
MANIFEST = manifest_lib.Manifest(
    encoder={"architecture": "é", "mean": [1.5, 2.0]},
    grid=records.GridSpec(4, 6, "bfloat16"),
    shards=(SHARD, dataclasses.replace(SHARD, file="test-0", split="test")),
    vocabulary_sha256="cd" * 32,
    rejected={"unreadable": 2},
    settings={"min_count": 1, "nested": {"a": None}},
)


def refused(folder: Path) -> str:
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        record_set_lib.open_record_set(str(folder))
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "records"
    fixtures.write_record_set(path)
    return path


def test_dump_and_load_are_inverse() -> None:
    again = manifest_lib.Manifest.load(MANIFEST.dump())
    assert again == MANIFEST
    assert again.dump() == MANIFEST.dump()


def test_digests_do_not_depend_on_the_order_of_keys() -> None:
    pairs = {"b": 1, "a": [1, {"d": "é", "c": 2}]}
    turned = {"a": [1, {"c": 2, "d": "é"}], "b": 1}
    assert manifest_lib.digest(pairs) == manifest_lib.digest(turned)
    assert manifest_lib.digest(pairs) == (
        "0fa395c8fd4378ad73a5df5622ec6e766111c2be243ee97cf72e7e841a9578b9"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"encoder": {"architecture": "e", "mean": [1.5, 2.0]}},
        {"grid": records.GridSpec(4, 6)},
        {"shards": MANIFEST.shards[:1]},
        {"shards": (dataclasses.replace(SHARD, sha256="00" * 32),)},
        {"vocabulary_sha256": "ce" * 32},
        {"rejected": {}},
        {"settings": {"min_count": 2}},
        {"card_sha256": "ef" * 32},
        {"schema": 3},
    ],
)
def test_the_digest_knows_all_content(change: dict[str, Any]) -> None:
    changed = dataclasses.replace(MANIFEST, **change)
    assert changed.digest != MANIFEST.digest


def test_a_changed_manifest_is_refused() -> None:
    text = MANIFEST.dump().replace('"records": 3', '"records": 4', 1)
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        manifest_lib.Manifest.load(text)
    found = str(caught.value)
    assert found.startswith("damaged manifest: digest ")
    assert found.endswith(f", it says {MANIFEST.digest[:12]}")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", '"x"', "{}", '{"digest": "x"}', "\ufffd\0"],
)
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(
        manifest_lib.RecordSetError, match="^damaged manifest: "
    ):
        manifest_lib.Manifest.load(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"bfloat16"', '"bfloat17"'),
        ('"file"', '"fill"'),
        (f'"{MANIFEST.digest}"', "7"),
        ('"rejected": {', '"rejected": 1, "more": {'),
    ],
)
def test_a_manifest_that_holds_other_fields_is_refused(
    old: str, new: str
) -> None:
    assert old in MANIFEST.dump()
    with pytest.raises(
        manifest_lib.RecordSetError, match="^damaged manifest: "
    ):
        manifest_lib.Manifest.load(MANIFEST.dump().replace(old, new))


def test_a_manifest_of_before_the_data_card_keeps_its_digest() -> None:
    row = dataclasses.asdict(MANIFEST) | {"schema": 1}
    del row["card_sha256"]
    digest = manifest_lib.digest(row)
    text = manifest_lib.canonical_json(row | {"digest": digest})
    old = manifest_lib.Manifest.load(text)
    assert old.card_sha256 is None
    assert old.digest == digest
    assert old.dump() == text


def test_another_schema_is_refused_by_number() -> None:
    other = dataclasses.replace(MANIFEST, schema=99)
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        manifest_lib.Manifest.load(other.dump())
    assert str(caught.value) == (
        "manifest schema 99, this version reads 1 and 2: make the record set "
        "anew"
    )


def test_splits_are_counted(folder: Path) -> None:
    manifest = record_set_lib.open_record_set(str(folder)).manifest
    assert manifest.splits == ("train", "validation")
    assert manifest.num_images("train") == 12
    assert manifest.num_images("validation") == 4


def test_an_unknown_split_is_answered_with_those_there_are() -> None:
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        MANIFEST.shards_of("dev")
    assert str(caught.value) == (
        "no split 'dev' in the record set; it has test, train"
    )


def test_an_open_record_set_names_files_that_tensorflow_reads(
    folder: Path,
) -> None:
    record_set = record_set_lib.open_record_set(str(folder))
    parts = record_set.parts("train")
    assert [(part.first, part.records) for part in parts] == [(0, 6), (0, 6)]
    data = tf.data.TFRecordDataset([part.path for part in parts])
    row = records.parse(next(iter(data)), record_set.manifest.grid)
    assert row["grid"].shape == (4, 6)
    caption = row["captions"][0].numpy().decode()
    ids = record_set.vocabulary.encode(row["captions"], 8)[0].numpy()
    assert record_set.vocabulary.decode(ids) == caption


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none"
    assert refused(path) == (
        f"no record set at {str(path)!r}: make one with `python -m "
        "pipeline.main`"
    )


def test_an_unfinished_record_set_is_told(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert refused(folder) == (
        f"{str(folder)!r} has no manifest.json: the job that makes it has not "
        "finished; run the same `python -m pipeline.main` again"
    )


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe\x00", b"\x80" * 9])
def test_a_damaged_manifest_is_told(folder: Path, data: bytes) -> None:
    (folder / "manifest.json").write_bytes(data)
    assert refused(folder).startswith("damaged manifest: ")


def test_any_flipped_bit_in_the_manifest_is_found(folder: Path) -> None:
    path = folder / "manifest.json"
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        flipped = bytearray(whole)
        flipped[place] ^= 4
        if json_equal(bytes(flipped), whole):
            continue
        path.write_bytes(flipped)
        assert refused(folder)


def json_equal(left: bytes, right: bytes) -> bool:
    try:
        return bool(json.loads(left) == json.loads(right))
    except ValueError:
        return False


def test_a_missing_shard_is_told(folder: Path) -> None:
    path = folder / "train-00001-of-00002.tfrecord"
    path.unlink()
    assert refused(folder) == f"{path}: in the manifest, but missing"


def test_a_shard_of_another_size_is_told(folder: Path) -> None:
    path = folder / "train-00001-of-00002.tfrecord"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert refused(folder) == (
        f"{path}: {len(whole) - 1} bytes, the manifest says {len(whole)}"
    )


def test_a_shard_with_other_records_is_told(folder: Path) -> None:
    path = folder / "train-00001-of-00002.tfrecord"
    size = path.stat().st_size
    path.write_bytes(tfrecord.frame(b"\0" * (size - 16)))
    assert refused(folder) == f"{path}: 1 records, the manifest says 6"


def test_a_shard_with_broken_framing_is_told(folder: Path) -> None:
    path = folder / "validation-00000-of-00002.tfrecord"
    path.write_bytes(b"\0" * path.stat().st_size)
    with pytest.raises(tfrecord.CorruptShard) as caught:
        record_set_lib.open_record_set(str(folder))
    assert str(caught.value) == f"{path}: damaged header at byte 0"


@pytest.mark.parametrize(
    "data", [b"", b"<pad>", b"<pad>\t0\n<unk>\tx\n", b"\xff\xfe"]
)
def test_a_damaged_vocabulary_is_told(folder: Path, data: bytes) -> None:
    (folder / "vocabulary.tsv").write_bytes(data)
    assert refused(folder) == (
        f"{str(folder)!r}: vocabulary.tsv is not the one in the manifest"
    )


def test_the_vocabulary_of_another_record_set_is_told(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    fixtures.write_record_set(other, captions_per_image=3)
    text = (other / "vocabulary.tsv").read_text()
    (folder / "vocabulary.tsv").write_text(text)
    assert refused(folder) == (
        f"{str(folder)!r}: vocabulary.tsv is not the one in the manifest"
    )


def test_a_missing_vocabulary_is_told(folder: Path) -> None:
    (folder / "vocabulary.tsv").unlink()
    assert refused(folder) == f"{folder / 'vocabulary.tsv'}: missing"


def test_another_data_card_is_refused(tmp_path: Path) -> None:
    made = fixtures.write_record_set(tmp_path / "records")
    folder = Path(made.path)
    card = folder / "data_card.json"
    card.write_text("{}")
    digest = hashlib.sha256(card.read_bytes()).hexdigest()
    manifest = dataclasses.replace(made.manifest, card_sha256=digest)
    (folder / "manifest.json").write_text(manifest.dump())
    assert record_set_lib.open_record_set(str(folder)).manifest == manifest
    card.write_text("{ }")
    assert refused(folder) == (
        f"{str(folder)!r}: data_card.json is not the one in the manifest"
    )
    card.unlink()
    assert refused(folder) == f"{card}: missing"
