"""Known start-up notes are dropped, in every command; nothing else is."""

import os
import signal
import subprocess
import sys
from concurrent import futures

import pytest

from pipeline import startup
from tests.support import fixtures

NOTES = """\
WARNING: All log messages before absl::InitializeLog() is called are written \
to STDERR
I0000 00:00:1795778764.574765    3638 port.cc:153] oneDNN custom operations \
are on. You may see slightly different numerical results.
I0000 00:00:1795778764.576557    3638 cudart_stub.cc:31] Could not find cuda \
drivers on your machine, GPU will not be used.
E0000 00:00:1795778794.547666    3750 cuda_platform.cc:52] failed call to \
cuInit: INTERNAL: CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)
E0000 00:00:1795778795.790415    3776 util.cc:131] oneDNN supports DT_HALF \
only on platforms with AVX-512. Falling back to the default implementation.
E0000 00:00:1795778795.790415    3776 cuda_dnn.cc:8579] Unable to register \
cuDNN factory: Attempting to register factory for plugin cuDNN when one has
W0000 00:00:1795778795.790415    3776 computation_placer.cc:177] computation \
placer already registered. Please check linkage.
WARNING:root:apitools not found, and bigquery client libraries are not \
available despite the import not raising an ImportError.
""".splitlines()

FAULTS = """\
E0000 00:00:1795778794.547666    3750 cuda_platform.cc:52] failed call to \
cuInit: INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_NO_DEVICE
E0000 00:00:1795778794.547666    3750 util.cc:131] something new
F0000 00:00:1795778794.547666    3750 port.cc:153] Check failed: no memory
WARNING:root:something else
Traceback (most recent call last):
pipeline: --encoder: oneDNN custom operations are on.
""".splitlines()


@pytest.mark.parametrize("line", NOTES)
def test_known_note(line):
    assert startup.is_note(line)


@pytest.mark.parametrize("line", FAULTS)
def test_anything_else_is_none(line):
    assert not startup.is_note(line)


def run(*arguments, code=0, **environment):
    """Standard error of a process, where no log level hides a note."""
    environment = {**os.environ, **environment}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        env=environment,
    )
    assert done.returncode == code, done.stderr
    return done.stderr


def guarded(block, **options):
    """Standard error of a program that writes a note, then runs the block."""
    lines = [
        "import os, signal, sys",
        "from pipeline import startup",
        "with startup.without_notes():",
        f"    os.write(2, {(NOTES[0] + chr(10)).encode()!r})",
        *(f"    {line}" for line in block),
        "os.write(2, b'after\\n')",
    ]
    return run("-c", "\n".join(lines), **options)


def test_unknown_lines_of_the_descriptor_are_passed_on_in_order():
    block = ["os.write(2, b'new \\xff\\n')", "print('own', file=sys.stderr)"]
    said = guarded([*block, "os.write(2, b'no end')"])
    assert said == "new \ufffd\nown\nno endafter\n"


def test_exception_passes_on_what_was_written_and_shows_in_full():
    block = ["os.write(2, b'before\\n')", "import no_such_module"]
    said = guarded(block, code=1).splitlines()
    assert said[:2] == ["before", "Traceback (most recent call last):"]
    assert said[-1].startswith("ModuleNotFoundError: No module named 'no_such")


def test_fatal_signal_loses_no_last_words():
    block = ["os.write(2, b'last words')", "os.kill(os.getpid(), 9)"]
    assert guarded(block, code=-signal.SIGKILL) == "last words"


def test_closed_standard_error_is_left_closed():
    code = (
        "from pipeline import startup as s\nwith s.without_notes(): print('in')"
    )
    shell = f'exec {sys.executable} -c "{code}" 2>&-'
    assert subprocess.check_output(["bash", "-c", shell]) == b"in\n"


def test_help_leaves_standard_error_empty():
    modules = {"pipeline.scenes": 0, "pipeline.main": 0, "trainer.main": 0}

    def said(module):
        return run("-m", module, "--help", code=modules[module])

    # Side by side: most of their time is TensorFlow's import.
    with futures.ThreadPoolExecutor() as pool:
        assert list(pool.map(said, modules)) == ["", "", ""]


@pytest.mark.parametrize(
    "program, module",
    [
        ("pipeline", "pipeline.main"),
        ("trainer", "trainer.main"),
        ("scenes", "pipeline.scenes"),
    ],
)
def test_missing_package_is_one_line(program, module, tmp_path):
    (tmp_path / "absl.py").write_text("import no_such_module")
    said = run("-m", module, code=1, PYTHONPATH=str(tmp_path))
    assert said == (
        f"{program}: no package 'no_such_module' in {sys.executable}: activate "
        "the environment that Eyewitness is installed in (README.md, Install)\n"
    )


@pytest.fixture(scope="module")
def without_apitools(tmp_path_factory):
    """A module path on which Beam's extra for Google Cloud is missing."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "apitools.py").write_text("raise ImportError('not installed')\n")
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])


def test_job_of_the_console_script_prints_its_own_lines_alone(
    tmp_path, without_apitools
):
    corpus = fixtures.draw_corpus(tmp_path / "corpus")
    encoder = fixtures.save_encoder(tmp_path / "encoder.keras")
    said = run(
        "-c",
        "from pipeline.main import run; run()",
        f"--annotations={corpus.jsonl}",
        f"--images={corpus.images}",
        f"--encoder={encoder}",
        f"--output={tmp_path / 'records'}",
        "--num_shards=1",
        PYTHONPATH=without_apitools,
    )
    first, *rest = said.splitlines()
    assert first.endswith(f" loading {encoder}")
    assert [line[9:].split(",")[0] for line in rest] == ["8 images"]


def test_training_of_the_console_script_prints_its_own_lines_alone(tmp_path):
    fixtures.write_record_set(tmp_path / "records")
    said = run(
        "-c",
        "from trainer.main import run; run()",
        "--mode=train",
        "--gin_file=gin/run_demo.gin",
        "--gin_file=gin/tiny.gin",
        f"--gin_param=RECORDS = '{tmp_path / 'records'}'",
        "--gin_param=train.num_steps = 0",
        f"--run_dir={tmp_path / 'run'}",
    )
    assert " devices: " in said
    assert [line for line in said.splitlines() if line[2:3] != ":"] == []
