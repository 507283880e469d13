"""A record set opens whole, or not at all."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest
import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records, tfrecord
from tests.support import fixtures


def refused(folder: Path) -> str:
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        record_set_lib.open_record_set(str(folder))
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "records"
    fixtures.write_record_set(path)
    return path


def test_splits_are_counted(folder: Path) -> None:
    manifest = record_set_lib.open_record_set(str(folder)).manifest
    assert manifest.splits == ("train", "validation")
    assert manifest.num_images("train") == 12
    assert manifest.num_images("validation") == 4


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


def asked_bytes() -> int:
    """Bytes that this process has asked the kernel to read."""
    for line in Path("/proc/self/io").read_text().splitlines():
        name, value = line.split(": ")
        if name == "rchar":
            return int(value)
    raise AssertionError("no rchar")


@pytest.mark.skipif(
    not Path("/proc/self/io").exists(), reason="only Linux counts reads"
)
def test_opening_reads_headers_and_not_the_data_between(tmp_path: Path) -> None:
    path = tmp_path / "large"
    fixtures.write_record_set(path, images={"train": 40, "validation": 4})
    manifest = json.loads((path / "manifest.json").read_text())
    rows = manifest["shards"]
    for row in rows:
        shard = path / row["file"]
        data = tfrecord.frame(b"x" * 100_000) * row["records"]
        shard.write_bytes(data)
        row["bytes"] = len(data)
        record_set_lib.check_shard(str(path), manifest_lib.Shard(**row))
    before = asked_bytes()
    for row in rows:
        record_set_lib.check_shard(str(path), manifest_lib.Shard(**row))
    asked = asked_bytes() - before
    assert asked < sum(row["bytes"] for row in rows) / 100


def test_a_bucket_is_checked_by_sizes(folder: Path) -> None:
    bucket = "ram://checked-by-sizes"
    tf.io.gfile.makedirs(bucket)
    for file in folder.iterdir():
        with tf.io.gfile.GFile(f"{bucket}/{file.name}", "wb") as copy:
            copy.write(file.read_bytes())
    opened = record_set_lib.open_record_set(bucket)
    assert opened.num_images("train") == 12
    shard = opened.manifest.shards[0]
    tf.io.gfile.remove(f"{bucket}/{shard.file}")
    with tf.io.gfile.GFile(f"{bucket}/{shard.file}", "wb") as cut:
        cut.write((folder / shard.file).read_bytes()[:-1])
    with pytest.raises(manifest_lib.RecordSetError) as error:
        record_set_lib.open_record_set(bucket)
    assert str(error.value) == (
        f"{bucket}/{shard.file}: {shard.bytes - 1} bytes, the manifest says "
        f"{shard.bytes}"
    )
