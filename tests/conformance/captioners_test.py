"""Tests that every captioner has to pass, whoever wrote it.

A row of `BUILDERS` runs a captioner through this suite. A test fails if a
captioner of `trainer/captioners` has no row.
"""

import functools
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from tests.support import device_programs, fixtures, toys
from trainer import captioners, configurable
from trainer.captioners import (
    adaptive_attention,
    contract,
    merge,
    show_attend_tell,
    show_tell,
    transformer,
    up_down,
)
from trainer.data import batches as batches_lib
from trainer.data.batching import Batching
from trainer.decoding import beam, generator, teacher_forcing
from trainer.diagnosis import wiring
from trainer.training import (
    hard_attention,
    loss,
    loss_scale,
    objective,
    optimizer,
    train_step,
)

GRID = fixtures.UNEVEN_GRID
IMAGES, HYPOTHESES, LENGTH = 3, 4, 5
BATCHING = Batching(
    batch_images=4,
    captions_per_image=2,
    max_length=4,
    num_streams=2,
    shuffle_window=4,
)
Builder = Callable[..., contract.Captioner]
_SMALL = functools.partial(
    show_attend_tell.ShowAttendTell,
    units=8,
    attention_units=5,
    embedding_units=7,
)
BUILDERS: dict[str, tuple[type[contract.Captioner], Builder]] = {
    "soft attention": (
        show_attend_tell.ShowAttendTell,
        functools.partial(_SMALL, dropout_rate=0.3, word_dropout=0.2),
    ),
    "scalar gate, tied embeddings": (
        show_attend_tell.ShowAttendTell,
        functools.partial(
            _SMALL, scalar_gate=True, tied_embeddings=True, dropout_rate=0.3
        ),
    ),
    "blind": (
        show_attend_tell.ShowAttendTell,
        functools.partial(_SMALL, uses_image=False, dropout_rate=0.3),
    ),
    "merge": (
        merge.Merge,
        functools.partial(
            merge.Merge,
            units=8,
            embedding_units=7,
            dropout_rate=0.3,
            word_dropout=0.2,
        ),
    ),
    "show and tell": (
        show_tell.ShowTell,
        functools.partial(
            show_tell.ShowTell,
            units=8,
            embedding_units=7,
            dropout_rate=0.3,
            word_dropout=0.2,
        ),
    ),
    "up-down": (
        up_down.UpDown,
        functools.partial(
            up_down.UpDown,
            units=8,
            attention_units=5,
            embedding_units=7,
            dropout_rate=0.3,
            word_dropout=0.2,
        ),
    ),
    "adaptive attention": (
        adaptive_attention.AdaptiveAttention,
        functools.partial(
            adaptive_attention.AdaptiveAttention,
            units=8,
            attention_units=5,
            embedding_units=7,
            dropout_rate=0.3,
            word_dropout=0.2,
        ),
    ),
    "transformer": (
        transformer.Transformer,
        functools.partial(
            transformer.Transformer,
            units=9,
            heads=2,
            encoder_layers=1,
            decoder_layers=2,
            inner_units=11,
            max_length=LENGTH,
            dropout_rate=0.3,
            word_dropout=0.2,
        ),
    ),
    "toy": (toys.BagOfCells, toys.BagOfCells),
}


@pytest.fixture(scope="module")
def record_set(tmp_path_factory) -> record_set_lib.RecordSet:
    folder = tmp_path_factory.mktemp("records")
    return fixtures.write_uneven_record_set(folder)


def built(
    row: str, vocabulary: vocabulary_lib.Vocabulary
) -> contract.Captioner:
    """The captioner of a row, with the same weights each time."""
    keras.utils.set_random_seed(1)
    return BUILDERS[row][1](
        vocabulary_size=len(vocabulary),
        locations=GRID.locations,
        depth=GRID.depth,
        log_unigram=vocabulary.log_unigram(),
    )


@pytest.fixture(params=BUILDERS)
def row(request) -> str:
    return request.param


@pytest.fixture
def build(row, record_set) -> Callable[[], contract.Captioner]:
    """Makes the captioner of a row."""
    return functools.partial(built, row, record_set.vocabulary)


@pytest.fixture
def captioner(build) -> contract.Captioner:
    """Weights far enough from the first ones to tell words apart."""
    model, draw = build(), np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign_add(draw.normal(scale=0.3, size=variable.shape))
    return model


@pytest.fixture
def grid() -> tf.Tensor:
    draw = np.random.default_rng(4)
    shape = [IMAGES, GRID.locations, GRID.depth]
    return tf.constant(draw.normal(size=shape), tf.float16)


