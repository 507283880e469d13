"""Repetition, endings and scores of a few captions."""

import numpy as np
import pytest

from trainer.decoding.caption import Caption, CaptionedExample
from trainer.diagnosis import said
from trainer.evaluation import scorers


def example(number: int, text: str, *references: str) -> CaptionedExample:
    words = tuple(text.split())
    caption = Caption(text, words, np.zeros([len(words), 4], np.float32), -1.0)
    return CaptionedExample(f"image-{number}", b"", list(references), caption)


def test_captions_are_judged_by_repetition_ends_and_words() -> None:
    examples = [
        example(0, "a red dog", "a red dog runs", "a dog"),
        example(1, "a red dog", "a blue cat", "a cat"),
        example(2, "", "a green bird", "a bird"),
        example(3, "a <unk> horse and", "a brown horse", "a horse"),
    ]
    found = said.measure(scorers.Corpus(examples), max_length=5)
    assert found.images == 4
    assert found.mode_share == 0.5 and found.common == "a red dog"
    assert found.reference_mode_share == 0.25
    assert found.cut == 0.25 and found.empty == 0.25
    assert found.words == 2.5 and found.reference_words == pytest.approx(2.625)
    assert found.unknown == pytest.approx(0.1)
    assert found.cider_d > found.shuffled
