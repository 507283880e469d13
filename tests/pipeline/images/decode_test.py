"""Which images are decoded and how, and why others are rejected."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.images import decode
from tests.support.drawn_images import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    encoded,
    noise,
    quadrants,
)

LOSSLESS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "BMP": {},
    "TIFF": {},
    "WEBP": {"lossless": True},
}


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0"))):
        check = struct.pack(">I", zlib.crc32(name + body))
        chunks += struct.pack(">I", len(body)) + name + body + check
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_lossless_formats_return_the_same_pixels(file_format: str) -> None:
    pixels = noise()
    data = encoded(
        Image.fromarray(pixels), file_format, **LOSSLESS[file_format]
    )
    decoded = decode.canonicalise(data)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, pixels)


def test_jpeg_is_close_to_the_pixels() -> None:
    data = encoded(Image.fromarray(quadrants()), "JPEG", quality=95)
    error = np.abs(decode.canonicalise(data).astype(int) - quadrants())
    assert error.mean() < 5


def test_the_first_frame_stands_for_an_animation() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    for file_format in ("GIF", "WEBP", "TIFF", "PNG"):
        options: dict[str, Any] = {
            "save_all": True,
            "append_images": frames[1:],
        }
        if file_format == "WEBP":
            options["lossless"] = True
        data = encoded(frames[0], file_format, **options)
        assert (decode.canonicalise(data) == RED).all(), file_format


def test_cmyk_becomes_rgb() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    for file_format in ("JPEG", "TIFF"):
        pixel = decode.canonicalise(encoded(cyan, file_format))[8, 8]
        np.testing.assert_allclose(pixel, (0, 255, 255), atol=3)


def test_grey_and_bilevel_become_rgb() -> None:
    for mode, value in (("L", 77), ("1", 255)):
        image = Image.new(mode, (4, 4), value)
        decoded = decode.canonicalise(encoded(image, "PNG"))
        assert decoded.shape == (4, 4, 3)
        assert (decoded == value).all()


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_laid_over_white(file_format: str) -> None:
    image = Image.new("RGBA", (9, 3), (255, 0, 0, 255))
    image.paste((255, 0, 0, 0), (3, 0, 6, 3))
    image.paste((0, 0, 255, 128), (6, 0, 9, 3))
    options = {"lossless": True} if file_format == "WEBP" else {}
    row = decode.canonicalise(encoded(image, file_format, **options))[1]
    np.testing.assert_array_equal(row[[1, 4]], [RED, WHITE])
    np.testing.assert_allclose(row[7], (127, 127, 255), atol=1)


def test_grey_alpha_is_laid_over_white() -> None:
    decoded = decode.canonicalise(
        encoded(Image.new("LA", (4, 4), (0, 0)), "PNG")
    )
    assert (decoded == 255).all()


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_a_transparent_palette_entry_becomes_white(file_format: str) -> None:
    image = Image.new("P", (4, 4), 0)
    image.putpalette([*GREEN, *RED])
    image.putpixel((2, 2), 1)
    decoded = decode.canonicalise(encoded(image, file_format, transparency=0))
    np.testing.assert_array_equal(decoded[2, 2], RED)
    np.testing.assert_array_equal(decoded[0, 0], WHITE)


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bit_grey_spans_8_bits(file_format: str) -> None:
    wide = np.array([[0, 257, 32768, 65535]], np.uint16)
    decoded = decode.canonicalise(encoded(Image.fromarray(wide), file_format))
    np.testing.assert_array_equal(decoded[0, :, 0], [0, 1, 128, 255])


def test_big_endian_16_bit_grey_is_not_swapped() -> None:
    swapped = Image.frombytes("I;16B", (1, 1), b"\x80\x00")
    decoded = decode.canonicalise(encoded(swapped, "TIFF"))
    np.testing.assert_array_equal(decoded[0, 0], (128,) * 3)


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_depths_without_a_white_level_are_rejected(kind: type) -> None:
    data = encoded(Image.fromarray(np.zeros((4, 4), kind)), "TIFF")
    with pytest.raises(decode.RejectedImage, match="which value is white") as e:
        decode.canonicalise(data)
    assert e.value.reason == "unknown-depth"


# What a viewer sees when the stored pixels carry this EXIF orientation.
ORIENTATIONS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(
    orientation: int, file_format: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(quadrants()), file_format, exif=exif)
    seen = ORIENTATIONS[orientation](quadrants()).astype(int)
    decoded = decode.canonicalise(data)
    assert decoded.shape == seen.shape
    assert np.abs(decoded - seen).mean() < 8


JPEG = encoded(Image.fromarray(noise(64, 64)), "JPEG")
REJECTED: dict[str, tuple[bytes, str, str]] = {
    "zero bytes": (b"", "empty", "no bytes"),
    "text": (b"<html>not found</html>", "unknown-format", "starts b'<html>"),
    "ppm": (b"P6 1 1 255 abc", "unknown-format", "starts b'P6"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF", "unknown-format", "starts b'%!PS"),
    "magic only": (JPEG[:3], "undecodable", "JPEG: the header cannot be read"),
    "cut jpeg": (JPEG[: len(JPEG) // 2], "truncated", "JPEG: image file is tr"),
    "text after BM": (b"BMW cars, a list", "undecodable", "BMP: "),
    "bomb": (png_claiming(60_000, 60_000), "too-many-pixels", "3600000000"),
    "over": (png_claiming(9000, 9000), "too-many-pixels", "limit is 50000000"),
    "thin": (png_claiming(4000, 1), "too-thin", "longest aspect is 64:1"),
    "no data": (png_claiming(20, 20), "truncated", "PNG: "),
}


@pytest.mark.parametrize("case", REJECTED)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_rejections_say_why(case: str) -> None:
    data, reason, detail = REJECTED[case]
    with pytest.raises(decode.RejectedImage) as e:
        decode.canonicalise(data)
    assert e.value.reason == reason
    assert detail in e.value.detail
    assert str(e.value) == f"{e.value.reason}: {e.value.detail}"
    assert " at 0x" not in e.value.detail


def test_a_large_file_is_not_opened() -> None:
    with pytest.raises(decode.RejectedImage, match="101 bytes, the limit is 1"):
        decode.canonicalise(b"\xff" * 101, limits=decode.Limits(max_bytes=100))


def test_limits_are_inclusive() -> None:
    data = encoded(Image.fromarray(noise(10, 10)), "PNG")
    limits = decode.Limits(max_bytes=len(data), max_pixels=100)
    assert decode.canonicalise(data, limits=limits).shape == (10, 10, 3)
    with pytest.raises(decode.RejectedImage, match="10 x 10 pixels"):
        decode.canonicalise(data, limits=decode.Limits(max_pixels=99))


def test_pillow_keeps_its_settings() -> None:
    before = Image.MAX_IMAGE_PIXELS
    decode.canonicalise(JPEG, limits=decode.Limits(max_pixels=300_000_000))
    assert before == Image.MAX_IMAGE_PIXELS


def test_damaged_files_are_decoded_or_rejected() -> None:
    generator = np.random.default_rng(0)
    source = Image.fromarray(noise())
    for file_format in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        data = np.frombuffer(encoded(source, file_format), np.uint8)
        for _ in range(40):
            damaged = data.copy()
            where = generator.integers(0, min(len(data), 200), 3)
            damaged[where] = generator.integers(0, 256, 3)
            try:
                decoded = decode.canonicalise(damaged.tobytes())
            except decode.RejectedImage:
                continue
            assert decoded.dtype == np.uint8
            assert decoded.ndim == 3


@pytest.mark.parametrize(
    ("least_side", "shape"),
    [(0, (320, 640)), (161, (320, 640)), (160, (160, 320)), (41, (80, 160))],
)
def test_a_large_jpeg_shrinks_as_it_is_decoded(
    least_side: int, shape: tuple[int, int]
) -> None:
    data = encoded(Image.fromarray(quadrants(320)), "JPEG", quality=95)
    decoded = decode.canonicalise(data, least_side=least_side)
    assert decoded.shape == (*shape, 3)
    error = np.abs(
        decoded.astype(int)
        - quadrants(320)[:: 320 // shape[0],][:, :: 640 // shape[1]]
    )
    assert error.mean() < 5


def test_rotated_and_cmyk_jpegs_shrink_too() -> None:
    image = Image.fromarray(quadrants(320))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(image, "JPEG", exif=exif.tobytes())
    assert decode.canonicalise(turned, least_side=40).shape == (80, 40, 3)
    inks = encoded(image.convert("CMYK"), "JPEG")
    decoded = decode.canonicalise(inks, least_side=40)
    assert decoded.shape == (40, 80, 3)
    assert np.abs(decoded[5, 5].astype(int) - RED).max() < 8


def test_what_is_no_jpeg_keeps_every_pixel() -> None:
    pixels = noise(64, 64)
    data = encoded(Image.fromarray(pixels), "PNG")
    np.testing.assert_array_equal(
        decode.canonicalise(data, least_side=8), pixels
    )
