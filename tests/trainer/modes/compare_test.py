"""Two runs' captions are compared by a real process."""

import json

import pytest

from tests.support import forks

WORDS = "dog cat bird boat car tree lake girl boy ball".split()
IMAGES = 60


def references(number: int) -> list[str]:
    thing = WORDS[number % 10]
    return [f"a red {thing} number {number}", f"the {thing} is red {number}"]


def evaluated(run_dir, *, right: int, split="test", ids=range(IMAGES)):
    """A run whose evaluation got the first `right` of ten captions right."""
    folder = run_dir / split
    folder.mkdir(parents=True)
    rows = [
        {
            "id": str(n),
            "caption": references(n if n % 10 < right else n + 1)[0],
            "references": references(n),
        }
        for n in ids
    ]
    (folder / "captions.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows)
    )
    return run_dir


def compare(*run_dirs, more=()):
    return forks.run(
        "trainer",
        "--mode=compare",
        *(f"--run_dir={run_dir}" for run_dir in run_dirs),
        *more,
    )


def test_a_real_difference_is_told_and_written(tmp_path):
    first = evaluated(tmp_path / "a", right=4)
    second = evaluated(tmp_path / "b", right=9, ids=reversed(range(IMAGES)))
    done = compare(first, second)
    assert done.code == 0, done.errors
    rows = done.output.splitlines()
    assert rows[:3] == [f"A: {first}", f"B: {second}", "60 images of test"]
    (cider_d,) = [row for row in rows if row.startswith("CIDEr-D ")]
    assert cider_d.endswith("B is better")
    path = second / "test" / "comparison.json"
    assert rows[-1] == f"JSON: {path}"
    row = json.loads(path.read_text())["scores"]["cider_d"]
    assert row["difference"]["value"] == pytest.approx(row["b"] - row["a"])
    assert row["difference"]["p"] < 0.01


def test_equal_runs_do_not_differ(tmp_path):
    runs = [evaluated(tmp_path / name, right=5) for name in "ab"]
    done = compare(*runs, more=[f"--output={tmp_path / 'same.json'}"])
    assert done.code == 0, done.errors
    assert "is better" not in done.output
    found = json.loads((tmp_path / "same.json").read_text())["scores"]
    assert found["bleu_4"]["difference"]["p"] == 1.0


def test_one_run_is_too_few(tmp_path):
    one = evaluated(tmp_path / "a", right=5)
    message = (
        "--mode=compare needs two runs, --run_dir=A --run_dir=B, got {count}"
    )
    assert compare(one).told == message.format(count=1)
    assert compare(one, one).told == message.format(count=1)


def test_what_cannot_be_compared_is_refused_by_name(tmp_path):
    first = evaluated(tmp_path / "a", right=5)
    dev = evaluated(tmp_path / "dev", right=5, split="dev")
    assert compare(first, dev).told == (
        f"{first} was evaluated on test, {dev} on dev: no split in common"
    )
    assert compare(first, tmp_path / "no").told == (
        f"{tmp_path / 'no'} was not evaluated (--mode=evaluate)"
    )
    few = evaluated(tmp_path / "few", right=5, ids=range(50))
    assert compare(first, few).told == (
        f"{first} and {few} captioned other images: 10 of 60 are in {first} "
        "alone, such as '50'"
    )
    other = evaluated(tmp_path / "other", right=5)
    path = other / "test" / "captions.jsonl"
    path.write_text(path.read_text().replace("the dog is red 10", "a pup"))
    assert compare(first, other).told == (
        f"{first} and {other} have other references of image '10': score both "
        "on one record set"
    )


def test_of_several_splits_one_has_to_be_named(tmp_path):
    runs = [evaluated(tmp_path / name, right=5) for name in "ab"]
    for run in runs:
        evaluated(run, right=5, split="dev")
    assert compare(*runs).told == (
        "both runs were evaluated on dev, test: name one, such as --split=dev"
    )
    done = compare(*runs, more=["--split=dev"])
    assert done.code == 0 and "60 images of dev" in done.output
    assert compare(*runs, more=["--split=val"]).told == (
        f"{runs[0]} was not evaluated on 'val'; it was on dev, test "
        "(--mode=evaluate)"
    )
