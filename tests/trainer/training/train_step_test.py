"""Updates: the same on one device and two replicas, resumed, or skipped.

Two replicas add the same numbers in another order, so sums agree to float32's
precision only: relative 1e-5 for losses and norms, absolute 1e-5 for weights
after five updates of 1e-2. A resumed run agrees to the bit.
"""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from tests.support import fixtures
from tests.support.uneven_batching import BATCHING, replicas
from trainer.captioners import contract, show_attend_tell
from trainer.data import batches as batches_lib
from trainer.data.batching import Batching
from trainer.run import checkpoints
from trainer.training import (
    caption_reward,
    grounding,
    loss,
    loss_scale,
    objective,
    optimizer,
    self_critical,
    train_step,
    weight_average,
)

CLIP = 0.05
DECAY = 0.5
LOSS = loss.CaptionLoss(label_smoothing=0.1, coverage_weight=0.1)
OBJECTIVE = objective.TeacherForcing(LOSS)
GROUNDED = objective.TeacherForcing(
    LOSS,
    grounding.Grounding(
        hidden_captions=0.3,
        hidden_images=0.3,
        own_words=0.3,
        contrast=0.5,
        divergence=0.5,
    ),
)


class Training:
    """A tiny captioner that is being trained, and averaged."""

    def __init__(
        self,
        record_set: record_set_lib.RecordSet,
        strategy: tf.distribute.Strategy,
        *,
        batching: Batching = BATCHING,
        dropout_rate: float = 0.3,
        scale: loss_scale.DynamicScale | None = None,
        microbatches: int = 1,
        jit_compile: bool = False,
        goal: objective.Objective = OBJECTIVE,
    ) -> None:
        self.strategy = strategy
        self.data = batches_lib.CaptionDataset(
            record_set, "train", batching, shuffle=True
        )
        with strategy.scope():
            self.model, self.mean = (
                fixtures.tiny_captioner(
                    record_set.vocabulary,
                    dropout_rate=dropout_rate,
                    word_dropout=dropout_rate,
                )
                for _ in range(2)
            )
            self.optimizer = optimizer.AdamW(
                learning_rate=1e-2, warmup_steps=0, clip_norm=CLIP
            ).build(self.model.trainable_variables)
        self.step = train_step.TrainStep(
            strategy=strategy,
            captioner=self.model,
            optimizer=self.optimizer,
            objective=goal,
            loss_scale=loss_scale.LossScale(scale),
            seed=3,
            microbatches=microbatches,
            average=weight_average.WeightAverage(self.mean, DECAY),
            jit_compile=jit_compile,
        )

    def saved_in(self, folder: Path) -> checkpoints.Checkpoints:
        return checkpoints.Checkpoints(
            str(folder),
            captioner=self.mean,
            trained=self.model,
            optimizer=self.optimizer,
            step=self.step.step,
            skipped=self.step.skipped,
            loss_scale=self.step.loss_scale,
        )

    def batches(self, first_step: int = 0) -> Iterator[Any]:
        return self.data.distribute(self.strategy, first_step=first_step)

    def make_updates(self, count: int) -> None:
        """From the beginning, one at a time."""
        update = self.step.over(self.batches())
        self.scalars = [update(1).scalars for _ in range(count)]
        self.losses = [row["loss"] for row in self.scalars]

    def weights(self) -> list[np.ndarray]:
        """The captioner's, their mean's and the optimizer's."""
        captioners = [*self.model.variables, *self.mean.variables]
        variables = [*captioners, *self.optimizer.variables]
        return [np.array(variable.numpy()) for variable in variables]

    def update_norm(self) -> float:
        """Of the clipped gradients, from Adam's slots after one update."""
        slots = [
            v.numpy().ravel()
            for v in self.optimizer.variables
            if v.path.endswith("momentum")
        ]
        return float(np.linalg.norm(np.concatenate(slots))) / (1 - 0.9)


@dataclasses.dataclass(frozen=True)
class Story:
    """Five updates of a training, which cross an epoch's edge twice.

    Attributes:
      training: not to be relied upon, since tests go on with it.
      scalars: of each update.
      trained: the captioner's weights at first and after each of three.
      mean: of these weights, after three updates.
      weights: at the end.
      first_norm: of the gradients that the first update was made with.
      folder: holds a checkpoint after the third update.
    """

    training: Training
    scalars: list[dict[str, float]]
    trained: list[list[np.ndarray]]
    mean: list[np.ndarray]
    weights: list[np.ndarray]
    first_norm: float
    folder: Path


