"""WebDataset: images in tar files, their captions, damage, flat memory."""

import io
import json
import os
import random
import tarfile
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.files import image_root
from pipeline.readers import webdataset
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import Reference
from tests.support import pipes


def pack(path: Path, files: Iterable[tuple[str, bytes]], **how: Any) -> Path:
    with tarfile.open(path, "w", **how) as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def read(
    folder: Path, *names: str, field: str = "caption"
) -> tuple[list[Any], list[Any]]:
    """What the shards of a folder give, without Beam."""
    return pipes.parted(
        item
        for name in names
        for item in webdataset.samples(
            InputFile(f"{folder}/{name}"), str(folder), field
        )
    )


@pytest.mark.parametrize("byte", [0x80, 0xC3, 0xE9, 0xFF])
def test_a_name_that_is_not_utf8_costs_its_sample_alone(
    tmp_path: Path, byte: int
) -> None:
    odd = os.fsdecode(b"caf%c" % byte)
    files = [("1.jpg", b"1"), ("1.txt", b"a")]
    files += [(f"{odd}.jpg", b"2"), (f"{odd}.png", b"2"), (f"{odd}.txt", b"b")]
    files += [("2.jpg", b"3"), ("2.txt", b"c"), (f"2.{odd}", b"d")]
    files += [("3.jpg", b"4"), ("3.txt", b"c")]
    path = tmp_path / "1.tar"
    with tarfile.open(path, "w", errors="surrogateescape") as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    with pipes.runner() as pipeline:
        good, rejects = pipeline | webdataset.ReadWebDataset(
            [InputFile(str(path))], str(tmp_path), "caption"
        )
        ids = good | "Ids" >> beam.Map(lambda part: part.image_id)
        pipes.check(ids, ["1.tar/1", "1.tar/3"])
        names = [f"1.tar/caf\\x{byte:x}.{kind}" for kind in ("jpg", "png")]
        lost = [(name, "malformed-sample") for name in [*names, "1.tar/2"]]
        pipes.check(pipes.reasons(rejects), lost, "rejects")


@pytest.mark.parametrize(
    "form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT]
)
def test_an_image_is_read_again_by_its_range(tmp_path: Path, form: int) -> None:
    draw = random.Random(1)
    photos = {f"{number:06d}": draw.randbytes(997) for number in range(3)}
    long = "folder-" * 12 + "/7"  # Longer than a plain header holds.
    photos[long] = draw.randbytes(13)
    files = []
    for key, data in photos.items():
        files += [(f"./{key}.cls", b"7"), (f"./{key}.JPG", data)]
        files += [(f"./{key}.txt", f"a photo\nof {key}\n".encode())]
    pack(tmp_path / "1.tar", files, format=form)
    with pipes.runner() as pipeline:
        good, rejects = pipeline | webdataset.ReadWebDataset(
            [InputFile(f"{tmp_path}/1.tar", "train")], str(tmp_path), "caption"
        )
        pipes.check(rejects, [], "rejects")
        images = image_root.ImageRoot(str(tmp_path))
        pipes.check(
            good
            | beam.Map(
                lambda part: (
                    part.image_id,
                    part.captions,
                    part.split,
                    images.read(
                        part.source,
                        offset=part.offset,
                        length=part.length,
                        max_bytes=1000,
                    ),
                )
            ),
            [
                (f"1.tar/{key}", ("a photo", f"of {key}"), "train", data)
                for key, data in photos.items()
            ],
        )


@pytest.mark.parametrize(
    ("row", "captions"),
    [
        ({"caption": "one"}, ("one",)),
        ({"caption": ["one ", "", "two"]}, ("one", "", "two")),
    ],
)
def test_captions_may_stand_in_json(
    tmp_path: Path, row: Any, captions: tuple[str, ...]
) -> None:
    files = [("1.png", b"x"), ("1.json", json.dumps(row).encode())]
    pack(tmp_path / "1.tar", files)
    ((reference,), rejects) = read(tmp_path, "1.tar")
    assert (reference.captions, rejects) == (captions, [])
    good, (reject,) = read(tmp_path, "1.tar", field="text")
    assert (good, reject.reason) == ([], "malformed-sample")
    assert reject.detail == (
        "needs text, or JSON with 'text' (KeyError('text'))"
    )


