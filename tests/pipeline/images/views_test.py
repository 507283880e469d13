"""Views: what each shows, and which of them captions allow."""

import numpy as np
import pytest

from pipeline.images import views
from tests.support.drawn_images import noise


def test_a_flip_exchanges_left_and_right() -> None:
    pixels = noise(5, 7)
    flipped = views.VIEWS["flip"](pixels)
    np.testing.assert_array_equal(flipped, np.fliplr(pixels))
    np.testing.assert_array_equal(views.VIEWS["flip"](flipped), pixels)


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("top-left", slice(0, 14), slice(0, 21)),
        ("top-right", slice(0, 14), slice(3, 24)),
        ("bottom-left", slice(2, 16), slice(0, 21)),
        ("bottom-right", slice(2, 16), slice(3, 24)),
    ],
)
def test_a_corner_is_seven_eighths_of_both_sides(
    name: str, rows: slice, columns: slice
) -> None:
    pixels = noise(16, 24)
    corner = views.VIEWS[name](pixels)
    np.testing.assert_array_equal(corner, pixels[rows, columns])


@pytest.mark.parametrize("name", views.VIEWS)
def test_the_smallest_image_has_all_views(name: str) -> None:
    assert views.VIEWS[name](noise(1, 1)).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "text",
    [
        "a dog on the left",
        "Right of it, a cat",
        "the leftmost of them",
        "a right-handed man",
        "a dog that left the room",
    ],
)
def test_any_caption_with_a_side_costs_the_flip_alone(text: str) -> None:
    every = tuple(views.VIEWS)
    assert views.true_to(["a dog", text], every) == every[1:]


@pytest.mark.parametrize("text", ["a bright day", "cleft", "stands upright"])
def test_a_word_that_only_holds_left_or_right_costs_nothing(text: str) -> None:
    assert views.true_to([text], ("flip",)) == ("flip",)


def test_views_keep_the_order_in_which_they_are_named() -> None:
    names = ("top-right", "flip", "top-left")
    assert views.true_to(["a dog"], names) == names
