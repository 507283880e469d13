"""The parts of an update, combined as the settings say."""

import dataclasses
from typing import Any

import pytest

from pipeline.recordset import record_set as record_set_lib
from trainer.captioners import show_attend_tell
from trainer.data.batching import Batching
from trainer.decoding import beam
from trainer.devices import strategy
from trainer.training import (
    hard_attention,
    loss,
    loss_scale,
    objective,
    optimizer,
    recipe,
    setup,
    train_step,
)

RECIPE = recipe.Recipe(
    batching=Batching(
        batch_images=8, captions_per_image=2, max_length=5, num_streams=2
    ),
    optimizer=optimizer.AdamW(learning_rate=1e-3, scaling="sqrt"),
    loss=loss.CaptionLoss(),
    loss_scale=loss_scale.DynamicScale(initial=64.0),
)


def built(
    record_set: record_set_lib.RecordSet, made: recipe.Recipe, **devices: Any
) -> train_step.TrainStep:
    asked = strategy.Devices(**devices)
    given = setup.Setup(
        records=record_set.path,
        captioner=show_attend_tell.ShowAttendTell,
        devices=asked,
        search=beam.BeamSearch(),
    )
    return made.build(given, record_set, asked.open(), workers=1)


def test_the_rate_grows_with_the_batch() -> None:
    made = RECIPE.for_batch()
    assert made.optimizer.learning_rate == pytest.approx(5e-4)
    assert made.for_batch() == made
    assert made.batching == RECIPE.batching


def test_a_mean_of_the_weights_is_kept_where_asked(
    record_set: record_set_lib.RecordSet,
) -> None:
    assert built(record_set, RECIPE).average is None
    averaging = dataclasses.replace(
        RECIPE, optimizer=optimizer.AdamW(average_decay=0.9)
    )
    step = built(record_set, averaging)
    assert step.average is not None
    assert step.outcome is not step.captioner
    for mean, weight in zip(
        step.outcome.weights, step.captioner.weights, strict=True
    ):
        assert (mean.numpy() == weight.numpy()).all()


def test_the_loss_is_scaled_in_float16_alone(
    record_set: record_set_lib.RecordSet,
) -> None:
    assert float(built(record_set, RECIPE).loss_scale.factor) == 1
    half = built(record_set, RECIPE, precision="mixed_float16")
    assert float(half.loss_scale.factor) == 64


def test_what_saves_memory_or_time_is_no_part_of_the_identity() -> None:
    other = dataclasses.replace(RECIPE, microbatches=2, jit_compile=True)
    assert other.identity == RECIPE.identity
    warmer = optimizer.AdamW(warmup_steps=7)
    changed = dataclasses.replace(RECIPE, optimizer=warmer)
    assert changed.identity != RECIPE.identity


def test_places_are_drawn_and_captions_counted_where_asked(
    record_set: record_set_lib.RecordSet,
) -> None:
    plain = RECIPE.objective(record_set)
    assert plain == objective.TeacherForcing(RECIPE.loss)
    assert RECIPE.identity["hard_attention"] is None
    hard = hard_attention.HardAttention(expected_share=0.25)
    made = dataclasses.replace(
        RECIPE, hard_attention=hard, loss=loss.CaptionLoss(repeat_power=0.5)
    )
    asked = made.objective(record_set)
    assert isinstance(asked, objective.TeacherForcing)
    assert asked.hard_attention == hard and asked.worth is not None
    assert made.identity["hard_attention"]["expected_share"] == 0.25
    assert made.identity["loss"]["repeat_power"] == 0.5


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_step_is_told_whether_to_be_compiled(
    record_set: record_set_lib.RecordSet,
    monkeypatch: pytest.MonkeyPatch,
    jit_compile: bool,
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(
        train_step,
        "TrainStep",
        lambda **given: told.append(given["jit_compile"]),
    )
    made = dataclasses.replace(RECIPE, jit_compile=jit_compile)
    built(record_set, made)
    assert told == [jit_compile]


def test_microbatches_divide_the_streams(
    record_set: record_set_lib.RecordSet,
) -> None:
    with pytest.raises(ValueError) as error:
        built(record_set, dataclasses.replace(RECIPE, microbatches=3))
    assert str(error.value) == (
        "`microbatches` must divide the streams of a replica, got 3 "
        "microbatches and 2 streams"
    )


def test_the_rates_of_a_run_are_told_where_it_begins_and_ends() -> None:
    adamw = optimizer.AdamW(
        learning_rate=1e-2, warmup_steps=10, final_share=0.05
    )
    made = dataclasses.replace(RECIPE, optimizer=adamw)
    assert made.until(101).rates(0, 101) == (
        "learning rate 0.01, 0.0005 at the last step, 101"
    )
    assert made.until(101).rates(55, 101) == (
        "learning rate 0.01, 0.00525 at step 56, 0.0005 at the last step, 101"
    )


def test_a_warm_up_that_does_not_end_is_told() -> None:
    adamw = optimizer.AdamW(learning_rate=1e-2, warmup_steps=10)
    made = dataclasses.replace(RECIPE, optimizer=adamw)
    assert made.until(10).rates(0, 10) == (
        "learning rate 0.01, 0.009 at the last step, 10: the warm-up, "
        "AdamW.warmup_steps = 10, does not end before"
    )
    assert "warm-up" not in made.until(11).rates(0, 11)