@pytest.fixture
def tokens(record_set) -> tf.Tensor:
    draw = np.random.default_rng(6)
    words = draw.integers(
        vocabulary_lib.END,
        len(record_set.vocabulary),
        [IMAGES, HYPOTHESES, LENGTH],
    )
    words[..., 0] = vocabulary_lib.START
    return tf.constant(words, tf.int32)


def test_every_captioner_is_in_this_suite():
    modules = (
        importlib.import_module(f"{captioners.__name__}.{found.name}")
        for found in pkgutil.iter_modules(captioners.__path__)
    )
    written = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, contract.Captioner)
        and not inspect.isabstract(value)
        and value is not contract.Captioner
    }
    tested = {made for made, _ in BUILDERS.values()}
    for one in written:
        assert one in configurable.CAPTIONERS, (
            f"{one.__name__} has no line in trainer/configurable.py"
        )
    for one in configurable.CAPTIONERS:
        assert one in tested, (
            f"{one.__name__} has no row in tests/conformance/captioners_test.py"
        )


def test_settings_are_json_and_uses_image_is_declared(build):
    model = build()
    assert json.loads(json.dumps(model.settings)) == model.settings
    assert isinstance(model.uses_image, bool)
    assert 0 <= model.dropout_rate < 1


def test_steps_equal_teacher_forcing(captioner, grid, tokens):
    logits, attention = captioner(grid, tokens)
    assert logits.dtype == tf.float32
    memory = captioner.remember(grid)
    state = captioner.initial_state(memory, HYPOTHESES)
    for place in range(LENGTH):
        new, looks, state = captioner.step(memory, state, tokens[:, :, place])
        np.testing.assert_allclose(new, logits[:, :, place], atol=1e-5)
        assert (looks is None) == (attention is None)
        if attention is not None:
            shape = (IMAGES, HYPOTHESES, GRID.locations)
            assert looks.shape == shape and looks.dtype == tf.float32
            np.testing.assert_allclose(looks, attention[:, :, place], atol=1e-5)


def test_one_trace_forces_captions_of_any_number_of_images(
    captioner, grid, tokens
):
    """The last batch of a split is smaller: its number is no constant."""
    forced = teacher_forcing.TeacherForcing(captioner)
    for images in (IMAGES, IMAGES - 1):
        memory = captioner.remember(grid[:images])
        state = captioner.initial_state(memory, HYPOTHESES)
        said, after = tokens[:images, :, :-1], tokens[:images, :, 1:]
        losses, _ = forced(state, memory, said, after)
        logits, _ = captioner(grid[:images], said)
        expected = tf.nn.sparse_softmax_cross_entropy_with_logits(after, logits)
        np.testing.assert_allclose(losses, expected, atol=1e-5)


def test_hypotheses_can_be_reordered(captioner, grid, tokens):
    """As a decoder does, which keeps some hypotheses and drops others."""
    memory = captioner.remember(grid)
    state = captioner.initial_state(memory, HYPOTHESES)
    for place in range(2):
        _, _, state = captioner.step(memory, state, tokens[:, :, place])
    for part in tf.nest.flatten(state):
        assert part.shape[:2] == (IMAGES, HYPOTHESES)
    order = [2, 0, 0, 3]
    picked = tf.nest.map_structure(lambda x: tf.gather(x, order, axis=1), state)
    last = tokens[:, :, 2]
    plain, _, _ = captioner.step(memory, state, last)
    turned, _, _ = captioner.step(
        memory, picked, tf.gather(last, order, axis=1)
    )
    np.testing.assert_allclose(
        turned, tf.gather(plain, order, axis=1), atol=1e-6
    )
    assert np.abs(turned - plain).max() > 1e-3


def test_an_untrained_one_is_wired_to_learn(build, record_set):
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    batch = next(iter(data.epochs(first_step=0, replicas=1)))
    found = list(
        wiring.faults(build(), batch, record_set.vocabulary.log_unigram())
    )
    assert found == []


def test_a_checkpoint_brings_back_the_same_captioner(
    build, captioner, grid, tokens, tmp_path
):
    path = tf.train.Checkpoint(captioner=captioner).save(tmp_path / "ckpt")
    other = build()
    plain, _ = captioner(grid, tokens)
    assert np.abs(other(grid, tokens)[0] - plain).max() > 1e-3
    status = tf.train.Checkpoint(captioner=other).restore(path)
    status.assert_existing_objects_matched()
    np.testing.assert_array_equal(other(grid, tokens)[0], plain)


class TwoDevices(tf.distribute.MirroredStrategy):
    """Its reductions share no key with those of other tests' strategies."""

    _collective_key_base = 1000


