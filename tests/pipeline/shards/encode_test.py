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


CORNERS = ("flip", "top-left", "bottom-right")


@pytest.fixture
def seeing(encoding: encode.Encoding) -> encode.Encoding:
    return dataclasses.replace(encoding, views=CORNERS)


def drawn(
    encoding: encode.Encoding, name: str, *, captions: tuple[str, ...] = ("a",)
) -> Reference:
    """An image of train whose corners have other colours than the whole."""
    pixels = np.random.default_rng(list(name.encode())).integers(
        0, 255, (16, 24, 3), np.uint8
    )
    Image.fromarray(pixels).save(Path(encoding.images.path, name))
    return Reference(name, name, captions, split="train")


def test_views_are_what_the_encoder_makes_of_their_pixels(
    seeing: encode.Encoding,
) -> None:
    references = [drawn(seeing, f"{number}.png") for number in range(11)]
    for row, reference in zip(
        rows(seeing, references), references, strict=True
    ):
        assert isinstance(row, records.CaptionedImage)
        pixels = np.asarray(
            Image.open(Path(seeing.images.path, reference.source))
        )
        by_hand = {
            "flip": pixels[:, ::-1],
            "top-left": pixels[:14, :21],
            "bottom-right": pixels[2:, 3:],
        }
        assert list(row.views) == list(by_hand)
        for name, part in by_hand.items():
            stored = np.frombuffer(row.views[name], np.float16)
            mean = part.mean((0, 1), dtype=np.float32).astype(np.float16)
            np.testing.assert_array_equal(stored, mean)


def test_views_change_nothing_else_of_a_record(
    encoding: encode.Encoding, seeing: encode.Encoding
) -> None:
    references = [drawn(encoding, f"{number}.png") for number in range(11)]
    for plain, seen in zip(
        rows(encoding, references), rows(seeing, references), strict=True
    ):
        assert isinstance(seen, records.CaptionedImage)
        assert dataclasses.replace(seen, views={}) == plain


def test_train_images_alone_have_views(seeing: encode.Encoding) -> None:
    train = drawn(seeing, "1.png")
    splits = ("validation", "test", "dev", "train")
    for row, split in zip(
        rows(seeing, [dataclasses.replace(train, split=s) for s in splits]),
        splits,
        strict=True,
    ):
        assert isinstance(row, records.CaptionedImage)
        assert bool(row.views) == (split == "train")


def test_an_image_with_a_side_in_a_caption_has_no_flip(
    seeing: encode.Encoding,
) -> None:
    captions = ("a dog", "a dog at the left of a cat")
    (row,) = rows(seeing, [drawn(seeing, "1.png", captions=captions)])
    assert isinstance(row, records.CaptionedImage)
    assert list(row.views) == ["top-left", "bottom-right"]


def test_a_view_that_cannot_be_used_costs_its_own_image_alone(
    seeing: encode.Encoding,
) -> None:
    references = [drawn(seeing, f"{number}.png") for number in range(5)]
    for name, colour in (("1.png", (255, 0, 0)), ("3.png", (0, 0, 255))):
        image = Image.new("RGB", (16, 16), colour)
        image.putpixel((15, 15), (9, 9, 9))  # Outside of the top left.
        image.save(Path(seeing.images.path, name))
    reasons = [getattr(row, "reason", "") for row in rows(seeing, references)]
    assert reasons == ["", "not-encodable", "", encode.UNSTORABLE, ""]
