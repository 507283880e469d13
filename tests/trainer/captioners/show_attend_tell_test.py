"""The captioner: `call` equals `step`, sees no future word, uses the image."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from tests.support import fixtures, shaken
from trainer.captioners import contract, dropout, show_attend_tell
from trainer.decoding import greedy as greedy_lib
from trainer.decoding import word_rules
from trainer.training import loss, optimizer

GRID = fixtures.UNEVEN_GRID
IMAGES, CAPTIONS, LENGTH = 3, 2, 5


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Some grids and captions; the captions begin with START."""

    grid: tf.Tensor
    tokens: tf.Tensor


@pytest.fixture
def vocabulary() -> vocabulary_lib.Vocabulary:
    captions = ["a dog runs", "a red dog", "the bird sits on a dog", "a dog"]
    return fixtures.count_words(captions)


@pytest.fixture
def inputs(vocabulary: vocabulary_lib.Vocabulary) -> Inputs:
    draw = np.random.default_rng(4)
    grid = draw.normal(size=[IMAGES, GRID.locations, GRID.depth])
    words = draw.integers(
        vocabulary_lib.END, len(vocabulary), [IMAGES, CAPTIONS, LENGTH]
    )
    words[..., 0] = vocabulary_lib.START
    return Inputs(tf.constant(grid, tf.float16), tf.constant(words, tf.int32))


def trained_a_little(
    vocabulary: vocabulary_lib.Vocabulary, **settings
) -> show_attend_tell.ShowAttendTell:
    """Weights far enough from the first ones to tell words apart."""
    model = fixtures.tiny_captioner(vocabulary, **settings)
    draw = np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign_add(draw.normal(scale=0.3, size=variable.shape))
    return model


def test_call_and_steps_agree(vocabulary, inputs):
    model = trained_a_little(vocabulary)
    logits, attention = model(inputs.grid, inputs.tokens)
    memory = model.remember(inputs.grid)
    state = model.initial_state(memory, CAPTIONS)
    for place in range(LENGTH):
        new_logits, weights, state = model.step(
            memory, state, inputs.tokens[:, :, place]
        )
        np.testing.assert_allclose(new_logits, logits[:, :, place], atol=1e-5)
        np.testing.assert_allclose(weights, attention[:, :, place], atol=1e-5)


def test_no_word_is_seen_before_it_is_said(vocabulary, inputs):
    model = trained_a_little(vocabulary)
    logits, attention = model(inputs.grid, inputs.tokens)
    for place in range(1, LENGTH):
        tokens = inputs.tokens.numpy()
        tokens[:, :, place] = 3 + (tokens[:, :, place] - 2) % 5
        changed, looked = model(inputs.grid, tf.constant(tokens))
        before = np.s_[:, :, :place]
        np.testing.assert_array_equal(changed[before], logits[before])
        # A word is looked for before it is known.
        up_to = np.s_[:, :, : place + 1]
        np.testing.assert_array_equal(looked[up_to], attention[up_to])
        assert not np.allclose(changed[:, :, place], logits[:, :, place])


def test_captions_of_an_image_do_not_see_each_other(vocabulary, inputs):
    model = trained_a_little(vocabulary)
    logits, _ = model(inputs.grid, inputs.tokens)
    alone, _ = model(inputs.grid, inputs.tokens[:, 1:])
    np.testing.assert_allclose(alone, logits[:, 1:], atol=1e-5)


def test_another_image_changes_logits_and_attention(vocabulary, inputs):
    model = trained_a_little(vocabulary)
    logits, attention = model(inputs.grid, inputs.tokens)
    swapped, looked = model(inputs.grid[::-1], inputs.tokens)
    assert np.abs(swapped - logits)[0].max() > 0.01
    assert np.abs(looked - attention)[0].max() > 0.01


def test_blind_captioner_sees_no_image(vocabulary, inputs):
    model = trained_a_little(vocabulary, uses_image=False)
    logits, attention = model(inputs.grid, inputs.tokens)
    swapped, looked = model(inputs.grid[::-1], inputs.tokens)
    np.testing.assert_array_equal(swapped, logits)
    np.testing.assert_array_equal(looked, attention)


