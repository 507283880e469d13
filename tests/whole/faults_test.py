"""Jobs that are killed, out of memory or rivalled lose and mix nothing."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import pytest

from pipeline.recordset import manifest, record_set
from tests.support import fixtures, jobs

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="finds processes in /proc"
)
_TWO_WORKERS = (
    "--direct_running_mode=multi_processing",
    "--direct_num_workers=2",
)
_KILLED = (
    "a worker ended before its work was done (killed, or out of memory): run "
    "the same command again, finished shards are kept"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> jobs.World:
    """Its encoder is so slow that a shard takes a second or so."""
    folder = tmp_path_factory.mktemp("world")
    corpus = fixtures.draw_corpus(folder / "corpus", num_images=24)
    pixels = keras.Input((32, 32, 3))
    seed = keras.initializers.GlorotUniform(seed=1)
    grid = keras.layers.Conv2D(128, 3, padding="same", kernel_initializer=seed)(
        keras.layers.Rescaling(1 / 255)(pixels)
    )
    deepen = keras.layers.Conv2D(
        128, 3, padding="same", kernel_initializer=seed
    )
    for _ in range(30):
        grid = deepen(grid)
    patches = keras.layers.Conv2D(6, 8, strides=8, kernel_initializer=seed)
    encoder = folder / "slow.keras"
    keras.Model(pixels, patches(grid), name="slow").save(encoder)
    return jobs.World(corpus, encoder)


@pytest.fixture(scope="module")
def expected(
    world: jobs.World, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What an undisturbed job makes, by file."""
    output = tmp_path_factory.mktemp("undisturbed") / "records"
    ended = jobs.run(*world.flags(output))
    assert ended.code == 0, ended.errors
    return jobs.contents(output)


def half_written(output: Path) -> list[Path]:
    return list(output.glob(".*.tfrecord.*"))


def writers(output: Path) -> list[int]:
    """Processes that have a half-written shard open."""
    found = []
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = Path(os.readlink(descriptor))
        except OSError:  # It ended meanwhile, or is another user's.
            continue
        if target.parent == output and target in half_written(output):
            found.append(int(descriptor.parts[2]))
    return found


def workers(job: jobs.Job) -> list[int]:
    """The job's processes that run Beam's worker, not the shells around it."""
    parents, commands = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        process = int(stat.parent.name)
        try:
            parents[process] = int(
                stat.read_text().rpartition(")")[2].split()[1]
            )
            commands[process] = stat.with_name("cmdline").read_bytes()
        except OSError:  # It ended meanwhile.
            continue
    return [
        process
        for process, command in commands.items()
        if b"\0apache_beam.runners.worker.sdk_worker_main\0" in command
        and job.process.pid in (parent := parents[process], parents.get(parent))
    ]


def kill(job: jobs.Job, find: Callable[[], list[int]]) -> None:
    """Kills the first process found, in the state in which it was found."""
    while True:
        assert job.process.poll() is None, job.end().errors
        for victim in find()[:1]:
            os.kill(victim, signal.SIGSTOP)
            if victim in find():
                os.kill(victim, signal.SIGKILL)
                return
            os.kill(victim, signal.SIGCONT)
        time.sleep(0.01)


def check_unfinished(output: Path) -> None:
    with pytest.raises(manifest.RecordSetError, match="has not finished"):
        record_set.open_record_set(str(output))


@pytest.mark.slow
def test_a_killed_launcher_is_gone_on_from(
    world: jobs.World, expected: dict[str, bytes], tmp_path: Path
) -> None:
    output = tmp_path / "records"
    job = jobs.start(*world.flags(output))

    def find() -> list[int]:
        done = list(output.glob("*.index.json"))
        return [job.process.pid] if done and half_written(output) else []

    kill(job, find)
    assert job.end().code == -signal.SIGKILL
    check_unfinished(output)
    assert half_written(output)
    ended = jobs.run(*world.flags(output))
    assert ended.code == 0, ended.errors
    assert re.search(r" [1-9]\d* finished earlier", ended.errors)
    assert jobs.contents(output) == expected