@pytest.fixture(scope="module")
def stories(
    record_set, tmp_path_factory: pytest.TempPathFactory
) -> dict[int, Story]:
    """The same training on one device and on two replicas."""
    told = {}
    for count in (1, 2):
        training = Training(record_set, replicas(count))
        folder = tmp_path_factory.mktemp(f"replicas_{count}")
        update = training.step.over(training.batches())
        trained = [training.model.get_weights()]
        scalars = [update(1).scalars]
        first_norm = training.update_norm()
        trained.append(training.model.get_weights())
        for _ in range(2):
            scalars.append(update(1).scalars)
            trained.append(training.model.get_weights())
        mean = training.mean.get_weights()
        training.saved_in(folder).save(3)
        scalars += [update(1).scalars, update(1).scalars]
        weights = training.weights()
        told[count] = Story(
            training, scalars, trained, mean, weights, first_norm, folder
        )
    return told


def test_replicas_change_neither_loss_nor_weights(stories):
    one, two = stories[1], stories[2]
    for first, second in zip(one.scalars, two.scalars, strict=True):
        assert first == pytest.approx(second, rel=1e-5)
    for first, second in zip(one.weights, two.weights, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_reduced_gradients_are_clipped(stories):
    for story in stories.values():
        assert all(row["gradient_norm"] > 2 * CLIP for row in story.scalars)
        assert story.first_norm == pytest.approx(CLIP, rel=1e-4)


@pytest.mark.parametrize("count", [1, 2])
def test_the_mean_of_the_weights_follows_each_update(stories, count):
    story = stories[count]
    expected, *updated = story.trained
    for kept, trained in zip((2 / 11, 3 / 12, 4 / 13), updated, strict=True):
        expected = [
            kept * mean + (1 - kept) * new
            for mean, new in zip(expected, trained, strict=True)
        ]
    assert story.training.step.outcome is story.training.mean
    for mean, value in zip(story.mean, expected, strict=True):
        np.testing.assert_allclose(mean, value, atol=1e-6)


def test_tokens_are_counted_over_all_replicas(record_set, stories):
    data = batches_lib.CaptionDataset(
        record_set, "train", BATCHING, shuffle=True
    )
    batches = data.epochs(first_step=0, replicas=1).take(5)
    tokens = [float(tf.reduce_sum(batch["weights"])) for batch in batches]
    for story in stories.values():
        assert [row["tokens"] for row in story.scalars] == tokens


@pytest.mark.parametrize("count", [1, 2])
def test_resumed_training_equals_an_uninterrupted_one(
    record_set, stories, count
):
    story = stories[count]
    resumed = Training(record_set, replicas(count))
    assert resumed.saved_in(story.folder).restore()
    assert int(resumed.step.step) == 3
    update = resumed.step.over(resumed.batches(first_step=3))
    scalars = update(2).scalars
    for first, second in zip(resumed.weights(), story.weights, strict=True):
        np.testing.assert_array_equal(first, second)
    assert int(resumed.step.step) == 5
    # A call of two updates tells the means, but the sum of the tokens.
    fourth, fifth = story.scalars[3:]
    assert scalars == pytest.approx(
        {
            "loss": (fourth["loss"] + fifth["loss"]) / 2,
            "tokens": fourth["tokens"] + fifth["tokens"],
            "gradient_norm": (fourth["gradient_norm"] + fifth["gradient_norm"])
            / 2,
            "loss_scale": 1.0,
            "skipped": 0.0,
        },
        rel=1e-6,
    )


@pytest.fixture(scope="module")
def plain(record_set) -> Training:
    """Two updates of whole captions without dropout; `losses` are theirs.

    Masks have the shape of the padded batch.
    """
    batching = dataclasses.replace(BATCHING, captions_per_image=7, max_length=7)
    training = Training(
        record_set, replicas(1), batching=batching, dropout_rate=0.0
    )
    training.make_updates(2)
    return training


def test_sums_are_divided_by_the_number_of_real_tokens(record_set, plain):
    model = fixtures.tiny_captioner(record_set.vocabulary)
    (batch,) = plain.data.epochs(first_step=0, replicas=1).take(1)
    seen = contract.shift_right(batch["tokens"])
    weights = [v.value for v in model.trainable_variables]
    with tf.GradientTape() as tape:
        total, reported = LOSS(
            *model(batch["grid"], seen), batch["tokens"], batch["weights"]
        )
    gradients = tape.gradient(total, weights)
    norm = tf.linalg.global_norm(list(map(tf.convert_to_tensor, gradients)))
    tokens = tf.reduce_sum(batch["weights"])
    assert plain.scalars[0] == pytest.approx(
        {
            "loss": float(reported / tokens),
            "tokens": float(tokens),
            "gradient_norm": float(norm / tokens),
            "loss_scale": 1.0,
            "skipped": 0.0,
        },
        rel=1e-5,
    )


def test_padding_changes_neither_loss_nor_update(record_set, plain):
    batching = dataclasses.replace(BATCHING, captions_per_image=9, max_length=8)
    padded = Training(
        record_set, replicas(1), batching=batching, dropout_rate=0.0
    )
    padded.make_updates(2)
    assert padded.losses == pytest.approx(plain.losses, rel=1e-5)
    for first, second in zip(plain.weights(), padded.weights(), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


def rewarded(record_set: record_set_lib.RecordSet) -> objective.Objective:
    counts = caption_reward.DocumentFrequencies.of(record_set, 4)
    return self_critical.PolicyGradient(
        self_critical.SelfCritical(samples=3),
        caption_reward.CiderDReward(counts),
        GROUNDED,
    )


def test_what_is_hidden_and_rewarded_is_the_same_on_two_replicas(record_set):
    one, two = (
        Training(record_set, replicas(count), goal=rewarded(record_set))
        for count in (1, 2)
    )
    for each in (one, two):
        each.make_updates(2)
    np.testing.assert_allclose(two.losses, one.losses, rtol=1e-5)
    for value, other in zip(one.weights(), two.weights(), strict=True):
        np.testing.assert_allclose(other, value, atol=1e-5)


@pytest.mark.parametrize(("count", "parts"), [(1, 4), (2, 2)])
def test_microbatches_change_neither_loss_nor_weights(
    record_set, stories, count, parts
):
    training = Training(record_set, replicas(count), microbatches=parts)
    update = training.step.over(training.batches())
    for whole in stories[1].scalars:
        assert update(1).scalars == pytest.approx(whole, rel=1e-5)
    for first, second in zip(
        training.weights(), stories[1].weights, strict=True
    ):
        np.testing.assert_allclose(first, second, atol=1e-5)


@pytest.mark.parametrize(
    ("count", "parts"),
    [
        (1, 1),
        pytest.param(2, 1, marks=pytest.mark.slow),
        pytest.param(1, 2, marks=pytest.mark.slow),
    ],
)
def test_xla_changes_neither_loss_nor_weights(
    record_set, stories, count, parts
):
    training = Training(
        record_set, replicas(count), microbatches=parts, jit_compile=True
    )
    update = training.step.over(training.batches())
    for plain in stories[1].scalars:
        assert update(1).scalars == pytest.approx(plain, rel=1e-5)
    pairs = list(zip(training.weights(), stories[1].weights, strict=True))
    for first, second in pairs:
        np.testing.assert_allclose(first, second, atol=1e-5)
    # Compiled it was: XLA rounds differently.
    assert any((first != second).any() for first, second in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_gradients_that_are_not_finite_are_skipped_by_all(stories, count):
    training = stories[count].training

    def poison(
        number: tf.Tensor, batch: batches_lib.Batch
    ) -> batches_lib.Batch:
        # Part of the second batch: of two replicas, that of the first.
        bad = tf.cast(tf.where(number == count, np.nan, 0.0), tf.float16)
        return {**batch, "grid": batch["grid"] + bad}

    parts = training.data.epochs(first_step=0, replicas=count)
    batches = iter(
        training.strategy.distribute_datasets_from_function(
            lambda _: parts.enumerate().map(poison)
        )
    )
    update = training.step.over(batches)
    counters = training.step.step, training.step.skipped
    steps, skipped = map(int, counters)
    assert np.isfinite(update(1).scalars["loss"])
    assert tuple(map(int, counters)) == (steps + 1, skipped)
    before = training.weights()
    assert np.isnan(update(1).scalars["loss"])
    assert tuple(map(int, counters)) == (steps + 2, skipped + 1)
    for first, second in zip(before, training.weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert np.isfinite(update(1).scalars["loss"])
    assert tuple(map(int, counters)) == (steps + 3, skipped + 1)
    assert any(
        (first != second).any()
        for first, second in zip(before, training.weights(), strict=True)
    )


def test_a_call_tells_each_loss_and_the_first_that_is_no_number(stories):
    training = stories[1].training

    def poison(
        number: tf.Tensor, batch: batches_lib.Batch
    ) -> batches_lib.Batch:
        bad = tf.cast(tf.where(number >= 2, np.inf, 0.0), tf.float16)
        return {**batch, "grid": batch["grid"] + bad}

    parts = training.data.epochs(first_step=0, replicas=1)
    batches = iter(
        training.strategy.distribute_datasets_from_function(
            lambda _: parts.enumerate().map(poison)
        )
    )
    update = training.step.over(batches)
    assert update(1).broken is None
    made = update(3)
    assert made.broken == 1
    assert list(np.isfinite(made.losses)) == [True, False, False]
    assert not np.isfinite(made.scalars["loss"])


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_the_wait_for_a_slow_input_is_told(stories, count):
    training = stories[count].training
    # As soon as it is asked for, and after ten times as long as a step takes.
    fast = training.data.epochs(first_step=0, replicas=count).take(count)
    fast = fast.cache().repeat().prefetch(8)
    slow = fast.map(after_a_while)
    waits = []
    for parts in (fast, slow):
        batches = iter(
            training.strategy.distribute_datasets_from_function(
                lambda _, parts=parts: parts
            )
        )
        update = training.step.over(batches)
        update(2)
        made = update(6)
        assert len(made.took) == 6
        assert min(made.took) > 0
        assert len(made.waited) == 6
        waits.append(sum(made.waited) / sum(made.took))
    assert waits[0] < 0.5 < waits[1]


def after_a_while(batch: batches_lib.Batch) -> batches_lib.Batch:
    waited = tf.py_function(lambda: time.sleep(0.1), [], [])
    with tf.control_dependencies([waited]):
        return {name: tf.identity(value) for name, value in batch.items()}


@pytest.fixture
def policy() -> Iterator[Any]:
    """Sets Keras' dtype policy, and sets it back."""
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


# bfloat16 has eight bits, a relative 0.4 percent a product; float16 eleven.
@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("mixed_bfloat16", 0.01), ("mixed_float16", 0.002)],
)
def test_mixed_precision_is_near_float32(
    record_set, plain, policy, precision, tolerance
):
    policy(precision)
    mixed = Training(
        record_set,
        replicas(1),
        batching=plain.data.batching,
        dropout_rate=0.0,
        scale=loss_scale.DynamicScale(),
    )
    mixed.make_updates(2)
    assert {v.dtype for v in mixed.model.variables} == {"float32"}
    assert mixed.losses == pytest.approx(plain.losses, rel=tolerance)
    assert mixed.losses != plain.losses


@pytest.mark.parametrize("count", [1, 2])
def test_an_overflow_skips_and_halves_until_gradients_fit(
    record_set, policy, count
):
    policy("mixed_float16")
    scale = loss_scale.DynamicScale(initial=2.0**24, growth_steps=3)
    training = Training(record_set, replicas(count), scale=scale)
    before = training.weights()
    training.make_updates(1)
    assert training.scalars[0]["skipped"] == 1
    assert training.scalars[0]["loss_scale"] == 2.0**23
    for first, second in zip(before, training.weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    update = training.step.over(training.batches(first_step=1))
    made = [update(1) for _ in range(30)]
    assert {row.broken for row in made} == {None}
    rows = [row.scalars for row in made]
    assert all(np.isfinite(row["loss"]) for row in rows)
    assert rows[-1]["skipped"] < 20
    # Three finite updates doubled it again.
    assert any(
        after["loss_scale"] == 2 * row["loss_scale"]
        for row, after in zip(rows, rows[1:], strict=False)
    )
    assert all(np.isfinite(weight).all() for weight in training.weights())
    assert any(
        (first != second).any()
        for first, second in zip(before, training.weights(), strict=True)
    )


@pytest.mark.slow
def test_the_loss_scale_resumes(record_set, policy, tmp_path):
    policy("mixed_float16")
    scale = loss_scale.DynamicScale(initial=2.0**24, growth_steps=3)
    whole, first, second = (
        Training(record_set, replicas(1), scale=scale) for _ in range(3)
    )
    whole.make_updates(24)
    first.make_updates(18)
    first.saved_in(tmp_path).save(18)
    second.saved_in(tmp_path).restore()
    update = second.step.over(second.batches(first_step=18))
    assert [update(1).scalars for _ in range(6)] == whole.scalars[18:]
    for one, other in zip(whole.weights(), second.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(scope="module")
def model(record_set) -> show_attend_tell.ShowAttendTell:
    """A captioner whose words depend on the image."""
    made = fixtures.tiny_captioner(record_set.vocabulary)
    draw = np.random.default_rng(5)
    for variable in made.trainable_variables:
        variable.assign_add(draw.normal(scale=0.5, size=variable.shape))
    return made
