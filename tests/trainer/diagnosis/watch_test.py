"""What is watched in a training, and when a warning comes."""

import copy
import dataclasses
import json
import math
import pathlib

import numpy as np
import pytest

import gin
from pipeline.recordset import vocabulary
from tests.support.tiny_run import load
from trainer.captioners import contract
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.decoding.caption import Caption, CaptionedExample
from trainer.diagnosis import case as case_lib
from trainer.diagnosis import path_swaps, watch
from trainer.evaluation import scorers

NOWHERE = np.zeros([0, 0], np.float32)
SCALARS = (
    *("mode_share", "collision_probability", "end_rate", "mean_words"),
    *("unknown_targets", "unknown_guesses", "swap_gap", "swap_gap_error"),
    *("memory_gap", "uniform_gap", "collapsed"),
)


@pytest.fixture(scope="module")
def case(records, run, tmp_path_factory) -> case_lib.Case:
    """Validated on 12 train images; weights far from zero: all images count."""
    gin.clear_config()
    load(records)
    found = case_lib.open_case(str(run[0]), gin.get_configurable("Setup")())
    draw = np.random.default_rng(0)
    for weight in found.captioner.weights:
        weight.assign(draw.normal(0, 0.5, weight.shape))
    selection = {**found.identity.selection, "validation_split": "train"}
    return dataclasses.replace(
        found,
        run_dir=str(tmp_path_factory.mktemp("watched")),
        identity=dataclasses.replace(found.identity, selection=selection),
    )


@pytest.fixture(scope="module")
def traced(case) -> watch.Watch:
    made = watch.Watch(case, 4, lambda: None)
    made(fitting())
    return made


@pytest.fixture
def seen(traced) -> watch.Watch:
    """One that has not warned; its programs are compiled."""
    return copy.copy(traced)


def first_images(case: case_lib.Case) -> batches.Batch:
    batching = Batching(**case.identity.batching)
    return batches.CaptionDataset(
        case.record_set, "train", batching, shuffle=False
    ).first_images(64)


def examples(texts: list[str]) -> scorers.Corpus:
    return scorers.Corpus(
        [
            CaptionedExample(
                str(number),
                b"",
                [f"a red {number}", f"one {number}"],
                Caption(text, tuple(text.split()), NOWHERE, -1.0),
            )
            for number, text in enumerate(texts)
        ]
    )


def fitting(count: int = 12) -> scorers.Corpus:
    return examples([f"a red {number}" for number in range(count)])


def test_captions_are_watched(seen) -> None:
    texts = ["a dog", "a dog", "a dog runs far"]
    found = seen(examples(texts))
    assert tuple(found) == SCALARS
    assert found["mode_share"] == pytest.approx(2 / 3)
    assert found["collision_probability"] == pytest.approx(1 / 3)
    assert found["end_rate"] == pytest.approx(2 / 3)
    assert found["mean_words"] == pytest.approx(8 / 3)
    assert math.isnan(found["collapsed"])


def test_of_one_caption_there_is_no_repetition(seen) -> None:
    found = seen(examples(["a dog"]))
    assert found["mode_share"] == 1
    assert math.isnan(found["collision_probability"])


def test_one_caption_for_all_is_a_collapse(seen) -> None:
    assert seen(examples(["a red 1"] * 12))["collapsed"] == 1


def test_three_paths_are_those_of_the_diagnosis(case, seen) -> None:
    batch = first_images(case)
    whole = path_swaps.measure(case.captioner, batch)
    found = path_swaps.Glance(case.captioner, batch)()
    for path in ("memory", "uniform"):
        np.testing.assert_allclose(found[path], whole.rises[path])
    logits, _ = case.captioner(
        batch["grid"], contract.shift_right(batch["tokens"])
    )
    likeliest = np.argmax(logits, -1)[batch["weights"].numpy() > 0]
    assert (found["guesses"] == likeliest).mean() > 0.99
    scalars = seen(fitting())
    assert scalars["swap_gap"] == pytest.approx(whole.rises["image"].mean())


def test_unknown_words_are_counted_where_they_are_the_likeliest(
    case, seen
) -> None:
    bias = case.captioner.logits.bias
    before = bias.numpy()
    bias.assign(np.eye(bias.shape[0])[vocabulary.UNK] * 100)
    assert seen(fitting())["unknown_guesses"] == 1
    bias.assign(np.eye(bias.shape[0])[vocabulary.END] * 100)
    assert seen(fitting())["unknown_guesses"] == 0
    bias.assign(before)


SAME = ["a red 1"] * 12


def rows(
    case: case_lib.Case, losses: list[float], gap: float, every: int
) -> None:
    """Writes a log of evaluations, all collapsed."""
    lines = [
        {
            "step": every * number,
            "train/loss": 3.0,
            "train/tokens": 70.0,
            "validation/loss": loss,
            "validation/swap_gap": gap,
            "validation/collapsed": 1,
        }
        for number, loss in enumerate(losses, start=1)
    ]
    path = pathlib.Path(case.run_dir) / "metrics.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


YOUNG, OLD = 10, 1000


@pytest.mark.parametrize(
    ("losses", "gap", "times", "told"),
    [
        ([3.0], 0.1, OLD, False),
        ([3.0, 2.9], 0.1, OLD, False),
        ([3.0, 2.98], 0.1, YOUNG, False),
        ([3.0, 2.98], 0.1, OLD, True),
        ([3.0, 2.0, 1.99], 0.1, OLD, False),
        ([3.0, 2.0, 1.99, 1.98], 0.1, OLD, True),
        ([3.0], 0.0, YOUNG, True),
        ([], 0.1, OLD, False),
    ],
    ids=[
        *("first", "falling", "warming up", "still", "falling before"),
        *("still again", "cannot", "no log"),
    ],
)
def test_a_run_that_is_no_longer_young_is_warned_of(
    case, seen, losses, gap, times, told, caplog
) -> None:
    rows(case, losses, gap, times)
    seen(examples(SAME))
    seen.warn(20)
    assert bool(caplog.messages) == told
    if told:
        (message,) = caplog.messages
        assert message.startswith(
            "step 20: The captions owe nothing to the images: another image"
        )
        assert "Likeliest cause: " in message
        assert message.endswith(
            f"; --mode=diagnose --run_dir={case.run_dir} says more"
        )
        seen.warn(30)
        assert len(caplog.messages) == 1


def test_a_captioner_that_was_made_blind_is_not_warned_of(
    case, caplog, monkeypatch
) -> None:
    monkeypatch.setattr(case.captioner, "uses_image", False)
    rows(case, [3.0], 0.0, OLD)
    seen = watch.Watch(case, 9, lambda: None)
    seen(examples(SAME))
    seen.warn(10)
    assert not caplog.messages
