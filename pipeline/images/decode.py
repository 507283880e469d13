"""Bytes of any allowed format -> RGB pixels."""

import dataclasses
import io
import math

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipeline.images import orientation, side_parts

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)
_MAX_ASPECT = 64


class RejectedImage(ValueError):
    """An image that cannot become training pixels.

    Attributes:
      reason: a short stable slug, by which rejections are counted: `empty`,
        `too-many-bytes`, `unknown-format`, `too-many-pixels`, `too-thin`,
        `truncated`, `undecodable` or `unknown-depth`.
      detail: what was found, for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Makes the message `reason: detail`."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        """Returns `reason: detail`."""
        return f"{self.reason}: {self.detail}"


@dataclasses.dataclass(frozen=True)
class Limits:
    """The largest image file that is decoded.

    Both limits are checked before any pixel takes memory. Pillow's own limit of
    178,956,970 pixels applies as well.

    Attributes:
      max_bytes: most bytes of a file.
      max_pixels: most pixels, width x height as the header gives them.
    """

    max_bytes: int = 50 << 20
    max_pixels: int = 50_000_000


LIMITS = Limits()


def canonicalise(
    data: bytes, *, least_side: int = 0, limits: Limits = LIMITS
) -> np.ndarray:
    """Decodes an image file to the pixels that a person would see.

    Only the first frame of an animation is decoded.

    JPEG, PNG, WebP, GIF, BMP and TIFF are recognised by their first bytes,
    never by a name. EXIF rotation is applied, transparency is laid over white,
    CMYK and palettes become RGB, 16-bit grey is scaled to 8 bits. Colour
    profiles are ignored; so is whatever else stands beside the pixels and
    cannot be read.

    Args:
      data: the file's bytes.
      least_side: pixels that both sides of a JPEG keep at least: its decoder
        may shrink it by 2, 4 or 8 as long as they do. 0 decodes every pixel.
      limits: larger files are rejected.

    Returns:
      uint8 [height, width, 3], RGB.

    Raises:
      RejectedImage: the file cannot be decoded, or exceeds the limits.
    """
    if not data:
        raise RejectedImage("empty", "the file has no bytes")
    if len(data) > limits.max_bytes:
        detail = f"{len(data)} bytes, the limit is {limits.max_bytes}"
        raise RejectedImage("too-many-bytes", detail)
    file_format = _sniff(data)
    try:
        return _decode(data, file_format, least_side, limits)
    except RejectedImage:
        pixels_alone = side_parts.without(data, file_format)
        if pixels_alone == data:
            raise
        return _decode(pixels_alone, file_format, least_side, limits)


def _decode(
    data: bytes, file_format: str, least_side: int, limits: Limits
) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(data), formats=[file_format]) as image:
            _check_size(image.size, limits.max_pixels)
            if least_side and file_format == "JPEG":
                image.draft(image.mode, (least_side, least_side))
            image.load()
            return np.asarray(_to_rgb(orientation.upright(image)))
    except (RejectedImage, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
        raise RejectedImage("too-many-pixels", str(e)) from e
    except UnidentifiedImageError as e:  # Its message has a memory address.
        detail = f"{file_format}: the header cannot be read"
        raise RejectedImage("undecodable", detail) from e
    except Exception as e:  # Pillow's parsers may raise any type.
        reason = "truncated" if "truncated" in str(e).lower() else "undecodable"
        raise RejectedImage(reason, f"{file_format}: {e}") from e


def _sniff(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    for magic, file_format in _MAGIC:
        if data.startswith(magic):
            return file_format
    raise RejectedImage("unknown-format", f"the file starts {data[:12]!r}")


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    shape = f"{size[0]} x {size[1]} pixels"
    if math.prod(size) > max_pixels:
        detail = f"{shape}, the limit is {max_pixels}"
        raise RejectedImage("too-many-pixels", detail)
    if max(size) > _MAX_ASPECT * min(size):
        detail = f"{shape}, the longest aspect is {_MAX_ASPECT}:1"
        raise RejectedImage("too-thin", detail)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "F"):
        detail = f"mode {image.mode!r} does not say which value is white"
        raise RejectedImage("unknown-depth", detail)
    if image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((wide + 128) // 257).astype(np.uint8))
    if image.has_transparency_data:
        overlay = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, overlay)
    return image if image.mode == "RGB" else image.convert("RGB")
