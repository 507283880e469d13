"""Writing a shard: its records, its rejects, and what a second run skips."""

import dataclasses
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipeline.files import image_root, ownership
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import manifest, records, tfrecord
from pipeline.shards import write_shard
from tests.support import mean_colour


@pytest.fixture
def encoder() -> mean_colour.MeanColour:
    return mean_colour.MeanColour()


@pytest.fixture
def writer(
    tmp_path: Path, encoder: mean_colour.MeanColour
) -> write_shard.ShardWriter:
    (tmp_path / "images").mkdir()
    return write_shard.ShardWriter(
        encoding=mean_colour.encoding(tmp_path / "images", encoder),
        output=str(tmp_path / "out"),
        owner=ownership.take(str(tmp_path / "out")),
        request="ab",
        num_shards=4,
    )


def paint(
    writer: write_shard.ShardWriter, name: str, colour: tuple[int, int, int]
) -> Reference:
    Image.new("RGB", (8, 6), colour).save(
        Path(writer.encoding.images.path, name)
    )
    return Reference(name, name, (f"a picture {name}",))


def painted(writer: write_shard.ShardWriter, count: int) -> list[Reference]:
    return [
        paint(writer, f"{number}.png", (number, 100, 7))
        for number in range(count)
    ]


def write(
    writer: write_shard.ShardWriter, number: int, references: list[Reference]
) -> tuple[manifest.Shard, list[Reject]]:
    written = writer.write("train", number, references)
    return written.row, list(written.rejects)


def rows(writer: write_shard.ShardWriter, name: str) -> list[dict[str, Any]]:
    """The parsed records of a shard."""
    data = tf.data.TFRecordDataset(str(Path(writer.output, name)))
    return [
        {
            key: value.numpy()
            for key, value in records.parse(item, mean_colour.SPEC).items()
        }
        for item in data
    ]


def test_a_shard_holds_its_images(writer: write_shard.ShardWriter) -> None:
    references = painted(writer, 5)
    shard, rejects = write(writer, 3, references)
    assert rejects == []
    assert (shard.file, shard.split) == (
        "train-00003-of-00004.tfrecord",
        "train",
    )
    assert (shard.records, shard.captions) == (5, 5)
    found = {row["image_id"].decode(): row for row in rows(writer, shard.file)}
    assert sorted(found) == [reference.image_id for reference in references]
    np.testing.assert_array_equal(found["2.png"]["grid"], [[2, 100, 7]])
    assert found["2.png"]["captions"].tolist() == [b"a picture 2.png"]
    with Image.open(io.BytesIO(found["2.png"]["thumbnail"])) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (4, 3))


def test_an_index_gives_the_place_of_each_record(
    writer: write_shard.ShardWriter,
) -> None:
    shard, _ = write(writer, 0, painted(writer, 5))
    index = Path(writer.output, "train-00000-of-00004.index.json")
    offsets = json.loads(index.read_text())["offsets"]
    path = Path(writer.output, shard.file)
    with path.open("rb") as file:
        assert offsets == list(tfrecord.walk(file, shard.bytes, "x"))
    assert path.stat().st_size == shard.bytes


def test_the_order_of_references_does_not_change_the_bytes(
    writer: write_shard.ShardWriter, tmp_path: Path
) -> None:
    parts = [
        dataclasses.replace(reference, captions=(text,), order=order)
        for reference in painted(writer, 9)
        for order, text in enumerate(["a", "c", "b"])
    ]
    made = []
    for number in range(3):
        random.shuffle(parts)
        output = str(tmp_path / f"out-{number}")
        part = dataclasses.replace(
            writer, output=output, owner=ownership.take(output)
        )
        shard, _ = write(part, 0, list(parts))
        made.append((shard, Path(output, shard.file).read_bytes()))
    assert made[0] == made[1] == made[2]
    assert rows(part, shard.file)[0]["captions"].tolist() == [b"a", b"c", b"b"]