@pytest.mark.slow
def test_a_killed_worker_ends_the_job_and_is_gone_on_from(
    world: jobs.World, expected: dict[str, bytes], tmp_path: Path
) -> None:
    output = tmp_path / "records"
    job = jobs.start(*world.flags(output), *_TWO_WORKERS)
    kill(job, lambda: writers(output))
    assert job.end(seconds=120).told == _KILLED
    check_unfinished(output)
    ended = jobs.run(*world.flags(output))
    assert ended.code == 0, ended.errors
    assert jobs.contents(output) == expected


@pytest.mark.slow
@pytest.mark.parametrize("given", [(), _TWO_WORKERS])
def test_an_interrupted_job_is_told_in_one_line_and_gone_on_from(
    world: jobs.World,
    expected: dict[str, bytes],
    tmp_path: Path,
    given: tuple[str, ...],
) -> None:
    output = tmp_path / "records"
    job = jobs.start(*world.flags(output), *given)
    while not half_written(output):
        assert job.process.poll() is None, job.end().errors
        time.sleep(0.01)
    job.process.send_signal(signal.SIGINT)
    ended = job.end(seconds=120)
    assert ended.code == 130, ended.errors
    assert ended.errors.splitlines()[-1] == "pipeline: stopped by SIGINT"
    assert "Traceback" not in ended.errors
    check_unfinished(output)
    ended = jobs.run(*world.flags(output))
    assert ended.code == 0, ended.errors
    assert jobs.contents(output) == expected


@pytest.mark.slow
def test_a_worker_killed_before_it_is_heard_ends_the_job(
    world: jobs.World, tmp_path: Path
) -> None:
    # A shell gives its children in a script's background this.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        job = jobs.start(*world.flags(tmp_path / "records"), *_TWO_WORKERS)
    finally:
        signal.signal(signal.SIGINT, before)
    kill(job, lambda: workers(job))
    assert job.end(seconds=120).told == _KILLED


@pytest.mark.slow
def test_workers_that_outlive_their_launcher_mix_nothing_in(
    world: jobs.World, tmp_path: Path
) -> None:
    output = tmp_path / "records"
    job = jobs.start(*world.flags(output), *_TWO_WORKERS)
    kill(job, lambda: [job.process.pid] if writers(output) else [])
    job.end()
    again = world.flags(output, num_shards=1, thumbnail_side=8)
    ended = jobs.run(*again, "--overwrite")
    assert ended.code == 0, ended.errors
    verified = jobs.run(*again, "--mode=verify")
    assert verified.code == 0, verified.errors
    assert {path.name for path in output.glob("*.tfrecord")} == {
        f"{split}-00000-of-00001.tfrecord"
        for split in ("train", "validation", "test")
    }


@pytest.mark.slow
def test_of_two_launchers_one_wins(
    world: jobs.World, expected: dict[str, bytes], tmp_path: Path
) -> None:
    output = tmp_path / "records"
    first = jobs.start(*world.flags(output))
    while not half_written(output):
        assert first.process.poll() is None, first.end().errors
        time.sleep(0.01)
    first.process.send_signal(signal.SIGSTOP)
    told = jobs.run(*world.flags(output, num_shards=3), "--overwrite").told
    assert re.fullmatch(
        rf"{output} is being made by process {first.process.pid} on "
        rf"{socket.gethostname()} \(run [0-9a-f]{{8}}\): wait for it, or "
        "choose another --output",
        told,
    )
    first.process.send_signal(signal.SIGCONT)
    ended = first.end()
    assert ended.code == 0, ended.errors
    assert jobs.contents(output) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Five pages of memory, as a file system of their own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not permitted")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_told_and_can_be_mended(
    small_disk: Path, tmp_path: Path
) -> None:
    world = jobs.draw_world(tmp_path / "world")
    output = small_disk / "records"
    told = jobs.run(*world.flags(output)).told
    assert told.startswith("[Errno 28] No space left on device")
    check_unfinished(output)
    subprocess.run(
        ["mount", "-o", "remount,size=1m", str(small_disk)], check=True
    )
    ended = jobs.run(*world.flags(output))
    assert ended.code == 0, ended.errors
    assert jobs.run(*world.flags(tmp_path / "elsewhere")).code == 0
    elsewhere = jobs.contents(tmp_path / "elsewhere")
    assert jobs.contents(output) == elsewhere
