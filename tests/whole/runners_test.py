"""One data set on four runners: the same bytes, and one line if it fails."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.recordset import record_set
from tests.support import fixtures, jobs
from trainer.devices import launcher

pytestmark = pytest.mark.slow
_RUNNERS = ("multi_processing", "loopback", "external")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> jobs.World:
    """With an image that is rejected, and an unusual name of a split."""
    world = jobs.draw_world(tmp_path_factory.mktemp("world"))
    lines = world.corpus.jsonl.read_text()
    world.corpus.jsonl.write_text(lines.replace('"validation"', '"val"'))
    (world.corpus.images / "image-02.jpg").write_bytes(b"no picture")
    return world


@pytest.fixture(scope="module")
def expected(
    world: jobs.World, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What the runner in memory makes, by file."""
    output = tmp_path_factory.mktemp("in_memory") / "records"
    ended = jobs.run(*world.flags(output, max_reject_share=0.5))
    assert ended.code == 0, ended.errors
    return jobs.contents(output)


@contextlib.contextmanager
def served(module: str, flag: str) -> Iterator[str]:
    """Runs one of Beam's servers; gives its address."""
    with launcher.hold_port() as held:
        port = held.getsockname()[1]
        yield from _served(module, flag, port)


def _served(module: str, flag: str, port: int) -> Iterator[str]:
    # The pool of workers starts the first `python` of the path.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", f"apache_beam.runners.{module}"]
    server = subprocess.Popen(
        [*command, flag, str(port)],
        env={**os.environ, "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            assert server.poll() is None, f"{module} ended"
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("localhost", port)).close()
                break
            time.sleep(0.1)
        yield f"localhost:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def runners() -> Iterator[dict[str, list[str]]]:
    """The flags that choose each."""
    with (
        served("portability.local_job_service_main", "--port") as service,
        served("worker.worker_pool_main", "--service_port") as pool,
    ):
        portable = ["--runner=PortableRunner", f"--job_endpoint={service}"]
        yield {
            "multi_processing": [
                "--direct_running_mode=multi_processing",
                "--direct_num_workers=2",
            ],
            "loopback": [*portable, "--environment_type=LOOPBACK"],
            "external": [
                *portable,
                "--environment_type=EXTERNAL",
                f"--environment_config={pool}",
            ],
        }


# Of several processes, tests/pipeline/main_test.py says so.
@pytest.mark.parametrize("name", _RUNNERS[1:])
def test_another_runner_makes_the_same_bytes(
    name: str,
    world: jobs.World,
    expected: dict[str, bytes],
    runners: dict[str, list[str]],
    tmp_path: Path,
) -> None:
    flags = world.flags(tmp_path / name, max_reject_share=0.5)
    ended = jobs.start(*flags, *runners[name]).end()
    assert ended.code == 0, ended.errors
    assert "Traceback" not in ended.errors
    assert "\nsplits: test: " in ended.output
    assert "; validation: 4 captions of val\n" in ended.output
    assert jobs.contents(tmp_path / name) == expected


@pytest.mark.parametrize("name", _RUNNERS)
def test_another_runner_tells_a_failure_in_one_line(
    name: str, world: jobs.World, runners: dict[str, list[str]], tmp_path: Path
) -> None:
    flags = world.flags(tmp_path / name, max_reject_share=0)
    ended = jobs.start(*flags, *runners[name]).end()
    assert ended.told == (
        "1 of 8 images were rejected (12.5%, --max_reject_share is 0.0%): "
        "unknown-format 1 (first image-02.jpg: the file starts b'no picture'); "
        f"see {tmp_path / name}/rejects-*.jsonl, and run again with "
        "--overwrite when they are mended"
    )


def test_the_digest_knows_images_and_encoder(
    world: jobs.World, tmp_path: Path
) -> None:
    def digest(name: str, **changes: object) -> str:
        changes["max_reject_share"] = 0.5
        ended = jobs.run(*world.flags(tmp_path / name, **changes))
        assert ended.code == 0, ended.errors
        manifest = record_set.open_record_set(str(tmp_path / name)).manifest
        return manifest.digest

    other = fixtures.save_encoder(tmp_path / "other.keras", depth=7)
    images = tmp_path / "images"
    images.mkdir()
    for path in world.corpus.images.iterdir():
        (images / path.name).write_bytes(path.read_bytes())
    one = digest("one")
    assert digest("moved", images=images) == one
    assert digest("encoder", encoder=other) != one
    # Two photographs of the same captions.
    swapped = (images / "image-00.jpg").read_bytes()
    (images / "image-01.jpg").write_bytes(swapped)
    assert digest("image", images=images) != one
