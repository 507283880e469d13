"""Takes out of an image file what does not bear on its pixels.

Comments, colour profiles and a camera's notes may be damaged in a file whose
pixels are whole.
"""

import struct
import zlib
from collections.abc import Iterator

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"tRNS", b"eXIf")
# By colour type: grey, RGB and palette.
_PNG_TRANSPARENT_BYTES = {0: (2,), 2: (6,), 3: range(1, 257)}

_START_OF_SCAN = 0xDA
# Of JFIF and of Adobe, which tell how colours are stored; and EXIF.
_JPEG_KEPT, _JPEG_EXIF, _LEAST_BYTES = (0xE0, 0xEE), 0xE1, 14
_JPEG_SIDE = (*range(0xE0, 0xF0), 0xFE)

_TIFF_ROW_BYTES = 12
# What TIFF 6.0 needs to know of the pixels, and which way up they are.
_TIFF_KEPT = {
    *(*range(254, 263), 266, 273, 274, 277, 278, 279, 284, 292, 293, 317),
    *(*range(320, 326), *range(332, 342), 347, *range(512, 533)),
}


def without(data: bytes, file_format: str) -> bytes:
    """Leaves out of a file what does not bear on its pixels or their turn.

    Args:
      data: the file's bytes.
      file_format: `PNG` loses ancillary chunks, `JPEG` comments and segments
        of applications, `TIFF` tags; other formats stay as they are.
    """
    if file_format == "PNG":
        return b"".join(_png_chunks(data))
    if file_format == "JPEG":
        return b"".join(_jpeg_segments(data))
    if file_format == "TIFF":
        return _with_tags_of_pixels(data)
    return data


def _png_chunks(data: bytes) -> Iterator[bytes]:
    yield _PNG_MAGIC
    place, colours = len(_PNG_MAGIC), -1
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        chunk = data[place : place + length + 12]
        name, body = chunk[4:8], chunk[8:-4]
        if name == b"IHDR" and length == 13:
            colours = body[9]
        if name < b"a" or _is_sound(name, body, chunk[-4:], colours):
            yield chunk
        place += len(chunk)


def _is_sound(name: bytes, body: bytes, check: bytes, colours: int) -> bool:
    """Whether an ancillary chunk can be kept."""
    if name not in _PNG_KEPT or zlib.crc32(name + body) != int.from_bytes(
        check
    ):
        return False
    return name != b"tRNS" or len(body) in _PNG_TRANSPARENT_BYTES.get(
        colours, ()
    )


def _jpeg_segments(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    place = 2
    while data[place : place + 1] == b"\xff":
        marker = data[place + 1 : place + 2]
        if not marker or marker[0] == _START_OF_SCAN:
            break
        if marker == b"\xff":  # Any number of these may stand before a marker.
            place += 1
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        segment = data[place : place + 2 + length]
        sound = marker[0] in _JPEG_KEPT and length >= _LEAST_BYTES
        if sound or marker[0] == _JPEG_EXIF or marker[0] not in _JPEG_SIDE:
            yield segment
        place += len(segment)
    yield data[place:]


def _with_tags_of_pixels(data: bytes) -> bytes:
    """Shortens a TIFF file's first directory where it stands."""
    order = "<" if data.startswith(b"II") else ">"
    try:
        (begin,) = struct.unpack_from(f"{order}4xI", data)
        (count,) = struct.unpack_from(f"{order}H", data, begin)
        places = [begin + 2 + _TIFF_ROW_BYTES * row for row in range(count)]
        kept = [
            data[place : place + _TIFF_ROW_BYTES]
            for place in places
            if struct.unpack_from(f"{order}H", data, place)[0] in _TIFF_KEPT
        ]
    except struct.error:  # Ends early.
        return data
    directory = struct.pack(f"{order}H", len(kept)) + b"".join(kept) + bytes(4)
    return data[:begin] + directory + data[begin + len(directory) :]