@pytest.mark.parametrize(
    ("scalar_gate", "factors"), [(True, [0.25] * 3), (False, [0.25, 0.5, 0.75])]
)
def test_a_gate_scales_the_context_by_one_number_or_each_feature_by_its_own(
    scalar_gate, factors
):
    """As the LSTM's new state shows, which reads the context alone."""
    model = shaken.captioner(
        show_attend_tell.ShowAttendTell, units=3, scalar_gate=scalar_gate
    )
    closed = np.log(np.divide(factors, np.subtract(1, factors)))
    model.gate.kernel.assign(tf.zeros_like(model.gate.kernel))
    model.gate.bias.assign(closed[: model.gate.units])
    memory = model.remember(shaken.grids()[0])
    state = model.initial_state(memory, 1)
    context, _ = model.attend(state.hidden, memory.keys, memory.values)
    _, (_, gated), _ = model._advance(memory, state, tf.zeros([2, 1, 12]))
    np.testing.assert_allclose(gated, context * factors, rtol=1e-5)


def test_attention_sums_to_one(vocabulary, inputs):
    _, attention = trained_a_little(vocabulary)(inputs.grid, inputs.tokens)
    assert attention.shape == (IMAGES, CAPTIONS, LENGTH, GRID.locations)
    assert attention.dtype == tf.float32
    np.testing.assert_allclose(tf.reduce_sum(attention, -1), 1, rtol=1e-5)


def test_order_of_locations_matters(vocabulary, inputs):
    model = trained_a_little(vocabulary)
    logits, _ = model(inputs.grid, inputs.tokens)
    mirrored, _ = model(inputs.grid[:, ::-1], inputs.tokens)
    assert np.abs(mirrored - logits).max() > 0.01


def test_training_begins_at_the_unigram_entropy(vocabulary, inputs):
    logits, _ = fixtures.tiny_captioner(vocabulary)(inputs.grid, inputs.tokens)
    shares = np.exp(vocabulary.log_unigram().astype(np.float64))
    entropy = -(shares * np.log(shares)).sum()
    cross_entropy = -(shares * tf.nn.log_softmax(logits)).numpy().sum(-1)
    # Of twelve words; all alike would cost 14 percent more.
    np.testing.assert_allclose(cross_entropy, entropy, rtol=0.06)
    assert cross_entropy.mean() < 1.03 * entropy


def test_gradient_reaches_every_weight(vocabulary, inputs):
    model = fixtures.tiny_captioner(vocabulary)
    weights = [v.value for v in model.trainable_variables]
    with tf.GradientTape() as tape:
        logits, _ = model(inputs.grid, inputs.tokens)
        total = tf.reduce_sum(tf.square(logits))
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(total, weights), strict=True
    ):
        norm = float(tf.linalg.norm(tf.convert_to_tensor(gradient)))
        assert norm > 1e-6, variable.path


