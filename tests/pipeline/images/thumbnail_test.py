"""Thumbnails: small and deterministic; a small JPEG file is kept as it is."""

import pytest
from PIL import Image

from pipeline.images import decode, thumbnail
from tests.support.drawn_images import encoded, noise


def test_thumbnail_keeps_the_aspect() -> None:
    data = thumbnail.thumbnail(noise(300, 600), longest_side=100)
    assert decode.canonicalise(data).shape == (50, 100, 3)


def test_thumbnail_never_enlarges() -> None:
    data = thumbnail.thumbnail(noise(20, 30), longest_side=100)
    assert decode.canonicalise(data).shape == (20, 30, 3)


def test_thumbnail_of_the_thinnest_image_has_a_pixel_of_width() -> None:
    data = thumbnail.thumbnail(noise(1280, 20), longest_side=32)
    assert decode.canonicalise(data).shape == (32, 1, 3)


def test_thumbnail_is_deterministic_jpeg() -> None:
    first, second = (thumbnail.thumbnail(noise(300, 300)) for _ in range(2))
    assert first == second
    assert first.startswith(b"\xff\xd8\xff")
    assert len(thumbnail.thumbnail(noise(300, 300), quality=30)) < len(first)


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_small_bare_jpeg_is_its_own_thumbnail(options: dict) -> None:
    for mode in ("RGB", "L"):
        image = Image.fromarray(noise(64, 48)).convert(mode)
        file = encoded(image, "JPEG", quality=60, **options)
        pixels = decode.canonicalise(file)
        assert thumbnail.thumbnail(pixels, longest_side=64, file=file) == file
        smaller = thumbnail.thumbnail(pixels, longest_side=63, file=file)
        assert decode.canonicalise(smaller).shape == (63, 47, 3)


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


@pytest.mark.parametrize(
    ("mode", "file_format", "options"),
    [
        ("RGB", "JPEG", {"exif": _turned()}),
        ("RGB", "JPEG", {"icc_profile": b"a profile"}),
        ("RGB", "JPEG", {"comment": b"taken at home"}),
        ("CMYK", "JPEG", {}),
        ("RGB", "PNG", {}),
    ],
)
def test_a_file_that_holds_more_than_pixels_is_no_thumbnail(
    mode: str, file_format: str, options: dict
) -> None:
    image = Image.fromarray(noise(64, 48)).convert(mode)
    file = encoded(image, file_format, **options)
    pixels = decode.canonicalise(file)
    assert thumbnail.thumbnail(pixels, file=file) == thumbnail.thumbnail(pixels)


def test_a_large_or_damaged_file_is_no_thumbnail() -> None:
    pixels = noise(200, 200)
    file = encoded(Image.fromarray(pixels), "JPEG", quality=100)
    assert len(file) > 32 << 10
    again = thumbnail.thumbnail(pixels)
    assert thumbnail.thumbnail(pixels, file=file) == again
    for cut in range(file.index(b"\xff\xda")):
        assert thumbnail.thumbnail(pixels, file=file[:cut]) == again
