"""Places that make the words after them likelier are drawn more often."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import shaken
from trainer.captioners import contract, dropout, merge, show_attend_tell
from trainer.training import grounding, hard_attention, loss, objective
from trainer.training import optimizer as optimizer_lib

PLACES, LENGTH = 3, 2
SIZES = {"units": 6, "attention_units": 4, "embedding_units": 5}


def masks(step: int, streams: int = 1) -> dropout.StreamDropout:
    numbers = tf.range(streams, dtype=tf.int64)
    return dropout.StreamDropout(0.0, 1, tf.cast(step, tf.int64), numbers)


def goal(**settings: float) -> objective.TeacherForcing:
    return objective.TeacherForcing(
        loss.CaptionLoss(),
        grounding.Grounding(),
        hard_attention.HardAttention(**settings),
    )


@pytest.fixture(scope="module")
def model() -> show_attend_tell.ShowAttendTell:
    return shaken.captioner(
        show_attend_tell.ShowAttendTell, locations=PLACES, **SIZES
    )


def nats_of(drawn: contract.Drawn, tokens: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, drawn.logits)


def path_numbers(model, grid, said, path) -> tf.Tensor:
    """Numbers that choose the places of a path, [1, 1, LENGTH]."""
    numbers = np.zeros([1, 1, LENGTH], np.float32)
    for at, place in enumerate(path):
        chances = model.draw(grid, said, tf.constant(numbers)).attention
        share = np.cumsum(chances[0, 0, at]) - chances[0, 0, at] / 2
        numbers[0, 0, at] = share[place]
    return tf.constant(numbers)


def test_its_gradient_is_that_of_the_expectation_over_all_paths(model):
    grid = shaken.grids()[0][:1, :PLACES]
    tokens = tf.constant(shaken.tokens()[:1, :1, 1 : LENGTH + 1])
    said, real = contract.shift_right(tokens), tf.ones([1, 1, LENGTH])
    weights = [variable.value for variable in model.trainable_variables]
    hard = hard_attention.HardAttention(entropy_weight=0.0)
    usual, _ = model(grid, said)
    estimated = [tf.zeros_like(weight) for weight in weights]
    with tf.GradientTape() as exact:
        expectation, mass = tf.zeros([]), 0.0
        for path in itertools.product(range(PLACES), repeat=LENGTH):
            numbers = path_numbers(model, grid, said, path)
            with tf.GradientTape() as tape:
                drawn = model.draw(grid, said, numbers)
                total = tf.reduce_sum(nats_of(drawn, tokens))
                total += hard.terms(drawn, usual, tokens, real)
            chance = tf.exp(tf.reduce_sum(drawn.log_chances))
            expectation += chance * tf.reduce_sum(nats_of(drawn, tokens))
            mass += float(chance)
            parts = tape.gradient(total, weights, unconnected_gradients="zero")
            for at, part in enumerate(parts):
                estimated[at] += float(chance) * tf.convert_to_tensor(part)
    assert mass == pytest.approx(1, abs=1e-5)
    found = exact.gradient(expectation, weights, unconnected_gradients="zero")
    for variable, part, other in zip(
        model.trainable_variables, found, estimated, strict=True
    ):
        part = tf.convert_to_tensor(part)
        np.testing.assert_allclose(
            other, part, atol=2e-6, err_msg=variable.path
        )


def test_a_place_is_not_praised_for_the_words_before_it(model):
    grid = shaken.grids()[0][:, :PLACES]
    tokens = tf.constant(shaken.tokens()[..., 1:])
    said = contract.shift_right(tokens)
    numbers = masks(1).uniform(said.shape, 9)
    usual, _ = model(grid, said)
    last = tf.one_hot(tf.zeros(tokens.shape[:2], tf.int32), tokens.shape[2])
    hard = hard_attention.HardAttention(entropy_weight=0.0)
    with tf.GradientTape() as tape:
        drawn = model.draw(grid, said, numbers)
        tape.watch(drawn.log_chances)
        total = hard.terms(drawn, usual, tokens, last)
    praise = -tape.gradient(total, drawn.log_chances).numpy()
    usual_nats = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, usual)
    gain = (usual_nats - nats_of(drawn, tokens)).numpy()
    np.testing.assert_allclose(praise[..., 0], gain[..., 0], atol=1e-6)
    assert (praise[..., 1:] == 0).all()


def test_entropy_is_taken_from_the_loss(model):
    grid = shaken.grids()[0][:, :PLACES]
    tokens = tf.constant(shaken.tokens())
    drawn = model.draw(grid, tokens, masks(1).uniform(tokens.shape, 9))
    real = tf.ones(tokens.shape)
    plain, less = (
        hard_attention.HardAttention(entropy_weight=weight).terms(
            drawn, drawn.logits, tokens, real
        )
        for weight in (0.0, 0.5)
    )
    chances = drawn.attention.numpy()
    entropy = -(chances * np.log(chances)).sum()
    np.testing.assert_allclose(plain - less, 0.5 * entropy, rtol=1e-5)


def test_the_mean_of_all_places_keeps_its_share(model):
    grid = shaken.grids()[0][:, :PLACES]
    tokens = tf.constant(shaken.tokens())
    batch = {"grid": grid, "tokens": tokens, "weights": tf.ones(tokens.shape)}
    totals = {
        share: float(goal(expected_share=share)(model, batch, masks(3))[0])
        for share in (0.0, 0.25, 0.75)
    }
    soft = objective.TeacherForcing(loss.CaptionLoss())(model, batch, masks(3))
    reported = goal()(model, batch, masks(3))[1]
    np.testing.assert_allclose(reported, soft[1])
    for share in (0.25, 0.75):
        mixed = share * float(soft[0]) + (1 - share) * totals[0.0]
        assert totals[share] == pytest.approx(mixed, rel=1e-5)


@pytest.mark.slow
def test_it_finds_the_one_place_that_matters():
    """A place of nine says which of four words is said, and has a mark."""
    draw = np.random.default_rng(1)
    images = np.arange(16)
    places = draw.integers(0, shaken.LOCATIONS, len(images))
    words = images % 4 + 4
    grid = draw.normal(scale=0.3, size=[16, shaken.LOCATIONS, shaken.DEPTH])
    grid[..., :5] = 0
    grid[images, places, 0] = grid[images, places, words - 3] = 3
    batch = {
        "grid": tf.constant(grid, tf.float32),
        "tokens": tf.constant(words[:, None, None], tf.int32),
        "weights": tf.ones([16, 1, 1]),
    }
    model = shaken.captioner(show_attend_tell.ShowAttendTell, **SIZES)
    # The mean of the grid would tell the word before anything is looked at.
    for layer in (model.first_hidden, model.first_cell):
        layer.kernel.assign(tf.zeros_like(layer.kernel))
        layer.trainable = False
    minimise = goal(expected_share=0.0, entropy_weight=0.0)
    variables = model.trainable_variables
    weights = [variable.value for variable in variables]
    adam = optimizer_lib.AdamW(2e-2, warmup_steps=0).build(variables)

    @tf.function
    def train(steps: tf.Tensor) -> None:
        for step in tf.range(steps):
            with tf.GradientTape() as tape:
                total, _ = minimise(model, batch, masks(step))
            parts = tape.gradient(total, weights, unconnected_gradients="zero")
            parts = [tf.convert_to_tensor(part) / 16 for part in parts]
            adam.apply(parts, variables)

    train(tf.constant(200))
    logits, chances = model(
        batch["grid"], contract.shift_right(batch["tokens"])
    )
    np.testing.assert_array_equal(np.argmax(logits, -1)[:, 0, 0], words)
    # A word may also be what is said where no mark is found.
    assert chances.numpy()[images, 0, 0, places].mean() > 0.6


@pytest.mark.slow
def test_xla_draws_the_same_places(model):
    grid = shaken.grids()[0][:, :PLACES]
    tokens = tf.constant(shaken.tokens())
    batch = {"grid": grid, "tokens": tokens, "weights": tf.ones(tokens.shape)}

    def total() -> tf.Tensor:
        return goal()(model, batch, masks(5))[0]

    compiled = tf.function(total, jit_compile=True)()
    np.testing.assert_allclose(compiled, total(), rtol=1e-5)


def test_chances_stay_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = shaken.captioner(show_attend_tell.ShowAttendTell, **SIZES)
    finally:
        keras.config.set_dtype_policy("float32")
    tokens = tf.constant(shaken.tokens())
    numbers = masks(1).uniform(tokens.shape, 9)
    with tf.GradientTape() as tape:
        drawn = model.draw(shaken.grids()[0], tokens, numbers)
        total = tf.reduce_sum(drawn.log_chances)
    assert {part.dtype for part in drawn} == {tf.float32}
    gradient = tape.gradient(total, model.key.kernel.value)
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_a_captioner_that_draws_no_places_is_named():
    model = shaken.captioner(merge.Merge, units=6, embedding_units=5)
    tokens = tf.constant(shaken.tokens())
    batch = {
        "grid": shaken.grids()[0],
        "tokens": tokens,
        "weights": tf.ones(tokens.shape),
    }
    with pytest.raises(ValueError) as error:
        goal()(model, batch, masks(1))
    assert str(error.value) == (
        "`Recipe.hard_attention` needs a captioner that draws places, such as "
        "ShowAttendTell, got Merge"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"expected_share": 1.0},
            "`expected_share` must lie in [0, 1), got 1.0",
        ),
        (
            {"reward_weight": -1.0},
            "`reward_weight` must not be negative, got -1.0",
        ),
        (
            {"entropy_weight": -0.5},
            "`entropy_weight` must not be negative, got -0.5",
        ),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError) as error:
        hard_attention.HardAttention(**settings)
    assert str(error.value) == message
