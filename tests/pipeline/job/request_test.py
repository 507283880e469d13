"""Requests: the same one continues a job; another is refused, and why."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import beam_files, ownership
from pipeline.job import request as request_lib
from tests.support import fixtures

REQUEST = request_lib.Request(
    inputs={"captions": "ab"},
    settings={"min_count": 1, "split_rule": {"salt": "s", "test_share": 0.1}},
    encoder={"architecture": "patches", "mean": (0.0, 1.0)},
)


def claim(
    folder: Path,
    request: request_lib.Request = REQUEST,
    *,
    overwrite: bool = False,
) -> bool:
    """Whether there is work to do."""
    owner = request_lib.claim(str(folder), request, overwrite=overwrite)
    if owner:
        ownership.give_back(str(folder), owner)
    return owner is not None


def refused(folder: Path, **changes: Any) -> str:
    with pytest.raises(request_lib.RequestError) as caught:
        claim(folder, dataclasses.replace(REQUEST, **changes))
    return str(caught.value)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    assert claim(folder)
    fixtures.write_record_set(folder)
    (folder / "train-00000-of-00002.index.json").write_text("{}")
    (folder / "rejects-00000-of-00002.jsonl").write_text("{}\n")
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_folder_is_claimed(tmp_path: Path) -> None:
    assert claim(tmp_path / "new")
    stored = json.loads((tmp_path / "new" / "request.json").read_text())
    assert stored == json.loads(json.dumps(dataclasses.asdict(REQUEST)))


def test_digests_know_all_that_decides_the_bytes() -> None:
    same = dataclasses.replace(REQUEST, inputs=dict(REQUEST.inputs))
    assert same.digest == REQUEST.digest
    for name in ("inputs", "settings", "encoder"):
        other = dataclasses.replace(REQUEST, **{name: {"captions": "ac"}})
        assert other.digest != REQUEST.digest


def test_an_unfinished_record_set_goes_on(tmp_path: Path) -> None:
    assert claim(tmp_path)
    (tmp_path / "train-00000-of-00002.index.json").write_text("{}")
    (tmp_path / "rejects-00000-of-00002.jsonl").write_text("{}\n")
    assert claim(tmp_path)
    assert names(tmp_path) == {
        "request.json",
        "train-00000-of-00002.index.json",
    }


def test_a_finished_record_set_is_complete(finished: Path) -> None:
    before = names(finished)
    assert not claim(finished)
    assert names(finished) == before


@pytest.mark.parametrize(
    "file", ["train-00000-of-00002.tfrecord", "vocabulary.tsv", "manifest.json"]
)
def test_a_damaged_record_set_is_not_complete(
    finished: Path, file: str
) -> None:
    (finished / file).write_bytes(b"x")
    assert claim(finished)
    assert "manifest.json" not in names(finished)
    assert "train-00001-of-00002.tfrecord" in names(finished)
    (finished / "train-00001-of-00002.tfrecord").unlink()
    assert claim(finished)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": {"captions": "cd"}}, "captions 'ab' -> 'cd'"),
        ({"inputs": {"captions": "ab", "dev": "e"}}, "dev None -> 'e'"),
        ({"inputs": {}}, "captions 'ab' -> None"),
        (
            {
                "settings": {
                    "min_count": 2,
                    "split_rule": {"salt": "s", "test_share": 0.2},
                }
            },
            "min_count 1 -> 2, test_share 0.1 -> 0.2",
        ),
        (
            {"encoder": {"architecture": "other", "mean": (0.0, 1.0)}},
            "architecture 'patches' -> 'other'",
        ),
    ],
)
def test_another_request_is_refused_by_name(
    finished: Path, changes: dict[str, Any], told: str
) -> None:
    before = names(finished)
    assert refused(finished, **changes) == (
        f"{finished} was made otherwise ({told}): choose another --output, or "
        "replace it with --overwrite"
    )
    assert names(finished) == before


def test_overwriting_removes_the_other_record_set(finished: Path) -> None:
    (finished / "notes.txt").write_text("mine")
    other = dataclasses.replace(REQUEST, inputs={"captions": "cd"})
    assert claim(finished, other, overwrite=True)
    assert names(finished) == {"request.json", "vocabulary.tsv", "notes.txt"}
    assert claim(finished, other)
    assert "captions 'cd' -> 'ab'" in refused(finished)


def test_overwriting_removes_the_same_record_set_too(finished: Path) -> None:
    assert claim(finished, overwrite=True)
    assert not any(name.endswith("tfrecord") for name in names(finished))


def test_a_folder_under_a_file_cannot_be_claimed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="Not a directory|File exists"):
        claim(tmp_path / "file" / "records")


def test_a_damaged_request_is_told(finished: Path) -> None:
    path = finished / "request.json"
    path.write_bytes(b"{\xff")
    assert refused(finished) == (
        f"{path} is damaged: replace the record set with --overwrite"
    )
    assert claim(finished, overwrite=True)
    assert claim(finished)


def test_a_claim_removes_what_a_killed_run_left(tmp_path: Path) -> None:
    assert claim(tmp_path)
    left = tmp_path / f".train-00000-of-00001.tfrecord.{'a' * 32}"
    left.write_bytes(b"half")
    assert claim(tmp_path)
    assert names(tmp_path) == {"request.json"}


def test_a_claim_takes_the_folder_from_its_owner(tmp_path: Path) -> None:
    folder = str(tmp_path)
    first = request_lib.claim(folder, REQUEST, overwrite=False)
    second = request_lib.claim(folder, REQUEST, overwrite=False)
    assert first and second
    ownership.check(folder, second)
    with pytest.raises(
        ownership.LockError, match=re.escape(f"from {first} by ")
    ):
        ownership.check(folder, first)


def test_a_refused_claim_leaves_the_owner_alone(tmp_path: Path) -> None:
    folder = str(tmp_path)
    owner = request_lib.claim(folder, REQUEST, overwrite=False)
    assert owner
    refused(tmp_path, inputs={"captions": "cd"})
    ownership.check(folder, owner)


def test_what_the_last_owner_was_writing_is_not_published(
    tmp_path: Path,
) -> None:
    folder = str(tmp_path)
    first = request_lib.claim(folder, REQUEST, overwrite=False)
    assert first

    def chunks() -> Iterator[bytes]:
        yield b"half of a manifest"
        assert request_lib.claim(folder, REQUEST, overwrite=True)

    with pytest.raises(ownership.LockError, match="nothing more was written$"):
        guarded = ownership.guard(chunks(), folder, first)
        beam_files.write_bytes(folder, "manifest.json", guarded)
    assert names(tmp_path) == {"request.json", ".owner"}
