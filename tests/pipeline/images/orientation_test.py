"""Whatever a camera notes, its picture is there, and the right way up."""

import itertools
import struct

import numpy as np
import pytest
from PIL import Image

from pipeline.images import decode
from tests.support.drawn_images import encoded, quadrants
from tests.support.side_parts import (
    JPEG,
    ORIENTATION,
    QUARTER_TURN,
    TAGS,
    TYPES,
    VALUES,
    exif,
    jpeg_with,
    segment,
    turned,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.*")
JPEG_PIXELS = decode.canonicalise(JPEG)


@pytest.mark.parametrize("kind", TYPES)
def test_every_tag_and_type_of_exif_leaves_the_turn(kind: int) -> None:
    for tag, (count, fill) in itertools.product(TAGS, VALUES):
        if tag == ORIENTATION:
            continue
        order = "<>"[tag % 2]
        value = fill * TYPES[kind] * min(count, 3)
        block = b"Exif\0\0" + exif((tag, kind, count, value), order=order)
        pixels = decode.canonicalise(jpeg_with(segment(0xE1, block)))
        assert (pixels == turned(JPEG_PIXELS)).all(), (tag, count)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_odd_tags_turn_every_format(file_format: str) -> None:
    pixels = quadrants()
    options = {"lossless": True} if file_format == "WEBP" else {}
    for tag in TAGS:
        block = b"Exif\0\0" + exif((tag or 1, 12, 1, b"\xff" * 8))
        data = encoded(
            Image.fromarray(pixels), file_format, exif=block, **options
        )
        error = decode.canonicalise(data) - turned(pixels).astype(int)
        assert np.abs(error).mean() < 8, tag


@pytest.mark.parametrize("kind", TYPES)
def test_an_orientation_of_any_type_is_read_or_none(kind: int) -> None:
    for count, fill in VALUES:
        row = struct.pack("<HHI", ORIENTATION, kind, count) + fill * 4
        block = b"II*\0" + struct.pack("<IH", 8, 1) + row.ljust(12, b"\0")
        data = jpeg_with(segment(0xE1, b"Exif\0\0" + block))
        assert (decode.canonicalise(data) == JPEG_PIXELS).all()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("kind", "code"), [(1, "B"), (3, "H"), (4, "I")])
def test_an_orientation_is_any_whole_number(
    kind: int, code: str, order: str
) -> None:
    value = struct.pack(f"{order}{code}", QUARTER_TURN).ljust(4, b"\0")
    row = struct.pack(f"{order}HHI", ORIENTATION, kind, 1) + value
    magic = b"II*\0" if order == "<" else b"MM\0*"
    block = magic + struct.pack(f"{order}IH", 8, 1) + row + bytes(4)
    data = jpeg_with(segment(0xE1, b"Exif\0\0" + block))
    assert (decode.canonicalise(data) == turned(JPEG_PIXELS)).all()


def test_an_exif_block_may_be_cut_anywhere() -> None:
    whole = b"Exif\0\0" + exif((0x10F, 2, 9, b"A camera\0"))
    # Six bytes, eight of a header, two of a count, two rows of twelve.
    for length in range(len(whole) + 1):
        pixels = decode.canonicalise(jpeg_with(segment(0xE1, whole[:length])))
        if length not in range(36, 40):  # The value itself is cut.
            seen = turned(JPEG_PIXELS) if length >= 40 else JPEG_PIXELS
            assert pixels.shape == seen.shape, length
