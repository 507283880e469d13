"""Overlays of attention, and the words in place of missing ones."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.support.page_sample import example, photo
from trainer.decoding.caption import Caption, CaptionedExample
from trainer.report import gallery


def alpha(weights: np.ndarray) -> np.ndarray:
    image = Image.open(io.BytesIO(gallery.shade(weights.astype(np.float32))))
    return np.asarray(image)[..., 1].astype(int)


def captioned(
    words: tuple[str, ...], attention: np.ndarray, thumbnail: bytes
) -> gallery.PageExample:
    caption = Caption(" ".join(words), words, attention, -1.0)
    shown = CaptionedExample("id", thumbnail, ["a dog"], caption)
    return gallery.PageExample(shown)


@pytest.mark.parametrize(
    ("locations", "side"), [(49, 7), (1, 1), (196, 14), (50, None), (0, None)]
)
def test_grid_side(locations: int, side: int | None) -> None:
    assert gallery.grid_side(np.zeros((2, locations), np.float32)) == side


def test_shade_is_clear_where_the_word_looked() -> None:
    weights = np.zeros((7, 7))
    weights[1, 5] = 0.3  # Row 1 from the top, column 5 from the left.
    covered = alpha(weights.ravel())
    assert covered.shape == (28, 28)
    row, column = np.unravel_index(covered.argmin(), covered.shape)
    assert (row // 4, column // 4) == (1, 5)
    assert covered.min() < 30
    assert covered[20:, :10].min() > 200


def test_shade_is_scaled_by_the_words_own_maximum() -> None:
    weights = np.random.default_rng(2).random(49)
    np.testing.assert_array_equal(alpha(weights), alpha(weights / 50))


def test_even_attention_covers_nothing() -> None:
    assert alpha(np.full(49, 1 / 49)).max() == 0


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_no_attention_covers_everything(value: float) -> None:
    assert alpha(np.full(49, value)).min() > 200


def test_photo_is_embedded_once_and_a_map_for_each_word() -> None:
    text = gallery.render([example(("a", "cat", "sat"))])
    assert text.count("data:image/jpeg") == 1
    assert text.count("data:image/png") == 3
    assert text.count('type="radio"') == 4
    assert "--ratio:64/48" in text


def test_words_of_each_example_have_their_own_names() -> None:
    text = gallery.render([example(seed=0), example(seed=1)])
    assert 'id="look-1-3"' in text and 'id="look-2-3"' in text


def test_locations_that_are_no_square_are_said() -> None:
    text = gallery.render([example(("a", "cat"), locations=50)])
    assert "No overlays: 50 locations are not a square grid." in text
    assert "image/png" not in text and "radio" not in text
    assert "a cat</p>" in text


def test_a_captioner_without_attention_is_said() -> None:
    row = captioned(("a", "dog"), np.zeros((2, 49), np.float32), photo())
    text = gallery.render([row])
    assert "No overlays: this captioner has no attention." in text
    assert "image/png" not in text and "a dog</p>" in text


def test_attention_of_other_words_is_said() -> None:
    row = captioned(("a", "dog"), np.ones((3, 49), np.float32), photo())
    text = gallery.render([row])
    assert "No overlays: attention (3, 49), 2 words." in text


def test_empty_caption_is_said() -> None:
    row = captioned((), np.zeros((0, 49), np.float32), photo())
    text = gallery.render([row])
    assert "(empty caption)" in text
    assert "No words, so nothing to show" in text


@pytest.mark.parametrize("thumbnail", [b"", b"not an image"])
def test_missing_thumbnail_still_shows_the_maps(thumbnail: bytes) -> None:
    row = captioned(("dog",), np.ones((1, 49), np.float32), thumbnail)
    text = gallery.render([row])
    assert "no thumbnail in the records" in text
    assert "--photo" not in text
    assert text.count("data:image/png") == 1


def test_photo_is_described_by_a_reference() -> None:
    row = captioned(("dog",), np.ones((1, 49), np.float32), photo())
    assert 'role="img" aria-label="Photo: a dog"' in gallery.render([row])


def test_marks_and_references_are_listed() -> None:
    shown = example().example
    marks = (("1 of 5 false", False), ("fluent", True))
    text = gallery.render([gallery.PageExample(shown, marks)])
    assert '<li class="bad">1 of 5 false</li>' in text
    assert '<li class="good">fluent</li>' in text
    assert "<summary>2 references</summary>" in text


def test_longest_caption_is_counted() -> None:
    rows = [example(("a", "cat")), example(("a", "cat", "sat"))]
    assert gallery.most_words(rows) == 3
    assert gallery.most_words([]) == 0
