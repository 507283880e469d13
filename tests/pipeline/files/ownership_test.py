"""Locks, held by processes: one run at a time, and none that is dead."""

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pipeline.files import beam_files, ownership
from tests.support import bucket

_FORKS = multiprocessing.get_context("forkserver")


def _hold(output: str, ready: Connection) -> None:
    with ownership.hold(output):
        ready.send(ownership.take(output))
        ready.poll(None)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[tuple[Path, str, Callable[[], None]]]:
    """A folder that a process holds, its owner, and how to kill it."""
    ours, theirs = _FORKS.Pipe()
    folder = tmp_path / "records"
    process = _FORKS.Process(target=_hold, args=(str(folder), theirs))
    process.start()
    owner = ours.recv()

    def kill() -> None:
        process.kill()
        process.join()

    yield folder, owner, kill
    # Until here: the process ends with our end of the pipe.
    ours.close()
    process.join()


def test_a_held_folder_is_refused_by_its_holder(
    held: tuple[Path, str, Callable[[], None]],
) -> None:
    folder, owner, _ = held
    with (
        pytest.raises(ownership.LockError) as caught,
        ownership.hold(str(folder)),
    ):
        pass
    assert str(caught.value) == (
        f"{folder} is being made by {owner}: wait for it, or choose another "
        "--output"
    )
    assert re.fullmatch(r"process \d+ on \S+ \(run [0-9a-f]{8}\)", owner)


def test_a_dead_process_holds_nothing(
    held: tuple[Path, str, Callable[[], None]],
) -> None:
    folder, owner, kill = held
    kill()
    with ownership.hold(str(folder)):
        # The name stays until another takes the folder.
        ownership.check(str(folder), owner)
        taken = ownership.take(str(folder))
        ownership.check(str(folder), taken)
        with pytest.raises(ownership.LockError) as caught:
            ownership.check(str(folder), owner)
    assert str(caught.value) == (
        f"{folder} was taken from {owner} by {taken}: nothing more was written"
    )


def test_a_folder_is_held_again_after_it_was_left(tmp_path: Path) -> None:
    for _ in range(2):
        with ownership.hold(str(tmp_path / "a" / "b")):
            owner = ownership.take(str(tmp_path / "a" / "b"))
            ownership.give_back(str(tmp_path / "a" / "b"), owner)
    assert os.listdir(tmp_path / "a" / "b") == [".lock"]


def test_a_folder_that_was_given_back_has_no_owner(tmp_path: Path) -> None:
    owner = ownership.take(str(tmp_path))
    ownership.give_back(str(tmp_path), owner)
    with pytest.raises(
        ownership.LockError, match="by another run: nothing more"
    ):
        ownership.check(str(tmp_path), owner)


def test_a_guarded_file_is_published_by_the_owner_alone(
    tmp_path: Path,
) -> None:
    folder = str(tmp_path)
    first = ownership.take(folder)
    beam_files.write_bytes(folder, "a", ownership.guard([b"a"], folder, first))
    ownership.take(folder)
    with pytest.raises(ownership.LockError):
        beam_files.write_bytes(
            folder, "b", ownership.guard([b"b"], folder, first)
        )
    assert sorted(os.listdir(tmp_path)) == [".owner", "a"]


def test_a_folder_under_a_file_cannot_be_held(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="Not a directory|File exists"):
        with ownership.hold(str(tmp_path / "file" / "records")):
            pass


def test_a_bucket_is_its_last_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket.serve(tmp_path, monkeypatch) as url:
        with ownership.hold(url), ownership.hold(url):
            first, second = ownership.take(url), ownership.take(url)
            with pytest.raises(ownership.LockError, match="nothing more was"):
                guarded = ownership.guard([b"a"], url, first)
                beam_files.write_bytes(url, "a", guarded)
            assert not beam_files.exists(f"{url}/a")
            beam_files.write_bytes(
                url, "b", ownership.guard([b"b"], url, second)
            )
            ownership.give_back(url, second)
        assert beam_files.read_bytes(f"{url}/b") == b"b"
        with pytest.raises(ownership.LockError, match="by another run"):
            ownership.check(url, second)
