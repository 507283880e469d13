"""References become records in their order, whatever fails beside them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.card.shard_statistics import ShardLog
from pipeline.images import decode
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import records
from pipeline.shards import encode
from tests.support import mean_colour


@pytest.fixture
def encoder() -> mean_colour.MeanColour:
    return mean_colour.MeanColour()


@pytest.fixture
def encoding(
    tmp_path: Path, encoder: mean_colour.MeanColour
) -> encode.Encoding:
    return mean_colour.encoding(tmp_path, encoder)


def paint(
    encoding: encode.Encoding, name: str, colour: tuple[int, int, int]
) -> Reference:
    Image.new("RGB", (8, 6), colour).save(Path(encoding.images.path, name))
    return Reference(name, name, (f"a picture {name}",))


def painted(encoding: encode.Encoding, count: int) -> list[Reference]:
    return [
        paint(encoding, f"{number}.png", (number, 100, 7))
        for number in range(count)
    ]


def rows(
    encoding: encode.Encoding, references: list[Reference]
) -> list[records.CaptionedImage | Reject]:
    log = ShardLog()
    with encode.open_threads() as threads:
        return [
            encoding.store(row, log)
            for batch in encoding.queue(references, threads)
            for row in batch
        ]


def grid(row: records.CaptionedImage | Reject) -> list[float]:
    assert isinstance(row, records.CaptionedImage)
    return np.frombuffer(row.grid, np.float16).tolist()


def test_rows_come_in_order(encoding: encode.Encoding) -> None:
    found = rows(encoding, painted(encoding, 21))
    assert [grid(row) for row in found] == [[n, 100, 7] for n in range(21)]
    assert [row.image_id for row in found] == [f"{n}.png" for n in range(21)]


def test_an_image_may_be_a_part_of_a_file(
    encoding: encode.Encoding,
) -> None:
    whole = paint(encoding, "1.png", (1, 2, 3))
    path = Path(encoding.images.path, whole.source)
    size = path.stat().st_size
    path.write_bytes(b"before" + path.read_bytes() + b"after")
    part = dataclasses.replace(whole, offset=6, length=size)
    cut = dataclasses.replace(part, image_id="2", length=size + 99)
    kept, reject = rows(encoding, [part, cut])
    assert kept.source == f"1.png#bytes=6+{size}"
    assert grid(kept) == [1, 2, 3]
    assert isinstance(reject, Reject)
    assert (reject.source, reject.reason) == (
        f"1.png#bytes=6+{size + 99}",
        "truncated",
    )


def test_thumbnails_may_be_left_out(encoding: encode.Encoding) -> None:
    bare = dataclasses.replace(encoding, thumbnail_side=0)
    (row,) = rows(bare, painted(bare, 1))
    assert isinstance(row, records.CaptionedImage)
    assert row.thumbnail == b""


@pytest.mark.parametrize("batch_size", [1, 2, 3, 8, 32])
def test_one_image_that_cannot_be_encoded_loses_no_other(
    encoding: encode.Encoding,
    encoder: mean_colour.MeanColour,
    batch_size: int,
) -> None:
    references = painted(encoding, 11)
    references.insert(4, paint(encoding, "red.png", (255, 0, 0)))
    smaller = dataclasses.replace(encoding, batch_size=batch_size)
    found = rows(smaller, references)
    reject = Reject("red.png", "red.png", "not-encodable", "a red image")
    assert found.pop(4) == reject
    assert [grid(row) for row in found] == [[n, 100, 7] for n in range(11)]
    assert sum(encoder.batches) == 11


def test_several_bad_images_lose_no_other(
    encoding: encode.Encoding,
) -> None:
    bad = [paint(encoding, f"red-{n}.png", (255, 0, 0)) for n in range(3)]
    found = rows(encoding, painted(encoding, 6) + bad)
    reasons = [getattr(row, "reason", "") for row in found]
    assert reasons == [""] * 6 + ["not-encodable"] * 3


def test_images_above_the_limits_are_left_out(
    encoding: encode.Encoding,
) -> None:
    small = dataclasses.replace(encoding, limits=decode.Limits(max_pixels=1))
    (reject,) = rows(small, painted(small, 1))
    assert isinstance(reject, Reject)
    assert reject.reason == "too-many-pixels"
    assert reject.detail == "8 x 6 pixels, the limit is 1"


def test_a_grid_that_cannot_be_stored_is_left_out(
    encoding: encode.Encoding,
) -> None:
    (reject,) = rows(encoding, [paint(encoding, "b.png", (0, 0, 255))])
    assert isinstance(reject, Reject)
    assert reject.reason == encode.UNSTORABLE
    assert reject.detail == "grid has values that float16 cannot hold"
