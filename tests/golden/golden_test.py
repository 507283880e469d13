"""Files of an earlier version open, resume and caption as they did then."""

import json
import math
import pathlib
import re
import shutil
from typing import Any

import numpy as np
import pytest

from tests.golden import commands

EXPECTED = json.loads((commands.FOLDER / "expected.json").read_text())
# Bits are promised on one kind of processor alone; of scores, which are sums
# that a later version may order otherwise, all but the last digits.
SAME_BITS = EXPECTED["processor"] == commands.processor()
TOLERANCE = 1e-12 if SAME_BITS else 0.02
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def copy(folder: pathlib.Path, *names: str) -> pathlib.Path:
    for name in names:
        kept = commands.FOLDER / name
        if kept.is_dir():
            shutil.copytree(kept, folder / name)
        else:
            shutil.copy(kept, folder / name)
    return folder


def close(found: Any, kept: Any) -> bool:
    """Whether only the last digits of numbers differ, those in texts too."""
    if isinstance(kept, dict):
        return list(found) == list(kept) and all(
            close(found[name], kept[name]) for name in kept
        )
    if isinstance(kept, list):
        return len(found) == len(kept) and all(map(close, found, kept))
    if isinstance(kept, str):
        return NUMBER.split(found) == NUMBER.split(kept) and close(
            [float(number) for number in NUMBER.findall(found)],
            [float(number) for number in NUMBER.findall(kept)],
        )
    if isinstance(kept, float):
        return math.isclose(found, kept, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    if isinstance(kept, int) and not SAME_BITS:
        # Counts are equal; the data card's sums of grids are large.
        return math.isclose(found, kept, rel_tol=1e-4)
    return bool(found == kept)


def check(found: Any, kept: Any) -> None:
    assert close(found, kept), (found, kept)


def without_digests(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: without_digests(inner)
            for name, inner in value.items()
            if not name.endswith(("digest", "sha256"))
        }
    if isinstance(value, list):
        return [without_digests(inner) for inner in value]
    return value


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder where the run of then was scored, and captioned its images."""
    folder = tmp_path_factory.mktemp("served")
    copy(folder, "corpus", "patches.keras", "records", "run")
    commands.run(commands.EVALUATE, folder)
    commands.run(commands.CAPTION, folder)
    return folder


def test_record_set_verifies(tmp_path):
    copy(tmp_path, "records")
    said = commands.run(commands.VERIFY, tmp_path)
    assert said.strip().endswith("no damage")


def test_record_set_is_known_as_complete(tmp_path):
    copy(tmp_path, "corpus", "patches.keras", "records")
    said = commands.run(commands.PRECOMPUTE, tmp_path)
    assert said.strip() == "already complete: records"


def assert_card_tells_the_same(found, kept):
    """A later version's card may hold more facts, more rules and other lines.

    What was measured, and what was found of it, stays the same.
    """
    told, then = (
        json.loads((folder / "data_card.json").read_text())
        for folder in (found, kept)
    )
    names = {rule["slug"] for rule in then["findings"]}
    for card in (told, then):
        rules = [each for each in card["findings"] if each["slug"] in names]
        for rule in rules:
            del rule["threshold"]
            rule["consequences"] = [
                slug for slug in rule["consequences"] if slug in names
            ]
        card["findings"] = rules
    told["facts"] = {name: told["facts"][name] for name in then["facts"]}
    check(told, then)


def test_job_writes_the_same_record_set(tmp_path):
    copy(tmp_path, "corpus", "patches.keras")
    commands.run(commands.PRECOMPUTE, tmp_path)
    kept, found = commands.FOLDER / "records", tmp_path / "records"
    names = {path.name for path in kept.iterdir()}
    # The page is for people, and may look better one day.
    written = {path.name for path in found.iterdir()}
    assert written - {".lock", "data_card.html"} == names
    assert_card_tells_the_same(found, kept)
    for name in sorted(names - {"data_card.json"}):
        told, then = (folder / name for folder in (found, kept))
        if SAME_BITS and name == "manifest.json":
            rows = [json.loads(path.read_text()) for path in (told, then)]
            for row in rows:
                # Of a later version's card, and of the row that names it.
                del row["card_sha256"], row["digest"]
            assert rows[0] == rows[1]
        elif SAME_BITS:
            assert told.read_bytes() == then.read_bytes(), name
        elif name.endswith(".json"):
            # A grid may round to its neighbour, and a shard's digest with it.
            rows = [json.loads(path.read_text()) for path in (told, then)]
            assert close(*map(without_digests, rows)), name
        elif not name.endswith(".tfrecord"):
            assert told.read_text() == then.read_text(), name
    for path in sorted(kept.glob("*.tfrecord")):
        np.testing.assert_allclose(
            commands.grids(found / path.name).astype(np.float32),
            commands.grids(path).astype(np.float32),
            rtol=0 if SAME_BITS else 2e-3,
            atol=0 if SAME_BITS else 1e-3,
        )


def test_run_resumes_to_the_same_bits(tmp_path):
    copy(tmp_path, "records", "run")
    commands.run(commands.RESUME, tmp_path)
    run_dir = tmp_path / "run"
    rows, kept = commands.rows(run_dir / "metrics.jsonl"), EXPECTED["metrics"]
    # A later version may log more.
    logged = [
        {name: row[name] for name in then}
        for row, then in zip(rows, kept, strict=True)
    ]
    check(logged, kept)
    assert commands.newest(run_dir / "best") == EXPECTED["best"]
    found = commands.values(run_dir)
    with np.load(commands.FOLDER / "resumed.npz") as archive:
        saved = dict(archive)
    # A later version may save more.
    assert found.keys() >= saved.keys()
    for name, value in saved.items():
        assert found[name].dtype == value.dtype, name
        if SAME_BITS:
            assert found[name].tobytes() == value.tobytes(), name
        elif value.dtype.kind in "fi":
            np.testing.assert_allclose(
                found[name], value, rtol=0.02, atol=0.02, err_msg=name
            )


def test_evaluate_writes_the_same_scores(served):
    folder = served / "run" / "train"
    scores = json.loads((folder / "scores.json").read_text())
    then = EXPECTED["scores"]
    # A later version may measure more.
    scores["scores"] = {
        name: {key: scores["scores"][name][key] for key in floors}
        for name, floors in then["scores"].items()
    }
    check({name: scores[name] for name in then}, then)
    check(commands.rows(folder / "captions.jsonl"), EXPECTED["evaluated"])


def test_caption_writes_the_same_captions(served):
    check(commands.rows(served / "captions.jsonl"), EXPECTED["captions"])
