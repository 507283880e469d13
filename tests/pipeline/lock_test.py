"""Locks, held by processes: one run at a time, and none that is dead."""

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pipeline import lock, storage
from tests import bucket

_FORKS = multiprocessing.get_context("forkserver")


def _hold(output: str, ready: Connection) -> None:
    with lock.hold(output):
        ready.send(lock.take(output))
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
    with pytest.raises(lock.LockError) as caught, lock.hold(str(folder)):
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
    with lock.hold(str(folder)):
        # The name stays until another takes the folder.
        lock.check(str(folder), owner)
        taken = lock.take(str(folder))
        lock.check(str(folder), taken)
        with pytest.raises(lock.LockError) as caught:
            lock.check(str(folder), owner)
    assert str(caught.value) == (
        f"{folder} was taken from {owner} by {taken}: nothing more was written"
    )


def test_a_folder_is_held_again_after_it_was_left(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.hold(str(tmp_path / "a" / "b")):
            owner = lock.take(str(tmp_path / "a" / "b"))
            lock.give_back(str(tmp_path / "a" / "b"), owner)
    assert os.listdir(tmp_path / "a" / "b") == [".lock"]


def test_a_folder_that_was_given_back_has_no_owner(tmp_path: Path) -> None:
    owner = lock.take(str(tmp_path))
    lock.give_back(str(tmp_path), owner)
    with pytest.raises(lock.LockError, match="by another run: nothing more"):
        lock.check(str(tmp_path), owner)


def test_a_guarded_file_is_published_by_the_owner_alone(
    tmp_path: Path,
) -> None:
    folder = str(tmp_path)
    first = lock.take(folder)
    storage.write_bytes(folder, "a", lock.guard([b"a"], folder, first))
    lock.take(folder)
    with pytest.raises(lock.LockError):
        storage.write_bytes(folder, "b", lock.guard([b"b"], folder, first))
    assert sorted(os.listdir(tmp_path)) == [".owner", "a"]


def test_a_folder_under_a_file_cannot_be_held(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="Not a directory|File exists"):
        with lock.hold(str(tmp_path / "file" / "records")):
            pass


def test_a_bucket_is_its_last_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bucket.serve(tmp_path, monkeypatch) as url:
        with lock.hold(url), lock.hold(url):
            first, second = lock.take(url), lock.take(url)
            with pytest.raises(lock.LockError, match="nothing more was"):
                guarded = lock.guard([b"a"], url, first)
                storage.write_bytes(url, "a", guarded)
            assert not storage.exists(f"{url}/a")
            storage.write_bytes(url, "b", lock.guard([b"b"], url, second))
            lock.give_back(url, second)
        assert storage.read_bytes(f"{url}/b") == b"b"
        with pytest.raises(lock.LockError, match="by another run"):
            lock.check(url, second)
