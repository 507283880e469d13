"""TFDS: images within its files, damage, and a builder made for the test."""

import os
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest

from pipeline.files import image_root
from pipeline.images import decode
from pipeline.readers import tfds
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference
from pipeline.readers.table import Columns
from pipeline.recordset import tfrecord
from tests.support import pipes
from tests.support.tfds_records import example

COLUMNS = Columns("image", "captions/text")


def write(path: Path, rows: list[bytes]) -> InputFile:
    path.write_bytes(b"".join(map(tfrecord.frame, rows)))
    return InputFile(str(path), "train")


def read(file: InputFile) -> tuple[list[Any], list[Any]]:
    folder = os.path.dirname(file.path)
    return pipes.parted(tfds.examples(file, folder, COLUMNS))


def test_an_image_is_read_again_by_its_range(tmp_path: Path) -> None:
    photos = [b"first photo", b"second"]
    file = write(
        tmp_path / "a-train.tfrecord-00000-of-00001",
        [
            example(captions__text=[b"one", b" caf\xc3\xa9 "], image=[photo])
            for photo in photos
        ],
    )
    with pipes.runner() as pipeline:
        good, rejects = pipeline | tfds.ReadTfds([file], str(tmp_path), COLUMNS)
        pipes.check(rejects, [], "rejects")
        root = image_root.ImageRoot(str(tmp_path))
        pipes.check(
            good
            | beam.Map(
                lambda part: (
                    part.image_id,
                    part.captions,
                    part.split,
                    root.read(
                        part.source,
                        offset=part.offset,
                        length=part.length,
                        max_bytes=99,
                    ),
                )
            ),
            [
                (
                    f"a-train.tfrecord-00000-of-00001__{number}",
                    ("one", "caf\u00e9"),
                    "train",
                    photo,
                )
                for number, photo in enumerate(photos)
            ],
        )


def test_a_damaged_record_loses_no_other(tmp_path: Path) -> None:
    good_row = example(captions__text=[b"one"], image=[b"x"])
    rows = [
        good_row,
        example(captions__text=[b"one"]),
        example(captions__text=[b"one"], image=[b"x", b"y"]),
        example(captions__text=[b" "], image=[b"x"]),
        example(captions__text=[b"caf\xe9"], image=[b"x"]),
        b"\xff no example",
        good_row,
        good_row,
        good_row,
    ]
    file = write(tmp_path / "a", rows)
    framed = [tfrecord.frame(row) for row in rows]
    data = bytearray(b"".join(framed))
    data[len(b"".join(framed[:6])) + tfrecord.HEADER_BYTES] ^= 1
    Path(file.path).write_bytes(data[: -len(framed[8]) + 5])
    good, rejects = read(file)
    assert [part.image_id for part in good] == ["a__0", "a__3", "a__7"]
    assert [(row.image_id, row.reason) for row in rejects] == [
        ("a__1", "malformed-record"),
        ("a__2", "malformed-record"),
        ("a__4", "malformed-record"),
        ("a__5", "malformed-record"),
        ("a__6", "malformed-record"),
        ("a", "malformed-shard"),
    ]
    assert {row.source for row in rejects} == {"a"}
    assert rejects[0].detail == "'image' holds 0 images"
    assert "cut inside a header" in rejects[-1].detail


def test_a_missing_feature_is_told(tmp_path: Path) -> None:
    file = write(tmp_path / "a", [example(text=[b"one"], image=[b"x"])])
    with pytest.raises(DataSetError) as caught:
        tfds.check([file], COLUMNS)
    assert str(caught.value) == (
        f"{file.path} has no feature 'captions/text' of bytes, but 'image', "
        "'text': name them with --image_column and --caption_column"
    )
    tfds.check([file], Columns("image", "text"))


def peak(path: Path, num_rows: int) -> int:
    """Bytes that Python holds at most while the file is read."""
    row = example(captions__text=[b"one"], image=[b"x" * 500])
    file = write(path, [row] * num_rows)
    tracemalloc.start()
    found = tfds.examples(file, str(path.parent), COLUMNS)
    assert sum(isinstance(row, Reference) for row in found) == num_rows
    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return highest


def test_memory_is_flat(tmp_path: Path) -> None:
    small = peak(tmp_path / "small", 800)
    # Protobuf's own garbage comes and goes; the file is eight times as large.
    assert peak(tmp_path / "large", 6_400) < small + 500_000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Theirs, while it is prepared.
def test_a_prepared_data_set_is_found_by_name(tmp_path: Path) -> None:
    library = pytest.importorskip(
        "tensorflow_datasets", reason="the extra [tfds] is not installed"
    )

    class Drawn(library.core.GeneratorBasedBuilder):
        VERSION = library.core.Version("1.0.0")

        def _info(self) -> Any:
            text = {"text": library.features.Text(), "id": np.int64}
            features = {
                "image": library.features.Image(encoding_format="png"),
                "captions": library.features.Sequence(text),
            }
            return library.core.DatasetInfo(
                builder=self, features=library.features.FeaturesDict(features)
            )

        def _split_generators(self, manager: Any) -> Any:
            del manager
            return {
                split: self._generate_examples(split)
                for split in ("train", "val", "restval")
            }

        def _generate_examples(self, split: str) -> Any:
            for level in (10, 200):
                texts = [{"text": f"{split} {level}", "id": 1}]
                pixels = np.full((4, 5, 3), level, np.uint8)
                yield str(level), {"image": pixels, "captions": texts}

    Drawn(data_dir=str(tmp_path)).download_and_prepare()
    files = tfds.find("drawn", str(tmp_path))
    tfds.check(files, COLUMNS)
    folder = str(tmp_path / "drawn" / "1.0.0")
    found, _ = pipes.parted(
        part for file in files for part in tfds.examples(file, folder, COLUMNS)
    )
    root = image_root.ImageRoot(folder)
    seen = {}
    for part in found:
        data = root.read(
            part.source,
            offset=part.offset,
            length=part.length,
            max_bytes=1000,
        )
        level = decode.canonicalise(data)[0, 0, 0]
        seen[part.captions[0]] = (part.split, int(level))
    assert seen == {
        f"{split} {level}": (expected, level)
        for split, expected in (
            ("train", "train"),
            ("val", "validation"),
            ("restval", "train"),
        )
        for level in (10, 200)
    }
    with pytest.raises(DataSetError) as caught:
        tfds.find("painted", str(tmp_path))
    assert str(caught.value) == (
        "--annotations=painted: TFDS has prepared no such data set in "
        f"{tmp_path}; see --tfds_data_dir"
    )


def test_the_package_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets.core", None)
    with pytest.raises(DataSetError, match="pip install 'eye"):
        tfds.find("drawn", None)
