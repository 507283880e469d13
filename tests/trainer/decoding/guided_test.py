"""Guidance leads a search to what the image adds."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from tests.support import fixtures
from tests.support.probability_tables import Table, text
from trainer.data import split_images
from trainer.decoding import beam, generator, greedy, sampling
from trainer.decoding.guided import Guided, guided

SEEN = {"": {"A": 0.6, "B": 0.4}, "A": {".": 1.0}, "B": {".": 1.0}}
# Without the image A is nearly sure, so that the image speaks for B.
BLIND = {"": {"A": 0.9, "B": 0.1}, "A": {".": 1.0}, "B": {".": 1.0}}


@pytest.mark.parametrize(
    ("weight", "expected"), [(0.0, "A.___"), (0.1, "A.___"), (1.0, "B.___")]
)
def test_the_image_leads_to_what_it_makes_likelier(weight, expected):
    seeing, blind = Table.literal(SEEN), Table.literal(BLIND)
    state = tf.zeros([1, 2], tf.int32)
    decoded = beam.BeamSearch(beams=2, max_length=5)(
        guided(seeing.next_token, blind.next_token, weight),
        (state, state),
        images=1,
        locations=11,
    )
    assert text(decoded.tokens[0, 0]) == expected


def test_logits_are_those_of_the_formula_and_attention_is_the_images():
    seeing, blind = Table.noise(1, images=2), Table.noise(2, images=2)
    tokens = tf.constant([[4], [5]])
    states = tf.constant([[20], [30]]), tf.constant([[40], [50]])
    step = guided(seeing.next_token, blind.next_token, 0.5)
    logits, attention, (first, second) = step(tokens, states)
    own, looks, seen = seeing.next_token(tokens, states[0])
    other, _, unseen = blind.next_token(tokens, states[1])
    np.testing.assert_allclose(logits, other + 1.5 * (own - other), rtol=1e-6)
    np.testing.assert_array_equal(attention, looks)
    np.testing.assert_array_equal(first, seen)
    np.testing.assert_array_equal(second, unseen)


@pytest.fixture(scope="module")
def model(record_set):
    made = fixtures.tiny_captioner(record_set.vocabulary)
    draw = np.random.default_rng(2)
    for variable in made.trainable_variables:
        variable.assign_add(draw.normal(scale=0.8, size=variable.shape))
    return made


@pytest.fixture(scope="module")
def grid(record_set):
    (batch,) = split_images.batches(record_set, "train", batch_images=16)
    return batch.grid


def captions(record_set, model, grid, decoder):
    made = generator.CaptionGenerator(model, record_set.vocabulary, decoder)
    return made.captions(grid, 12)


@pytest.mark.parametrize(
    "search",
    [
        greedy.Greedy(max_length=6),
        beam.BeamSearch(max_length=6, n_best=2),
        sampling.Sampling(max_length=6, n_best=2),
    ],
)
def test_without_weight_captions_are_those_of_the_search(
    record_set, model, grid, search
):
    plain = captions(record_set, model, grid, search)
    led = captions(record_set, model, grid, Guided(search, weight=0.0))
    for one, other in zip(plain, led, strict=True):
        assert one.n_best == other.n_best


def test_captions_that_are_led_have_the_captioners_own_log_probability(
    record_set, model, grid
):
    search = beam.BeamSearch(max_length=6)
    led = captions(record_set, model, grid, Guided(search, weight=3.0))
    plain = captions(record_set, model, grid, search)
    assert [c.text for c in led] != [c.text for c in plain]
    words = record_set.vocabulary.words
    for row, caption in enumerate(led):
        tokens = [words.index(word) for word in caption.words]
        tokens.append(vocabulary_lib.END)
        said = tf.constant([[[vocabulary_lib.START, *tokens[:-1]]]])
        logits, _ = model(grid[row : row + 1], said)
        log_probs = tf.nn.log_softmax(logits)[0, 0].numpy()
        expected = sum(log_probs[i, token] for i, token in enumerate(tokens))
        assert caption.log_prob == pytest.approx(expected, abs=1e-4)


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError) as error:
        Guided(greedy.Greedy(), weight=-0.5)
    assert str(error.value) == "`weight` must not be negative, got -0.5"


def test_settings_hold_those_of_the_search():
    decoder = Guided(greedy.Greedy(max_length=9), 0.5)
    assert decoder.settings == {
        "name": "guided",
        "weight": 0.5,
        "search": {"name": "greedy", "max_length": 9},
    }
    assert decoder.description == "greedy search, guided by 0.5"
