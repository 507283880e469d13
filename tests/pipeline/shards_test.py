"""Shards: one task's work, its rejects, and what is skipped the second time."""

import dataclasses
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import tensorflow as tf
from apache_beam.utils import shared
from PIL import Image

from pipeline import images, lock, origin, records, shards
from pipeline import manifest as manifest_lib
from pipeline.readers.captions import Reference
from pipeline.rejects import Reject

SPEC = records.GridSpec(locations=1, depth=3)
POISON = "poison.png"


class MeanColour:
    """An encoder to [1, 3] that fails on red, and overflows on blue.

    Attributes:
      batches: images in each call that succeeded.
    """

    def __init__(self) -> None:
        self.batches: list[int] = []

    def decode(self, data: bytes, limits: images.Limits) -> np.ndarray:
        return images.canonicalise(data, limits=limits)

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.mean(axis=(0, 1), keepdims=True, dtype=np.float32)

    def encode(self, fitted: np.ndarray, batch_size: int) -> np.ndarray:
        assert len(fitted) <= batch_size
        grids = fitted.reshape(-1, 1, 3)
        if (grids == (255, 0, 0)).all(axis=-1).any():
            raise RuntimeError("a red image")
        self.batches.append(len(fitted))
        return np.where((grids == (0, 0, 255)).all(-1)[..., None], 1e9, grids)


class Loaded:
    """Stands for the handle that loads an encoder once a process."""

    def __init__(self, encoder: MeanColour):
        self._encoder = encoder

    def acquire(self, constructor: Callable[[], Any]) -> MeanColour:
        del constructor
        return self._encoder


@pytest.fixture
def encoder() -> MeanColour:
    return MeanColour()


@pytest.fixture
def writer(tmp_path: Path, encoder: MeanColour) -> shards.ShardWriter:
    (tmp_path / "images").mkdir()
    return shards.ShardWriter(
        images=origin.ImageRoot(str(tmp_path / "images")),
        output=str(tmp_path / "out"),
        owner=lock.take(str(tmp_path / "out")),
        request="ab",
        encoder="mean",
        weights=None,
        grid=SPEC,
        num_shards=4,
        batch_size=8,
        thumbnail_side=4,
        model=cast(shared.Shared, Loaded(encoder)),
    )


def paint(
    writer: shards.ShardWriter, name: str, colour: tuple[int, int, int]
) -> Reference:
    Image.new("RGB", (8, 6), colour).save(Path(writer.images.path, name))
    return Reference(name, name, (f"a picture {name}",))


def painted(writer: shards.ShardWriter, count: int) -> list[Reference]:
    return [
        paint(writer, f"{number}.png", (number, 100, 7))
        for number in range(count)
    ]


def write(
    writer: shards.ShardWriter, number: int, references: list[Reference]
) -> tuple[manifest_lib.Shard, list[Reject]]:
    written = writer.write("train", number, references)
    return written.row, list(written.rejects)


def rows(writer: shards.ShardWriter, name: str) -> list[dict[str, Any]]:
    """The parsed records of a shard."""
    data = tf.data.TFRecordDataset(str(Path(writer.output, name)))
    return [
        {key: value.numpy() for key, value in records.parse(item, SPEC).items()}
        for item in data
    ]


def test_a_shard_holds_its_images(writer: shards.ShardWriter) -> None:
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


def test_an_image_may_be_a_part_of_a_file(
    writer: shards.ShardWriter,
) -> None:
    whole = paint(writer, "1.png", (1, 2, 3))
    path = Path(writer.images.path, whole.source)
    size = path.stat().st_size
    path.write_bytes(b"before" + path.read_bytes() + b"after")
    part = dataclasses.replace(whole, offset=6, length=size)
    cut = dataclasses.replace(part, image_id="2", length=size + 99)
    shard, rejects = write(writer, 0, [part, cut])
    (row,) = rows(writer, shard.file)
    assert row["source"] == f"1.png#bytes=6+{size}".encode()
    np.testing.assert_array_equal(row["grid"], [[1, 2, 3]])
    assert [(reject.source, reject.reason) for reject in rejects] == [
        (f"1.png#bytes=6+{size + 99}", "truncated")
    ]


def test_a_shard_can_leave_thumbnails_out(writer: shards.ShardWriter) -> None:
    bare = dataclasses.replace(writer, thumbnail_side=0)
    shard, _ = write(bare, 0, painted(bare, 1))
    assert rows(bare, shard.file)[0]["thumbnail"] == b""


def test_an_index_gives_the_place_of_each_record(
    writer: shards.ShardWriter,
) -> None:
    shard, _ = write(writer, 0, painted(writer, 5))
    index = Path(writer.output, "train-00000-of-00004.index.json")
    offsets = json.loads(index.read_text())["offsets"]
    path = Path(writer.output, shard.file)
    with path.open("rb") as file:
        assert offsets == list(records.walk(file, shard.bytes, "x"))
    assert path.stat().st_size == shard.bytes


