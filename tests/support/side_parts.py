"""Parts of image files that stand beside the pixels."""

import struct
import zlib

import numpy as np
from PIL import ExifTags, Image

from tests.support.drawn_images import encoded, quadrants

ORIENTATION, QUARTER_TURN = 0x0112, 6
TAGS = sorted(
    {int(tag) for group in (ExifTags.Base, ExifTags.GPS) for tag in group}
    | {0, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop, 0xFFFF}
)
# Bytes of a value of each type; the last two are no types.
TYPES = {
    **{1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4},
    **{12: 8, 13: 4, 16: 8, 17: 8, 18: 8, 0: 1, 99: 1},
}
VALUES = [(0, b""), (1, b"\xff"), (1, b"\0"), (3, b"\x80"), (1 << 31, b"\xff")]


def exif(*others: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """An EXIF block that says a quarter turn, and other tags."""
    turn = struct.pack(f"{order}H", QUARTER_TURN)
    rows = sorted([(ORIENTATION, 3, 1, turn), *others])
    magic = b"II*\0" if order == "<" else b"MM\0*"
    block = magic + struct.pack(f"{order}IH", 8, len(rows))
    place, values = len(block) + 12 * len(rows) + 4, b""
    for tag, kind, count, value in rows:
        field = value.ljust(4, b"\0")
        if len(value) > 4:
            field = struct.pack(f"{order}I", place + len(values))
            values += value
        block += struct.pack(f"{order}HHI", tag, kind, count) + field
    return block + bytes(4) + values


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def chunk(name: bytes, body: bytes, *, sound: bool = True) -> bytes:
    check = zlib.crc32(name + body) ^ (not sound)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def turned(pixels: np.ndarray) -> np.ndarray:
    return np.rot90(pixels, -1)


JPEG = encoded(Image.fromarray(quadrants()), "JPEG", quality=95)


def jpeg_with(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]