def test_gradient_reaches_the_grid(vocabulary, inputs):
    model = fixtures.tiny_captioner(vocabulary)
    grid = tf.cast(inputs.grid, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(grid)
        logits, _ = model(grid, inputs.tokens)
    gradient = tape.gradient(logits, grid).numpy()
    assert (np.abs(gradient).max(-1) > 0).all()


def test_dropout_is_drawn_only_when_it_is_given(vocabulary, inputs):
    model = fixtures.tiny_captioner(vocabulary, dropout_rate=0.5)
    first, _ = model(inputs.grid, inputs.tokens)
    second, _ = model(inputs.grid, inputs.tokens)
    masks = dropout.StreamDropout(
        0.5,
        seed=1,
        step=tf.constant(0, tf.int64),
        streams=tf.range(IMAGES, dtype=tf.int64),
    )
    dropped, _ = model(inputs.grid, inputs.tokens, dropout=masks)
    np.testing.assert_array_equal(first, second)
    assert np.abs(dropped - first).max() > 1e-3


def test_hidden_words_are_read_as_unknown(vocabulary, inputs):
    model = trained_a_little(vocabulary, word_dropout=0.5)
    masks = dropout.StreamDropout(
        0.0,
        seed=1,
        step=tf.constant(0, tf.int64),
        streams=tf.range(IMAGES, dtype=tf.int64),
    )
    seen = masks.words(inputs.tokens, 0.5, layer=3)
    expected, _ = model(inputs.grid, seen)
    hidden, _ = model(inputs.grid, inputs.tokens, dropout=masks)
    plain, _ = model(inputs.grid, inputs.tokens)
    np.testing.assert_array_equal(hidden, expected)
    assert np.abs(hidden - plain).max() > 1e-3


@pytest.mark.parametrize(
    "name", ["units", "attention_units", "embedding_units"]
)
def test_refuses_a_width_of_nothing(name):
    with pytest.raises(ValueError) as error:
        show_attend_tell.ShowAttendTell(
            vocabulary_size=5,
            locations=2,
            depth=3,
            log_unigram=np.zeros(5, np.float32),
            **{name: 0},
        )
    assert str(error.value) == f"`{name}` must be positive, got 0"


@pytest.mark.parametrize("name", ["dropout_rate", "word_dropout"])
@pytest.mark.parametrize("rate", [-0.5, 1.0])
def test_refuses_a_rate_outside_of_its_range(vocabulary, name, rate):
    with pytest.raises(ValueError) as error:
        fixtures.tiny_captioner(vocabulary, **{name: rate})
    assert str(error.value) == f"`{name}` must lie in [0, 1), got {rate}"


def greedy(
    model: show_attend_tell.ShowAttendTell, grid: tf.Tensor, length: int
) -> np.ndarray:
    memory = model.remember(grid)
    return greedy_lib.greedy(
        lambda tokens, state: model.step(memory, state, tokens),
        model.initial_state(memory, 1),
        images=grid.shape[0],
        locations=grid.shape[1],
        max_length=length,
        rules=word_rules.WordRules(),
    ).tokens.numpy()[:, 0]


def test_learns_to_tell_eight_images_apart():
    captions = [
        "a dog runs on red grass",
        "a dog runs on blue grass",
        "a dog runs",
        "a dog sits on red grass",
        "a dog sits",
        "a dog",
        "a bird sits on blue grass",
        "the bird",
    ]
    vocabulary = fixtures.count_words(captions)
    tokens = vocabulary.encode(tf.constant(captions), 8)
    shape = [len(captions), GRID.locations, GRID.depth]
    grid = tf.constant(np.random.default_rng(6).normal(size=shape), tf.float16)
    model = fixtures.tiny_captioner(vocabulary, units=24)
    adamw = optimizer.AdamW(learning_rate=0.02, warmup_steps=10).build(
        model.trainable_variables
    )
    weights = [v.value for v in model.trainable_variables]

    @tf.function
    def train(steps: tf.Tensor) -> None:
        batch = tokens[:, None]
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                logits, attention = model(grid, contract.shift_right(batch))
                total, _ = loss.CaptionLoss()(
                    logits, attention, batch, tf.cast(batch > 0, tf.float32)
                )
            gradients = tape.gradient(total, weights)
            adamw.apply(gradients, model.trainable_variables)

    train(tf.constant(120))
    said = [vocabulary.decode(row) for row in greedy(model, grid, 8)]
    assert said == captions
    # The captions belong to the images, not to their places in the batch.
    turned = [vocabulary.decode(row) for row in greedy(model, grid[::-1], 8)]
    assert turned == captions[::-1]


def test_weights_go_into_a_checkpoint_and_come_back(
    vocabulary, inputs, tmp_path: Path
):
    model = trained_a_little(vocabulary)
    path = tf.train.Checkpoint(captioner=model).save(str(tmp_path / "one"))
    fresh = fixtures.tiny_captioner(vocabulary)
    tf.train.Checkpoint(captioner=fresh).restore(
        path
    ).assert_existing_objects_matched()
    expected, _ = model(inputs.grid, inputs.tokens)
    restored, _ = fresh(inputs.grid, inputs.tokens)
    np.testing.assert_array_equal(restored, expected)
