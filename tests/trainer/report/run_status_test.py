"""A run's files are told as they are: state, step, score beside its floors."""

import dataclasses
import json
import os
import pathlib
import shutil

import pytest

from trainer.report import run_status
from trainer.run import lock

GOLDEN = pathlib.Path(__file__).parents[2] / "golden"
PLAN = run_status.Plan(
    num_steps=200,
    patience=3,
    select_by="loss",
    higher_is_better=False,
    records=str(GOLDEN / "records"),
)


@pytest.fixture
def run(tmp_path):
    """A copy of a run of 200 steps that was validated by its loss."""
    return pathlib.Path(shutil.copytree(GOLDEN / "run", tmp_path / "run"))


def read(run, **changes):
    plan = dataclasses.replace(PLAN, **changes)
    return run_status.read(str(run), lambda _: plan)


def evaluate(run, split, verdict="It looks at the image: swapping images"):
    """Leaves the scores that `--mode=evaluate` writes."""
    (run / split).mkdir()
    score = {"model": 0.49, "constant": 0.142, "shuffled": 0.065}
    scores = {"split": split, "verdict": verdict, "scores": {"cider_d": score}}
    (run / split / "scores.json").write_text(json.dumps(scores))


def validate(run, *losses):
    """Leaves rows of validations, a step each, as if they were the run's."""
    rows = [
        {"step": 200 - len(losses) + number, "validation/loss": loss}
        for number, loss in enumerate(losses, start=1)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (run / "metrics.jsonl").write_text(text)


def test_a_run_that_was_not_evaluated_has_its_best_validation(run):
    (row,) = read(run)
    assert row == run_status.Row(
        run=str(run),
        state="finished",
        step="200 of 200",
        split="validation, step 200",
        score="loss 0.435",
        verdict="not evaluated",
    )


def test_floors_of_a_validation_are_those_of_the_data_card(run):
    row = {"step": 200, "validation/cider_d": 1.25}
    (run / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    (row,) = read(run, select_by="cider_d", higher_is_better=True)
    card = json.loads((GOLDEN / "records" / "data_card.json").read_text())
    floors = card["facts"]["floors"]
    assert row.score == "cider_d 1.250"
    assert row.constant == f"{floors['constant']:.3f}"
    assert row.shuffled == f"{floors['permuted']:.3f}"
    (row,) = read(run, select_by="cider_d", records="gone")
    assert (row.constant, row.shuffled) == ("-", "-")


def test_each_evaluated_split_has_a_row_with_floors_and_verdict(run):
    evaluate(run, "test")
    evaluate(run, "dev", "It does NOT look at the image: swap. Collapse: 90%")
    dev, test = sorted(read(run), key=lambda row: row.split)
    assert (test.split, test.score) == ("test", "cider_d 0.490")
    assert (test.constant, test.shuffled) == ("0.142", "0.065")
    assert test.verdict == "It looks at the image"
    assert dev.verdict == "It does NOT look at the image. Collapse"
    assert dev.step == test.step == "200 of 200"


@pytest.mark.parametrize(
    ("losses", "state"),
    [
        ((2.0, 3.0, None, 2.0), "finished early"),
        ((None, None, None), "finished early"),
        ((2.0, 3.0, 2.0), "interrupted, saved at step 200"),
        ((2.0, 3.0, 3.0, 1.0), "interrupted, saved at step 200"),
    ],
)
def test_patience_is_counted_as_the_training_counts_it(run, losses, state):
    validate(run, *losses)
    (row,) = read(run, num_steps=400)
    assert (row.state, row.step) == (state, "200 of 400")


def test_a_run_without_a_checkpoint_is_unsaved(run):
    shutil.rmtree(run / "checkpoints")
    shutil.rmtree(run / "best")
    (row,) = read(run, num_steps=4000)
    assert (row.state, row.step) == ("interrupted, unsaved", "200 of 4,000")


def test_what_trains_is_told_by_its_lock(run, tmp_path):
    for folder in (run, tmp_path / "new"):
        with lock.hold(str(folder)):
            (row,) = read(folder)
            assert row.state == f"running, process {os.getpid()}"
    assert read(run)[0].state == "finished"
    (tmp_path / "new" / "mine.log").write_text("WiringError")
    assert read(tmp_path / "new")[0].state == "failed to start"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("identity.json", "[]", "{run}/identity.json is damaged ("),
        ("identity.json", None, "no trained captioner in '{run}': identity"),
        ("metrics.jsonl", "{}\n", "KeyError('step')"),
        ("metrics.jsonl", "x\n{}\n", "{run}/metrics.jsonl, line 1, is damaged"),
        ("test/scores.json", "{", "{run}/test/scores.json is damaged ("),
        ("test/scores.json", "{}", "{run}/test/scores.json is damaged ("),
    ],
)
def test_a_damaged_file_is_named_in_the_row(run, name, text, said):
    evaluate(run, "test")
    (run / name).unlink() if text is None else (run / name).write_text(text)
    (row,) = read(run)
    assert row.state == "damaged"
    assert row.verdict.startswith(said.format(run=run))
    assert (row.run, row.step) == (str(run), "-")
