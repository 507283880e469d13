"""What training hides and compares so that a captioner needs its image."""

import math

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import dropout
from trainer.training import grounding

STREAMS, EACH, CAPTIONS, LENGTH, WORDS = 2, 50, 4, 6, 9
IMAGES = STREAMS * EACH


def masks(step: int = 7) -> dropout.StreamDropout:
    streams = tf.range(STREAMS, dtype=tf.int64)
    return dropout.StreamDropout(0.0, 1, tf.constant(step, tf.int64), streams)


def said() -> tf.Tensor:
    draw = np.random.default_rng(1)
    words = draw.integers(vocabulary.END + 1, 90, [IMAGES, CAPTIONS, LENGTH])
    words[..., 0] = vocabulary.START
    return tf.constant(words, tf.int32)


def test_nothing_is_changed_by_default():
    off, words, grid = grounding.Grounding(), said(), tf.ones([IMAGES, 3, 2])
    assert off.hide_captions(words, masks()) is words
    assert off.hide_images(grid, masks()) is grid
    assert not off.compares


def test_all_words_of_a_share_of_the_captions_are_hidden():
    words = said()
    hidden = grounding.Grounding(hidden_captions=0.4).hide_captions(
        words, masks()
    )
    assert (hidden[..., 0] == vocabulary.START).numpy().all()
    unknown = (hidden[..., 1:] == vocabulary.UNK).numpy()
    np.testing.assert_array_equal(unknown.all(-1), unknown.any(-1))
    assert unknown.all(-1).mean() == pytest.approx(0.4, abs=0.07)
    kept = ~unknown.all(-1)
    np.testing.assert_array_equal(hidden.numpy()[kept], words.numpy()[kept])


def test_the_grids_of_a_share_of_the_images_are_hidden():
    draw = np.random.default_rng(2)
    grid = tf.constant(draw.normal(size=[IMAGES, 3, 2]), tf.float16)
    seen = grounding.Grounding(hidden_images=0.3).hide_images(grid, masks())
    assert seen.dtype == grid.dtype
    blank = (seen.numpy() == 0).all((1, 2))
    assert blank.mean() == pytest.approx(0.3, abs=0.12)
    np.testing.assert_array_equal(seen.numpy()[~blank], grid.numpy()[~blank])


def test_each_update_hides_others():
    hide = grounding.Grounding(hidden_captions=0.4).hide_captions
    one, same, other = (hide(said(), masks(step)) for step in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert (one != other).numpy().any()


def test_a_share_of_the_words_are_the_captioners_own():
    words = said()
    logits = tf.one_hot(tf.fill([IMAGES, CAPTIONS, LENGTH], 5), WORDS)
    mixed = grounding.Grounding(own_words=0.25).mix_own_words(
        words, logits, masks()
    )
    assert (mixed[..., 0] == vocabulary.START).numpy().all()
    own = (mixed != words).numpy()[..., 1:]
    assert (mixed.numpy()[..., 1:][own] == 5).all()
    assert own.mean() == pytest.approx(0.25, abs=0.04)


def test_hidden_words_and_padding_stay_as_they_are():
    words = np.array([[[vocabulary.START, vocabulary.UNK, vocabulary.PAD]]])
    words = tf.constant(np.repeat(words, IMAGES, 0), tf.int32)
    logits = tf.one_hot(tf.fill(words.shape, 5), WORDS)
    mix = grounding.Grounding(own_words=0.99).mix_own_words
    np.testing.assert_array_equal(mix(words, logits, masks()), words)


def test_another_image_is_the_next_of_the_stream():
    grid = tf.reshape(tf.range(6.0), [6, 1, 1])
    other = grounding.Grounding(contrast=1.0).other_images(grid, 2)
    assert other.numpy().ravel().tolist() == [2, 0, 1, 5, 3, 4]


def test_a_stream_of_one_image_has_no_other():
    with pytest.raises(ValueError) as error:
        grounding.Grounding(contrast=1.0).other_images(tf.ones([2, 1, 1]), 2)
    assert str(error.value) == (
        "`Grounding.contrast` and `Grounding.divergence` need two images of a "
        "stream or more in a batch, got 1: lower `Batching.num_streams`"
    )


def gap_terms(gap: float, **settings: float) -> float:
    """Of a caption of two words, and padding, that gain so many nats each."""
    tokens = tf.constant([[[1, 1, 0]]])
    weights = tf.constant([[[1.0, 1.0, 0.0]]])
    probability = 0.5 * math.exp(-gap)
    own, other = (tf.math.log([[[[1 - p, p]] * 3]]) for p in (0.5, probability))
    made = grounding.Grounding(**settings)
    return float(made.gap_terms(own, other, tokens, weights))


@pytest.mark.parametrize("gap", [0.0, 0.5, 3.0])
def test_the_contrast_is_a_logistic_loss_of_the_gap(gap):
    expected = 0.7 * 2 * math.log1p(math.exp(-gap))
    assert gap_terms(gap, contrast=0.7) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("limit", "worth"), [(9.0, 0.0), (0.1, 0.1)])
def test_the_divergence_is_worth_no_more_than_its_limit(limit, worth):
    p, q = 0.5, 0.5 * math.exp(-2.0)
    nats = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    term = gap_terms(2.0, divergence=0.5, divergence_limit=limit)
    assert term == pytest.approx(-0.5 * 2 * (worth or nats), rel=1e-5)


def test_the_divergence_makes_no_other_prediction_worse():
    own, other = tf.Variable([[[[0.3, 0.1]]]]), tf.Variable([[[[0.1, 0.3]]]])
    made = grounding.Grounding(divergence=1.0)
    with tf.GradientTape() as tape:
        term = made.gap_terms(
            own, other, tf.constant([[[1]]]), tf.ones([1, 1, 1])
        )
    moved, still = tape.gradient(term, [own, other])
    assert np.abs(moved).max() > 0.01 and still is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden_captions": 1.0}, "`hidden_captions` must lie in [0, 1)"),
        ({"hidden_images": -0.1}, "`hidden_images` must lie in [0, 1)"),
        ({"own_words": 2}, "`own_words` must lie in [0, 1), got 2"),
        ({"contrast": -1.0}, "`contrast` must not be negative, got -1.0"),
        ({"divergence_limit": 0}, "`divergence_limit` must be positive"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError) as error:
        grounding.Grounding(**settings)
    assert message in str(error.value)
