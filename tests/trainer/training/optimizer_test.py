"""The schedule, decay and clipping, each at its known values."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.training import optimizer


def built(
    variables: list[keras.Variable] | None = None, **settings
) -> optimizer.ReducedAdamW:
    if variables is None:
        variables = [keras.Variable([1.0], name="kernel")]
    return optimizer.AdamW(**settings).build(variables)


def rate_at(adamw: optimizer.ReducedAdamW, step: int) -> float:
    adamw.iterations.assign(step)
    return float(adamw.learning_rate)


@pytest.mark.parametrize(
    ("step", "share"),
    [
        (0, 0.0),
        (1, 0.1),
        (5, 0.5),
        (10, 1.0),
        # A quarter, half and all of the decay, which begins at step 10.
        (110, 0.2 + 0.8 * (1 + math.cos(math.pi / 4)) / 2),
        (210, 0.6),
        (410, 0.2),
        (9999, 0.2),
    ],
)
def test_rate_grows_then_falls_to_its_final_share(step, share):
    adamw = built(
        learning_rate=2e-3, warmup_steps=10, decay_steps=400, final_share=0.2
    )
    assert rate_at(adamw, step) == pytest.approx(2e-3 * share, rel=1e-5)


@pytest.mark.parametrize(("warmup", "num_steps"), [(100, 750), (0, 60), (5, 7)])
def test_the_cosine_ends_with_the_run(warmup, num_steps):
    settings = optimizer.AdamW(
        learning_rate=1e-2, warmup_steps=warmup, final_share=0.05
    ).until(num_steps)
    last = float(settings.rate(tf.constant(num_steps - 1)))
    assert last == pytest.approx(5e-4, rel=1e-3)
    longer = optimizer.AdamW(
        learning_rate=1e-2, warmup_steps=warmup, final_share=0.05
    ).until(2 * num_steps)
    assert float(longer.rate(tf.constant(num_steps - 1))) > last


def test_a_decay_that_was_asked_for_stays():
    settings = optimizer.AdamW(decay_steps=220)
    assert settings.until(750) == settings


@pytest.mark.parametrize(("step", "share"), [(0, 1.0), (200, 0.55), (400, 0.1)])
def test_rate_without_warmup_begins_at_its_top(step, share):
    adamw = built(
        learning_rate=1e-2, warmup_steps=0, decay_steps=400, final_share=0.1
    )
    assert rate_at(adamw, step) == pytest.approx(1e-2 * share, rel=1e-5)


@pytest.mark.parametrize(
    ("warmup", "step", "share"),
    [
        (100, 50, 0.5),
        (100, 100, 1.0),
        (100, 400, 0.5),
        (100, 10_000, 0.2),
        (0, 0, 1.0),
        (0, 4, 0.5),
    ],
)
def test_inverse_square_root_of_the_step(warmup, step, share):
    adamw = built(
        learning_rate=1e-2,
        schedule="inverse_sqrt",
        warmup_steps=warmup,
        final_share=0.2,
    )
    assert rate_at(adamw, step) == pytest.approx(1e-2 * share, rel=1e-5)


@pytest.mark.parametrize(("step", "share"), [(5, 0.5), (10, 1), (9999, 1)])
def test_constant_rate_after_its_warmup(step, share):
    adamw = built(learning_rate=1e-2, schedule="constant", warmup_steps=10)
    assert rate_at(adamw, step) == pytest.approx(1e-2 * share, rel=1e-5)


def test_refuses_an_unknown_schedule():
    with pytest.raises(ValueError) as error:
        optimizer.AdamW(schedule="linear")
    assert str(error.value) == (
        "`schedule` must be one of cosine, inverse_sqrt, constant, got 'linear'"
    )


@pytest.mark.parametrize(
    ("scaling", "rate"), [("none", 0.1), ("sqrt", 0.2), ("linear", 0.4)]
)
def test_the_rate_grows_with_the_batch_as_asked(scaling, rate):
    settings = optimizer.AdamW(
        learning_rate=0.1, scaling=scaling, reference_batch=32, warmup_steps=0
    )
    larger = settings.for_batch(128)
    assert larger.learning_rate == pytest.approx(rate)
    assert float(larger.rate(tf.constant(0))) == pytest.approx(rate)
    # Once: what is scaled is not scaled again.
    assert larger.for_batch(128) == larger
    assert settings.for_batch(32).learning_rate == pytest.approx(0.1)


def test_refuses_an_unknown_scaling():
    with pytest.raises(ValueError) as error:
        optimizer.AdamW(scaling="square")
    assert str(error.value) == (
        "`scaling` must be one of none, sqrt, linear, got 'square'"
    )


def test_slots_exist_before_the_first_step():
    adamw = built()
    shapes = [tuple(v.shape) for v in adamw.variables]
    assert shapes.count((1,)) == 2


def test_first_step_is_adam():
    weight = keras.Variable([1.0, 1.0], name="kernel")
    adamw = built([weight], learning_rate=0.1, warmup_steps=0, weight_decay=0.0)
    adamw.apply([tf.constant([0.3, -0.4])], [weight])
    # Adam's first step is the rate, whatever the size of the gradient.
    np.testing.assert_allclose(weight.numpy(), [0.9, 1.1], atol=1e-5)


def test_only_kernels_decay():
    dense, norm = keras.layers.Dense(2), keras.layers.LayerNormalization()
    embed = keras.layers.Embedding(3, 2)
    for layer in (dense, norm):
        layer.build([None, 2])
    embed.build([None])
    weights = [
        v for layer in (dense, norm, embed) for v in layer.trainable_variables
    ]
    for weight in weights:
        weight.assign(tf.ones_like(weight))
    adamw = built(weights, learning_rate=0.1, warmup_steps=0, weight_decay=0.5)
    adamw.apply([tf.zeros_like(v) for v in weights], weights)
    after = {v.path: float(tf.reduce_mean(v)) for v in weights}
    decayed = {path for path, mean in after.items() if mean != 1}
    assert decayed == {dense.kernel.path}
    assert after[dense.kernel.path] == pytest.approx(1 - 0.1 * 0.5)


def first_moment(adamw: optimizer.ReducedAdamW) -> np.ndarray:
    """The only gradient so far, times one tenth."""
    (slot,) = (v for v in adamw.variables if v.path.endswith("momentum"))
    return slot.numpy()


def test_clips_the_global_norm():
    weight = keras.Variable([0.0, 0.0], name="kernel")
    adamw = built([weight], warmup_steps=0, clip_norm=0.5)
    adamw.apply([tf.constant([3.0, 4.0])], [weight])
    np.testing.assert_allclose(first_moment(adamw), [0.03, 0.04], rtol=1e-5)


def test_does_not_reduce_gradients_a_second_time():
    mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with mirrored.scope():
        weight = keras.Variable([0.0, 0.0], name="kernel")
        adamw = built([weight], warmup_steps=0, clip_norm=100.0)

    @tf.function
    def update() -> None:
        mirrored.run(adamw.apply, ([tf.constant([3.0, 4.0])], [weight]))

    update()
    np.testing.assert_allclose(first_moment(adamw), [0.3, 0.4], rtol=1e-5)
    assert adamw.iterations.numpy() == 1


@pytest.mark.parametrize(
    "name", ["learning_rate", "decay_steps", "clip_norm", "reference_batch"]
)
def test_refuses_what_is_not_positive(name):
    with pytest.raises(ValueError) as error:
        optimizer.AdamW(**{name: 0})
    assert str(error.value) == f"`{name}` must be positive, got 0"


@pytest.mark.parametrize(
    "name", ["warmup_steps", "final_share", "weight_decay"]
)
def test_refuses_what_is_negative(name):
    with pytest.raises(ValueError) as error:
        optimizer.AdamW(**{name: -1})
    assert str(error.value) == f"`{name}` must not be negative, got -1"


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_refuses_a_decay_that_is_no_share(decay):
    with pytest.raises(ValueError) as error:
        optimizer.AdamW(average_decay=decay)
    assert str(error.value) == (
        f"`average_decay` must lie in [0, 1), got {decay}"
    )