def test_what_is_left_out_is_told_with_its_reason(
    writer: write_shard.ShardWriter,
) -> None:
    root = Path(writer.encoding.images.path)
    (root / "empty.jpg").write_bytes(b"")
    (root / "text.jpg").write_bytes(b"no picture")
    (root / "folder.jpg").mkdir()
    whole = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(whole, "JPEG")
    (root / "cut.jpg").write_bytes(whole.getvalue()[:-200])
    names = ["empty", "text", "folder", "cut", "missing", "a\0b", "x" * 300]
    references = [
        Reference(name, f"{name}.jpg", ("a caption",)) for name in names
    ]
    references += [
        Reference("climbs", "../a.jpg", ("a",)),
        Reference("url", "http://a.org/a.jpg", ("a",)),
        Reference("twice", "0.png", ("a",)),
        Reference("twice", "1.png", ("a",)),
        paint(writer, "blue.png", (0, 0, 255)),
    ]
    shard, rejects = write(writer, 0, references + painted(writer, 2))
    assert shard.records == 2
    assert {reject.image_id: reject.reason for reject in rejects} == {
        "empty": "empty",
        "text": "unknown-format",
        "folder": "unreadable",
        "cut": "truncated",
        "missing": "no-such-image",
        "a\0b": "unreadable",
        "x" * 300: "unreadable",
        "climbs": "outside-root",
        "url": "url-not-allowed",
        "twice": "conflicting-references",
        "blue.png": "unstorable-grid",
    }
    details = {reject.image_id: reject.detail for reject in rejects}
    assert "No such file or directory" in details["missing"]
    assert details["blue.png"] == "grid has values that float16 cannot hold"
    assert details["twice"] == "stands for [('0.png', ''), ('1.png', '')]"


def test_a_shard_may_be_empty(writer: write_shard.ShardWriter) -> None:
    missing = Reference("a", "a.jpg", ("x",))
    shard, rejects = write(writer, 0, [missing])
    assert (shard.records, shard.bytes, len(rejects)) == (0, 0, 1)
    again, rejects_again = write(writer, 0, [missing])
    assert (again, rejects_again) == (shard, rejects)


def test_a_finished_shard_is_skipped(
    writer: write_shard.ShardWriter, encoder: mean_colour.MeanColour
) -> None:
    references = [*painted(writer, 5), Reference("a", "a.jpg", ("x",))]
    first = writer.write("train", 0, references)
    calls = len(encoder.batches)
    assert writer.write("train", 0, references[::-1]) == first
    assert len(encoder.batches) == calls


@pytest.mark.parametrize("change", [{"request": "cd"}, {"images": "moved"}])
def test_a_shard_of_another_request_is_made_again(
    writer: write_shard.ShardWriter,
    encoder: mean_colour.MeanColour,
    tmp_path: Path,
    change: dict[str, Any],
) -> None:
    references = painted(writer, 3)
    writer.write("train", 0, references)
    calls = len(encoder.batches)
    if "images" in change:
        moved = Path(writer.encoding.images.path).rename(tmp_path / "moved")
        root = image_root.ImageRoot(str(moved))
        change = {"encoding": dataclasses.replace(writer.encoding, images=root)}
    changed = dataclasses.replace(writer, **change)
    assert changed.write("train", 0, references).row.records == 3
    assert len(encoder.batches) == calls + 1


def test_a_shard_with_other_captions_is_made_again(
    writer: write_shard.ShardWriter, encoder: mean_colour.MeanColour
) -> None:
    references = painted(writer, 3)
    writer.write("train", 0, references)
    calls = len(encoder.batches)
    references[0] = dataclasses.replace(references[0], captions=("other",))
    writer.write("train", 0, references)
    assert len(encoder.batches) == calls + 1


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def zero(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


@pytest.mark.parametrize("damage", [delete, cut, zero])
@pytest.mark.parametrize("suffix", ["tfrecord", "index.json"])
def test_a_damaged_shard_is_made_again(
    writer: write_shard.ShardWriter, damage: Callable[[Path], None], suffix: str
) -> None:
    references = painted(writer, 3)
    first = writer.write("train", 0, references)
    path = Path(writer.output, f"train-00000-of-00004.{suffix}")
    before = path.read_bytes()
    damage(path)
    assert writer.write("train", 0, references) == first
    assert path.read_bytes() == before


def test_a_failed_write_leaves_no_shard(
    writer: write_shard.ShardWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: records.CaptionedImage) -> bytes:
        raise OSError("no space left on device")

    monkeypatch.setattr(records.CaptionedImage, "to_bytes", broken)
    with pytest.raises(OSError, match="^no space left on device$"):
        writer.write("train", 0, painted(writer, 3))
    assert [path.name for path in Path(writer.output).iterdir()] == [".owner"]


def test_a_shard_is_not_published_once_another_run_has_the_folder(
    writer: write_shard.ShardWriter,
) -> None:
    references = painted(writer, 3)
    taken = ownership.take(writer.output)
    with pytest.raises(ownership.LockError) as caught:
        writer.write("train", 0, references)
    assert str(caught.value) == (
        f"{writer.output} was taken from {writer.owner} by {taken}: nothing "
        "more was written"
    )
    assert [path.name for path in Path(writer.output).iterdir()] == [".owner"]