def test_a_damaged_sample_loses_no_other(tmp_path: Path) -> None:
    files = [
        ("0.jpg", b"x"),
        ("0.txt", b"good"),
        ("no-image.txt", b"x"),
        ("no-text.jpg", b"x"),
        ("blank.jpg", b"x"),
        ("blank.txt", b" \n"),
        ("two.jpg", b"x"),
        ("two.png", b"x"),
        ("two.txt", b"x"),
        ("twice.jpg", b"x"),
        ("twice.txt", b"x"),
        ("twice.txt", b"x"),
        ("latin.jpg", b"x"),
        ("latin.txt", b"caf\xe9"),
        ("number.jpg", b"x"),
        ("number.json", b'{"caption": 7}'),
        ("broken.jpg", b"x"),
        ("broken.json", b"{"),
        ("half.jpg", b"x"),
        ("half.json", b'{"caption": "\\ud83d"}'),
        (".hidden.jpg", b"x"),
        ("9.jpg", b"x"),
        ("9.txt", b"good too"),
    ]
    pack(tmp_path / "1.tar", files)
    good, rejects = read(tmp_path, "1.tar")
    assert [part.image_id for part in good] == [
        f"1.tar/{key}" for key in ("0", "blank", "9")
    ]
    malformed = [
        "two.jpg",
        "two.png",
        "twice",
        "latin",
        "number",
        "broken",
        "half",
    ]
    expected = {f"1.tar/{key}": "malformed-sample" for key in malformed}
    expected["1.tar/no-text"] = "no-captions"
    expected["1.tar/no-image"] = "annotation-without-image"
    assert {row.image_id: row.reason for row in rejects} == expected
    assert {row.source for row in rejects} == {"1.tar"}
    assert rejects[0].detail == (
        "0 images among its files (txt): the files of a sample stand side by "
        "side in the tar, and share their name up to its first dot"
    )


def test_each_image_under_a_key_with_dots_is_told(tmp_path: Path) -> None:
    files = [
        (f"IMG.2020.{number}.{kind}", b"x")
        for number in range(9)
        for kind in ("jpg", "txt")
    ]
    pack(tmp_path / "1.tar", files)
    good, rejects = read(tmp_path, "1.tar")
    assert not good
    assert [row.image_id for row in rejects] == [
        f"1.tar/IMG.2020.{number}.jpg" for number in range(9)
    ]
    assert rejects[0].detail.startswith(
        "9 images among its files (2020.0.jpg, 2020.0.txt, 2020.1.jpg, "
        "2020.1.txt and 14 more): "
    )


def test_a_cut_shard_gives_what_is_whole(tmp_path: Path) -> None:
    files = [
        (f"{number}.{kind}", b"x" * 600)
        for number in range(3)
        for kind in ("jpg", "txt")
    ]
    data = pack(tmp_path / "whole.tar", files).read_bytes()
    member = 3 * tarfile.BLOCKSIZE
    for name, size in (
        ("between.tar", 4 * member),
        ("header.tar", 4 * member + 100),
        ("content.tar", 4 * member + tarfile.BLOCKSIZE + 100),
    ):
        (tmp_path / name).write_bytes(data[:size])
        good, (*rest, reject) = read(tmp_path, name)
        assert [part.image_id for part in good] == [f"{name}/0", f"{name}/1"]
        assert (reject.source, reject.reason) == (name, "malformed-shard")
    spoilt = bytearray(data)
    spoilt[4 * member + 5] ^= 1
    (tmp_path / "spoilt.tar").write_bytes(spoilt)
    good, (reject,) = read(tmp_path, "spoilt.tar")
    assert len(good) == 2
    assert reject.detail == f"no more can be read after byte {4 * member}"


@pytest.mark.parametrize(
    "data", [b"", b"no tar" * 99, b"\x1f\x8b" + b"x" * 999]
)
def test_what_is_no_shard_is_rejected(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "1.tar.gz").write_bytes(data)
    good, (reject,) = read(tmp_path, "1.tar.gz")
    assert (good, reject.reason) == ([], "malformed-shard")


def peak(path: Path, num_samples: int) -> int:
    """Bytes that Python holds at most while the shard is read."""
    pack(
        path,
        (
            (f"{number}.{kind}", b"x" * 700)
            for number in range(num_samples)
            for kind in ("jpg", "txt")
        ),
    )
    tracemalloc.start()
    found = webdataset.samples(InputFile(str(path)), str(path.parent), "x")
    assert sum(isinstance(item, Reference) for item in found) == num_samples
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


def test_memory_is_flat(tmp_path: Path) -> None:
    small = peak(tmp_path / "small.tar", 200)
    assert peak(tmp_path / "large.tar", 1_600) < small + 200_000
