"""Which way up a file says its image is.

That is all that is read of what a camera notes, and what cannot be read is as
good as none: the other notes may be damaged where the pixels are whole.
"""

import re
import struct

from PIL import ExifTags, Image

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EXIF = re.compile(
    rb"(?:Exif\0\0)*(?P<directory>(?P<order>II|MM).*)", re.DOTALL
)
# Types of whole numbers in EXIF's directories.
_WHOLE = {1: "B", 3: "H", 4: "I"}
_ROW_BYTES = 12


def upright(image: Image.Image) -> Image.Image:
    """Turns a loaded image as its EXIF orientation says, if that can be read.

    Pillow's `exif_transpose` would write the other tags anew, and fails where
    one of them has an odd type or value.
    """
    method = _TURNS.get(_orientation(image))
    return image if method is None else image.transpose(method)


def _orientation(image: Image.Image) -> int:
    try:
        found = _in_directory(image.info.get("exif", b""))
        # In other places: XMP, or EXIF as a text of PNG.
        return found or image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Pillow's parsers may raise any type.
        return 1


def _in_directory(exif: bytes) -> int:
    """Finds the orientation in an EXIF block; 0 where there is none.

    Pillow stops at the first tag that it cannot read; this one looks at no
    other tag.

    Raises:
      struct.error: the block ends early.
    """
    block = _EXIF.fullmatch(exif)
    if not block:
        return 0
    order = "<" if block["order"] == b"II" else ">"
    (begin,) = struct.unpack_from(f"{order}4xI", block["directory"])
    (count,) = struct.unpack_from(f"{order}H", block["directory"], begin)
    for row in range(count):
        place = begin + 2 + _ROW_BYTES * row
        tag, kind = struct.unpack_from(f"{order}HH", block["directory"], place)
        if tag == ExifTags.Base.Orientation and kind in _WHOLE:
            value = f"{order}8x{_WHOLE[kind]}"
            return int(struct.unpack_from(value, block["directory"], place)[0])
    return 0
