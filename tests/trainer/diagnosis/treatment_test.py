"""What of a diagnosis is carried out, and what is left to people."""

from trainer.captioners import show_attend_tell
from trainer.data.batching import Batching
from trainer.decoding.greedy import Greedy
from trainer.devices.strategy import Devices
from trainer.diagnosis import doctor, treatment
from trainer.diagnosis.causes.cause import Cause, Opinion
from trainer.diagnosis.cures import (
    ByHand,
    Cure,
    OwnFile,
    Training,
    Usage,
    WithoutPairs,
)
from trainer.loop.cadence import Cadence
from trainer.training import loss, loss_scale, optimizer, recipe, setup


def diagnosis(*named: tuple[float, str, Cure]) -> doctor.Diagnosis:
    """Of causes with a strength, what they follow from, and a cure."""
    return doctor.Diagnosis(
        doctor.State.COLLAPSED,
        "",
        tuple(
            doctor.Named(
                Cause("slug", "", lambda _: None, ""),
                Opinion(strength, (), cure=(cure,)),
                follows,
            )
            for strength, follows, cure in named
        ),
    )


def test_alarms_are_treated_and_what_follows_from_them_is_not() -> None:
    rate, later = (Training((f"AdamW.learning_rate = {r}",)) for r in (1, 2))
    join = ByHand("# join")
    chosen = treatment.choose(
        diagnosis(
            (1.0, "", rate),
            (0.9, "", join),
            (0.7, "", later),
            (1.0, "slug", Usage(("Search.beams = 1",))),
            (0.4, "", Training(("A.b = 1",))),
        )
    )
    assert chosen.cures == (rate, join, later)
    assert chosen.bindings == ["AdamW.learning_rate = 1"]
    assert chosen.without is None
    assert chosen.trains and chosen.left == ["# join"]


def test_a_run_is_used_as_it_was_trained_before_it_is_trained_anew() -> None:
    words, join = OwnFile("run", "words", "records/words"), ByHand("# join")
    chosen = treatment.choose(
        diagnosis(
            (1.0, "", Training(("AdamW.learning_rate = 1",))),
            (0.9, "", words),
            (0.8, "", join),
        )
    )
    assert chosen.files == [words] and not chosen.trains
    assert chosen.done == ["cp records/words run/words"]
    assert chosen.left == ["# join"]


def test_code_that_trained_is_left_to_people() -> None:
    chosen = treatment.choose(
        diagnosis((0.9, "", Training(code="shift the input by one")))
    )
    assert chosen.done == ["# train again with the code that is here"]
    assert chosen.left == [
        "# if your code is not this one: shift the input by one"
    ]


def test_without_an_alarm_the_first_cause_is_treated() -> None:
    longer = Usage(("Search.max_length = 22",))
    chosen = treatment.choose(
        diagnosis((0.4, "", longer), (0.3, "", WithoutPairs("pairs")))
    )
    assert chosen.done == ["Search.max_length = 22"]
    assert not chosen.trains and not chosen.left
    assert treatment.choose(diagnosis()).cures == ()


def test_training_without_pairs_trains() -> None:
    chosen = treatment.choose(diagnosis((0.9, "", WithoutPairs("pairs"))))
    assert chosen.trains and chosen.without == "pairs"


def brief(num_steps: int) -> list[str]:
    return treatment.brief(
        setup=setup.Setup(
            records="records",
            captioner=show_attend_tell.ShowAttendTell,
            devices=Devices(kind="multi_worker", names=("CPU:0",)),
            search=Greedy(max_length=9),
        ),
        recipe=recipe.Recipe(
            batching=Batching(),
            optimizer=optimizer.AdamW(warmup_steps=4000, decay_steps=90000),
            loss=loss.CaptionLoss(),
            loss_scale=loss_scale.DynamicScale(),
        ),
        cadence=Cadence(evaluate_every=5000),
        num_steps=num_steps,
        waived=(),
    )


def test_a_short_training_is_as_long_as_the_runs_own() -> None:
    assert brief(300) == ["Devices.kind = 'one_device'"]


def test_a_long_training_is_made_short_with_its_schedule() -> None:
    assert brief(90000) == [
        "Devices.kind = 'one_device'",
        "train.num_steps = 1000",
        "AdamW.decay_steps = None",
        "AdamW.warmup_steps = 200",
        "Cadence.evaluate_every = 1000",
    ]