def test_the_order_of_references_does_not_change_the_bytes(
    writer: shards.ShardWriter, tmp_path: Path
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
            writer, output=output, owner=lock.take(output)
        )
        shard, _ = write(part, 0, list(parts))
        made.append((shard, Path(output, shard.file).read_bytes()))
    assert made[0] == made[1] == made[2]
    assert rows(part, shard.file)[0]["captions"].tolist() == [b"a", b"c", b"b"]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8, 32])
def test_one_image_that_cannot_be_encoded_loses_no_other(
    writer: shards.ShardWriter, encoder: MeanColour, batch_size: int
) -> None:
    references = painted(writer, 11)
    references.insert(4, paint(writer, POISON, (255, 0, 0)))
    smaller = dataclasses.replace(writer, batch_size=batch_size)
    shard, rejects = write(smaller, 0, references)
    assert shard.records == 11
    assert rejects == [Reject(POISON, POISON, "not-encodable", "a red image")]
    assert sum(encoder.batches) == 11


def test_several_bad_images_lose_no_other(writer: shards.ShardWriter) -> None:
    references = painted(writer, 6) + [
        paint(writer, f"red-{number}.png", (255, 0, 0)) for number in range(3)
    ]
    shard, rejects = write(writer, 0, references)
    assert shard.records == 6
    assert sorted(reject.image_id for reject in rejects) == [
        "red-0.png",
        "red-1.png",
        "red-2.png",
    ]


def test_what_is_left_out_is_told_with_its_reason(
    writer: shards.ShardWriter,
) -> None:
    root = Path(writer.images.path)
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
        "missing": "unreadable",
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


def test_a_shard_may_be_empty(writer: shards.ShardWriter) -> None:
    missing = Reference("a", "a.jpg", ("x",))
    shard, rejects = write(writer, 0, [missing])
    assert (shard.records, shard.bytes, len(rejects)) == (0, 0, 1)
    again, rejects_again = write(writer, 0, [missing])
    assert (again, rejects_again) == (shard, rejects)


def test_images_above_the_limits_are_left_out(
    writer: shards.ShardWriter,
) -> None:
    parts = [paint(writer, "a.png", (9, 9, 9))]
    small = dataclasses.replace(writer, limits=images.Limits(max_pixels=1))
    row, rejects = write(small, 0, parts)
    assert row.records == 0
    assert [reject.reason for reject in rejects] == ["too-many-pixels"]


def test_a_finished_shard_is_skipped(
    writer: shards.ShardWriter, encoder: MeanColour
) -> None:
    references = [*painted(writer, 5), Reference("a", "a.jpg", ("x",))]
    first = writer.write("train", 0, references)
    calls = len(encoder.batches)
    assert writer.write("train", 0, references[::-1]) == first
    assert len(encoder.batches) == calls


@pytest.mark.parametrize("change", [{"request": "cd"}, {"images": "moved"}])
def test_a_shard_of_another_request_is_made_again(
    writer: shards.ShardWriter,
    encoder: MeanColour,
    tmp_path: Path,
    change: dict[str, Any],
) -> None:
    references = painted(writer, 3)
    writer.write("train", 0, references)
    calls = len(encoder.batches)
    if "images" in change:
        moved = Path(writer.images.path).rename(tmp_path / "moved")
        change = {"images": origin.ImageRoot(str(moved))}
    changed = dataclasses.replace(writer, **change)
    assert changed.write("train", 0, references).row.records == 3
    assert len(encoder.batches) == calls + 1


def test_a_shard_with_other_captions_is_made_again(
    writer: shards.ShardWriter, encoder: MeanColour
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
    writer: shards.ShardWriter, damage: Callable[[Path], None], suffix: str
) -> None:
    references = painted(writer, 3)
    first = writer.write("train", 0, references)
    path = Path(writer.output, f"train-00000-of-00004.{suffix}")
    before = path.read_bytes()
    damage(path)
    assert writer.write("train", 0, references) == first
    assert path.read_bytes() == before


def test_a_failed_write_leaves_no_shard(
    writer: shards.ShardWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: records.CaptionedImage) -> bytes:
        raise OSError("no space left on device")

    monkeypatch.setattr(records.CaptionedImage, "to_bytes", broken)
    with pytest.raises(OSError, match="^no space left on device$"):
        writer.write("train", 0, painted(writer, 3))
    assert [path.name for path in Path(writer.output).iterdir()] == [".owner"]


def test_a_shard_is_not_published_once_another_run_has_the_folder(
    writer: shards.ShardWriter,
) -> None:
    references = painted(writer, 3)
    taken = lock.take(writer.output)
    with pytest.raises(lock.LockError) as caught:
        writer.write("train", 0, references)
    assert str(caught.value) == (
        f"{writer.output} was taken from {writer.owner} by {taken}: nothing "
        "more was written"
    )
    assert [path.name for path in Path(writer.output).iterdir()] == [".owner"]
