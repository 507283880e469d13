"""A captioner is made for a record set and its vocabulary, from a seed."""

import dataclasses
import functools

import numpy as np
import pytest

from pipeline.recordset import records, vocabulary
from pipeline.scoring import dangling, rouge_l
from trainer.captioners import contract, show_attend_tell
from trainer.decoding import beam
from trainer.devices import strategy
from trainer.training import setup

GRID = records.GridSpec(locations=4, depth=6)


@pytest.fixture
def words() -> vocabulary.Vocabulary:
    return vocabulary.Vocabulary.from_counts(
        {"red": 5, "blue": 2}, num_captions=3, num_words=8
    )


def made(seed: int = 1) -> setup.Setup:
    return setup.Setup(
        records="records",
        captioner=functools.partial(show_attend_tell.ShowAttendTell, units=8),
        devices=strategy.Devices(),
        search=beam.BeamSearch(),
        seed=seed,
    )


def built(words: vocabulary.Vocabulary, *, seed: int) -> contract.Captioner:
    return made(seed).build(GRID, words)


def test_a_captioner_fits_grid_and_vocabulary(
    words: vocabulary.Vocabulary,
) -> None:
    model = built(words, seed=1)
    logits, attention = model(
        np.zeros([2, 4, 6], np.float16), np.zeros([2, 3, 5], np.int32)
    )
    assert logits.shape == (2, 3, 5, len(words))
    assert attention.shape == (2, 3, 5, 4)


def test_the_seed_decides_the_first_weights(
    words: vocabulary.Vocabulary,
) -> None:
    first, again, other = (
        np.concatenate([w.numpy().ravel() for w in model.trainable_variables])
        for model in (built(words, seed=seed) for seed in (1, 1, 2))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_score_has_the_direction_of_its_metric() -> None:
    assert made().direction("cider_d") and made().direction("bleu_4")
    assert not made().direction("loss")
    other = dataclasses.replace(
        made(), metrics=(rouge_l.RougeLMetric(), dangling.DanglingMetric())
    )
    assert other.direction("rouge_l") and not other.direction("dangling")
    with pytest.raises(ValueError) as error:
        made().direction("tokens")
    assert str(error.value) == (
        "`select_by` must be one of loss, cider_d, bleu_4 (the loss and "
        "Setup.metrics), got 'tokens'"
    )
