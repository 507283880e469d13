"""Looks: near for copies of an image, far for different images."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from pipeline.images.perceptual_hash import Look
from pipeline.scenes import dataset


def _scene(index: int, size: int = 224) -> Image.Image:
    picture = dataset.render(seed=1, split="train", index=index)[1]
    return picture.resize((size, size))


def _look(image: Image.Image) -> Look:
    return Look.of(np.asarray(image))


def _saved(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def _shares_a_key(one: Look, other: Look) -> bool:
    return not set(one.keys()).isdisjoint(other.keys())


@pytest.mark.parametrize("index", range(4))
def test_the_same_image_saved_otherwise_is_near(index: int) -> None:
    image = _scene(index)
    small = image.resize((150, 150)).resize((224, 224))
    for other in (_saved(image, 50), small):
        assert _look(image).near(_look(other))
        assert _shares_a_key(_look(image), _look(other))


def test_other_images_are_not_near() -> None:
    looks = [_look(_scene(index)) for index in range(12)]
    pairs = itertools.combinations(looks, 2)
    assert not any(one.near(other) for one, other in pairs)


def test_other_colours_are_not_near() -> None:
    pixels = np.asarray(_scene(0)).copy()
    one = Look.of(pixels)
    other = Look(one.bits, bytes(255 - level for level in one.colours))
    assert not one.near(other)


@pytest.mark.parametrize("flipped", [(3, 60), (17, 18), (33, 1)])
def test_two_flipped_bits_keep_a_key(flipped: tuple[int, int]) -> None:
    one = _look(_scene(0))
    bits = one.bits ^ (1 << flipped[0]) ^ (1 << flipped[1])
    other = Look(bits, one.colours)
    assert one.near(other)
    assert _shares_a_key(one, other)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_plain_colour_is_blank(level: int) -> None:
    plain = Image.new("RGB", (224, 224), (level, 100, 30))
    assert _look(plain).blank
    assert _look(_saved(plain, 90)).blank
    assert not _look(_scene(0)).blank


@pytest.mark.parametrize("size", [8, 32, 50, 299])
def test_any_size_of_input_has_a_look(size: int) -> None:
    image = np.asarray(_scene(0, size))
    look = Look.of(image)
    assert look == Look.of(image.astype(np.float32))
    assert Look.parse(str(look)) == look
    assert len(str(look)) == 40