@pytest.fixture(scope="module")
def two_devices() -> TwoDevices:
    return TwoDevices(["CPU:0", "CPU:1"])


def trained(
    row: str,
    record_set: record_set_lib.RecordSet,
    devices: tf.distribute.Strategy,
    hard: hard_attention.HardAttention | None = None,
) -> tuple[list[float], list[np.ndarray]]:
    """Losses and weights of three updates."""
    with devices.scope():
        model = built(row, record_set.vocabulary)
        adamw = optimizer.AdamW(learning_rate=1e-2, warmup_steps=0).build(
            model.trainable_variables
        )
    step = train_step.TrainStep(
        strategy=devices,
        captioner=model,
        optimizer=adamw,
        objective=objective.TeacherForcing(
            loss.CaptionLoss(), hard_attention=hard
        ),
        loss_scale=loss_scale.LossScale(None),
        seed=3,
    )
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    update = step.over(data.distribute(devices, first_step=0))
    losses = [update(1).scalars["loss"] for _ in range(3)]
    return losses, [v.numpy() for v in model.trainable_variables]


@pytest.mark.slow
def test_one_and_two_devices_make_the_same_update(row, record_set, two_devices):
    """Sums are added in another order, so that they agree to float32's
    precision only.
    """
    one = tf.distribute.OneDeviceStrategy("CPU:0")
    losses, weights = trained(row, record_set, one)
    others, moved = trained(row, record_set, two_devices)
    np.testing.assert_allclose(others, losses, rtol=1e-5)
    for value, other in zip(weights, moved, strict=True):
        np.testing.assert_allclose(other, value, atol=2e-5)


@pytest.mark.slow
def test_one_and_two_devices_draw_the_same_places(
    captioner, row, record_set, two_devices
):
    if not isinstance(captioner, contract.DrawsPlaces):
        pytest.skip("draws no places")
    hard = hard_attention.HardAttention()
    one = tf.distribute.OneDeviceStrategy("CPU:0")
    losses, weights = trained(row, record_set, one, hard)
    others, moved = trained(row, record_set, two_devices, hard)
    np.testing.assert_allclose(others, losses, rtol=1e-5)
    for value, other in zip(weights, moved, strict=True):
        np.testing.assert_allclose(other, value, atol=2e-5)
    _, soft = trained(row, record_set, one)
    if captioner.uses_image:
        assert np.abs(weights[0] - soft[0]).max() > 1e-4


def test_decoding_lowers_without_a_call_of_the_host(
    captioner, record_set, grid
):
    """And with shapes that are all known, as an accelerator needs."""
    searcher = generator.CaptionGenerator(
        captioner,
        record_set.vocabulary,
        beam.BeamSearch(beams=2, max_length=3),
    )
    program = device_programs.lower("decode", searcher.decode, [grid])
    assert device_programs.faults(program) == []


def test_teacher_forcing_lowers_without_a_call_of_the_host(
    captioner, grid, tokens
):
    program = device_programs.lower(
        "call", lambda grid, tokens: captioner(grid, tokens)[0], [grid, tokens]
    )
    assert device_programs.faults(program) == []


def test_drawing_places_lowers_without_a_call_of_the_host(
    captioner, grid, tokens
):
    if not isinstance(captioner, contract.DrawsPlaces):
        pytest.skip("draws no places")
    numbers = tf.fill(tokens.shape, 0.4)
    program = device_programs.lower(
        "draw",
        lambda grid, tokens: captioner.draw(grid, tokens, numbers).logits,
        [grid, tokens],
    )
    assert device_programs.faults(program) == []


def test_of_one_place_the_draw_is_the_mean(captioner, grid, tokens):
    """Of several, the first word's chances are alike."""
    if not isinstance(captioner, contract.DrawsPlaces):
        pytest.skip("draws no places")
    numbers = tf.fill(tokens.shape, 0.4)
    drawn = captioner.draw(grid, tokens, numbers)
    logits, attention = captioner(grid, tokens)
    assert drawn.logits.dtype == drawn.attention.dtype == tf.float32
    assert drawn.logits.shape == logits.shape
    assert drawn.log_chances.shape == tokens.shape
    np.testing.assert_allclose(
        drawn.attention[:, :, 0], attention[:, :, 0], atol=1e-5
    )
    assert (drawn.log_chances <= 0).numpy().all()
    one = grid[:, :1]
    np.testing.assert_allclose(
        captioner.draw(one, tokens, numbers).logits,
        captioner(one, tokens)[0],
        atol=1e-5,
    )
