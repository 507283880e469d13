"""The picture of a caption: a tile for each word, dark where unattended."""

import dataclasses

import numpy as np
import pytest

from tests.support.page_sample import example, photo
from trainer.decoding.caption import Caption, CaptionedExample
from trainer.report import attention_picture


def looking_at(
    location: int, *, words: int = 1, locations: int = 49
) -> CaptionedExample:
    weights = np.zeros([words, locations], np.float32)
    weights[:, location] = 1
    caption = Caption("a", ("a",) * words, weights, -1.0)
    return dataclasses.replace(example(("a",)).example, caption=caption)


def test_a_word_is_lit_where_it_looked():
    # The last row and column of seven.
    drawn = attention_picture.draw(looking_at(48)).astype(int)
    plain, shaded = drawn[15:95, 1:79], drawn[15:95, 81:159]
    fallen = (plain - shaded).sum(-1)
    # The photograph is bright on the right.
    assert fallen[2:8, -8:].min() > 100
    assert abs(fallen[-6:, -6:]).max() < 30


def test_size_is_bounded():
    assert attention_picture.draw(looking_at(0, words=1)).shape == (95, 480, 3)
    assert attention_picture.draw(looking_at(0, words=6)).shape == (190, 480, 3)
    assert attention_picture.draw(looking_at(0, words=60)).shape == (
        285,
        480,
        3,
    )


def test_attention_that_is_no_square_is_left_out():
    drawn = attention_picture.draw(looking_at(0, locations=50))
    np.testing.assert_array_equal(drawn[15:95, 1:79], drawn[15:95, 81:159])


def test_a_captioner_without_attention_darkens_nothing():
    shown = looking_at(0)
    shown.caption.attention[:] = 0
    drawn = attention_picture.draw(shown)
    np.testing.assert_array_equal(drawn[15:95, 1:79], drawn[15:95, 81:159])


@pytest.mark.parametrize("thumbnail", [b"", b"no image", photo()[:300]])
def test_thumbnails_that_cannot_be_read_have_grey_tiles(thumbnail):
    shown = looking_at(0, locations=50)
    bare = dataclasses.replace(shown, thumbnail=thumbnail)
    assert len(np.unique(attention_picture.draw(bare)[20:90, 5:75])) == 1


def test_text_is_the_caption_above_the_references():
    shown = example(("a", "dog")).example
    ((name, pixels, text),) = attention_picture.named([shown])
    assert name == "captions/1"
    np.testing.assert_array_equal(pixels, attention_picture.draw(shown))
    assert text == "image-0\n\n* **a dog**\n* a cat on a mat\n* a cat"
