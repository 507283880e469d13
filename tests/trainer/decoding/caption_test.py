"""A caption is a value, and stands beside the captions that people wrote."""

import dataclasses

import numpy as np
import pytest

from trainer.decoding.caption import Caption, CaptionedExample

CAPTION = Caption("a dog", ("a", "dog"), np.zeros([2, 4], np.float32), -1.5)


def test_a_caption_has_a_row_of_attention_for_each_word() -> None:
    assert len(CAPTION.words) == len(CAPTION.attention)
    assert CAPTION.text == " ".join(CAPTION.words)


def test_neither_can_be_changed() -> None:
    example = CaptionedExample("1", b"", ["one dog"], CAPTION)
    with pytest.raises(dataclasses.FrozenInstanceError):
        CAPTION.text = "a cat"
    with pytest.raises(dataclasses.FrozenInstanceError):
        example.image_id = "2"
