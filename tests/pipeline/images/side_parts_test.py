"""What stands beside the pixels costs no picture, whatever it holds."""

import itertools
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from pipeline.images import decode, side_parts
from tests.support.drawn_images import encoded, noise, quadrants
from tests.support.side_parts import (
    JPEG,
    ORIENTATION,
    TAGS,
    TYPES,
    VALUES,
    chunk,
    exif,
    jpeg_with,
    segment,
    turned,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.*")
JPEG_PIXELS = decode.canonicalise(JPEG)


# Where the pixels are, how large and how stored: no notes beside them.
TIFF_STRUCTURE = {
    *(*range(254, 263), 266, 273, 274, 277, 278, 279, 284, 292, 293, 317),
    *(318, 319, *range(320, 326), *range(332, 342), 347, *range(512, 533)),
}


def tiff_with(tag: int, kind: int, count: int, value: bytes) -> bytes:
    """A turned TIFF file with one more tag."""
    tiff = encoded(Image.fromarray(quadrants(8)), "TIFF")
    begin, rows = struct.unpack("<I", tiff[4:8])[0] + 2, []
    for place in range(begin, begin + 12 * tiff[begin - 2], 12):
        rows.append(tiff[place : place + 12])
    for more in ((ORIENTATION, 3, 1, b"\6"), (tag, kind, count, value)):
        rows.append(struct.pack("<HHI4s", *more))
    rows.sort(key=lambda row: row[1::-1])
    end = struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4)
    return tiff[:4] + struct.pack("<I", len(tiff)) + tiff[8:] + end


@pytest.mark.parametrize("kind", TYPES)
def test_no_tag_beside_the_pixels_costs_a_tiff(kind: int) -> None:
    tags = {*TAGS, 700, 33723, 34377, 34675, 37724, 50706}
    for tag, (count, fill) in itertools.product(tags - TIFF_STRUCTURE, VALUES):
        data = tiff_with(tag, kind, count, fill * 4)
        pixels = decode.canonicalise(data)
        assert (pixels == turned(quadrants(8))).all(), (tag, count)


BEGINNINGS = (
    *(
        b"",
        b"JFIF\0",
        b"JFXX\0",
        b"ICC_PROFILE\0",
        b"MPF\0",
        b"Photoshop 3.0\0",
    ),
    *(b"Photoshop 3.0\x008BIM", b"Adobe", b"FPXR\0", b"Ducky", b"Exif\0\0"),
    *(b"MPF\0II*\0\x08\0\0\0", b"http://ns.adobe.com/xap/1.0/\0"),
)


@pytest.mark.parametrize("marker", [*range(0xE0, 0xF0), 0xFE])
def test_no_segment_beside_the_pixels_costs_a_jpeg(marker: int) -> None:
    for begin, size, fill in itertools.product(
        BEGINNINGS, (0, 1, 2, 5, 20, 200), (b"\0", b"\xff", b"8")
    ):
        if begin == b"Adobe" and marker == 0xEE and size >= 7:
            continue  # Says how colours are stored.
        data = jpeg_with(
            segment(0xE1, b"Exif\0\0" + exif()),
            segment(marker, begin + fill * size),
        )
        pixels = decode.canonicalise(data)
        assert (pixels == turned(JPEG_PIXELS)).all(), (begin, size, fill)


CHUNKS = (
    *(b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"),
    *(b"bKGD", b"hIST", b"tRNS", b"eXIf", b"pHYs", b"sPLT", b"tIME", b"iTXt"),
    *(b"tEXt", b"zTXt", b"acTL", b"fcTL", b"fdAT", b"oFFs", b"pCAL", b"sCAL"),
    *(b"gIFg", b"gIFt", b"gIFx", b"sTER", b"dSIG", b"caBX", b"iDOT", b"vpAg"),
    *(b"prVt", b"aaaa", b"zzzz"),
)
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


BOMB = zlib.compress(bytes(70 << 20), 1)


def bodies(name: bytes) -> Iterator[tuple[bytes, bool]]:
    """What a chunk may hold, and whether its checksum fits."""
    for size, fill in itertools.product(
        (0, 1, 4, 8, 9, 13, 26, 300), b"\0\xff"
    ):
        yield bytes([fill]) * size, False
        # Of a sound length, `tRNS` is a transparent colour.
        if name != b"tRNS" or not size:
            yield bytes([fill]) * size, True
    if name in (b"iCCP", b"iTXt", b"tEXt", b"zTXt"):
        yield b"Raw profile type exif\0\0" + zlib.compress(b"\n\n 3\nzz"), True
        yield b"Comment\0\0" + BOMB, True
        yield b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB, True


def png_of(mode: str) -> bytes:
    if mode == "I;16":
        wide = np.arange(600, dtype=np.uint16).reshape(20, 30) * 109
        return encoded(Image.fromarray(wide), "PNG")
    return encoded(Image.fromarray(noise()).convert(mode), "PNG")


@pytest.mark.parametrize("name", CHUNKS)
def test_no_ancillary_chunk_costs_a_png(name: bytes) -> None:
    for mode in MODES:
        png = png_of(mode)
        expected = decode.canonicalise(png)
        places = [33, png.index(b"IDAT") - 4, len(png) - 12]
        if name == b"tRNS":  # Pillow heeds it even after the pixels.
            places.pop()
        for place in places:
            for body, sound in bodies(name):
                added = chunk(name, body, sound=sound)
                pixels = decode.canonicalise(png[:place] + added + png[place:])
                assert pixels.shape == expected.shape
                assert (pixels == expected).all(), (mode, place, body[:30])


def test_a_png_keeps_its_transparency_and_turn_beside_damage() -> None:
    image = Image.fromarray(quadrants()).convert("P")
    block = b"Exif\0\0" + exif()
    for mode in ("P", "RGB", "L"):
        clear = {"P": 0, "RGB": (255, 0, 0), "L": 76}[mode]
        png = encoded(
            image.convert(mode), "PNG", transparency=clear, exif=block
        )
        place = png.index(b"IDAT") - 4
        damage = chunk(b"pHYs", b"\0")
        damaged = png[:place] + damage + png[place:]
        expected = decode.canonicalise(png)
        assert expected.shape == (64, 32, 3)
        assert (decode.canonicalise(damaged) == expected).all()
        pruned = side_parts.without(damaged, "PNG")
        assert b"pHYs" not in pruned and b"tRNS" in pruned


def test_damaged_pixels_are_still_rejected() -> None:
    png = png_of("RGB")
    noted = png[:33] + chunk(b"pHYs", b"\0") + png[33:]
    with pytest.raises(decode.RejectedImage, match="^truncated: PNG"):
        decode.canonicalise(noted[:300])
    jpeg = jpeg_with(segment(0xEE, b"Adobe"))
    with pytest.raises(decode.RejectedImage, match="^truncated: JPEG"):
        decode.canonicalise(jpeg[: len(jpeg) // 2])
