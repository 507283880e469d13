"""Pixels drawn in code, and image files of them."""

import io
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255,) * 3


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def noise(height: int = 20, width: int = 30) -> np.ndarray:
    generator = np.random.default_rng(7)
    return generator.integers(0, 256, (height, width, 3), np.uint8)


def quadrants(size: int = 32) -> np.ndarray:
    """Red, green over blue, white: every rotation and mirror differs."""
    pixels = np.empty((size, 2 * size, 3), np.uint8)
    pixels[: size // 2, :size] = RED
    pixels[: size // 2, size:] = GREEN
    pixels[size // 2 :, :size] = BLUE
    pixels[size // 2 :, size:] = WHITE
    return pixels
