"""The command line: each wrong input gives one clear line and exit code 1."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests.support import forks

ROOT = pathlib.Path(__file__).parents[2]


def trainer(*arguments):
    return forks.run("trainer", *arguments)


def case(name, arguments, message):
    return pytest.param(arguments, message, id=name)


TINY = ["--gin_file=gin/run_demo.gin", "--gin_file=gin/tiny.gin"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        case(
            "no gin file",
            ["--mode=train"],
            "--mode=train needs --gin_file, such as gin/run_scenes.gin",
        ),
        case(
            "no gin file to cross-validate",
            ["--mode=cross_validate"],
            "--mode=cross_validate needs --gin_file, such as",
        ),
        case(
            "gin file typo",
            ["--mode=train", "--gin_file=gin/run_scene.gin"],
            "no gin file 'gin/run_scene.gin'; there is gin/run_scenes.gin",
        ),
        case(
            "gin name typo",
            ["--mode=train", *TINY, "--gin_param=AdamW.learning_rat = 1.0"],
            "learning_rat",
        ),
        case(
            "value out of range",
            ["--mode=train", *TINY, "--gin_param=AdamW.learning_rate = -1.0"],
            "`learning_rate` must be positive, got -1.0",
        ),
        case(
            "no record set",
            ["--mode=train", *TINY, "--gin_param=RECORDS = '/no/where'"],
            "no record set at '/no/where'",
        ),
        case("no mode", [], "--mode is needed; see --help"),
        case(
            "flag typo",
            ["--mod=train"],
            "Unknown command line flag 'mod'. Did you mean: mode ?",
        ),
        case(
            "no run directory",
            ["--mode=train", *TINY, "--run_dir="],
            "--mode=train needs --run_dir",
        ),
        case(
            "not trained",
            ["--mode=evaluate"],
            "no such folder (train with --mode=train",
        ),
        case(
            "workers that evaluate",
            ["--mode=evaluate", "--num_workers=2"],
            "--num_workers is for --mode=train alone",
        ),
        case(
            "status with a gin file",
            ["--mode=status", *TINY],
            "--mode=status reads each run's own configuration: leave out",
        ),
        case(
            "scores with a gin file",
            ["--mode=score", *TINY],
            "--mode=score reads no configuration: leave out --gin_file and",
        ),
        case(
            "one run to compare",
            ["--mode=compare"],
            "--mode=compare needs two runs, --run_dir=A --run_dir=B, got 1",
        ),
        case(
            "stray argument",
            ["--mode=train", *TINY, "stray"],
            "not a flag: 'stray'",
        ),
    ],
)
def test_wrong_input_is_one_clear_line(arguments, message, tmp_path):
    done = trainer(f"--run_dir={tmp_path / 'run'}", *arguments)
    assert message in done.told


def test_config_shows_a_run_without_records_and_starts_nothing(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "trainer.main", "--mode=config"),
            *("--gin_file=gin/tiny.gin", "--gin_file=gin/run_demo.gin"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0
    assert "NUM_STEPS" in done.stdout
    assert done.stdout.startswith("train.setup = @Setup() ")
    (line,) = done.stderr.splitlines()
    assert "gin/run_demo.gin overrides 10 settings of gin/tiny.gin" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_workers_of_a_script_ignore_a_users_own_modules(records, tmp_path):
    for name in ("trainer.py", "pipeline.py"):
        (tmp_path / name).write_text("raise SystemExit('not ours')")
    done = subprocess.run(
        [
            # As a console script, which finds nothing in its working folder.
            *(sys.executable, "-P", "-c"),
            "from trainer.main import run; run()",
            *("--mode=train", *TINY, "--num_workers=2", "--run_dir=run"),
            "--gin_param=RECORDS = 'no/where'",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert f"exit code 1: no record set at '{tmp_path}/no/where'" in last


def test_a_run_in_its_record_set_is_refused(records):
    done = trainer(
        "--mode=train",
        *TINY,
        f"--gin_param=RECORDS = '{records}'",
        f"--run_dir={records / 'run'}",
    )
    assert done.told == (
        f"--run_dir={records / 'run'} lies in the record set {records}: choose "
        "a folder beside it"
    )
    assert not (records / "run").exists()


def test_unwritable_run_directory_is_named(records, tmp_path):
    (tmp_path / "file").write_text("")
    run_dir = tmp_path / "file" / "run"
    done = trainer(
        "--mode=train",
        *TINY,
        f"--gin_param=RECORDS = '{records}'",
        f"--run_dir={run_dir}",
    )
    assert str(run_dir) in done.told


def test_unfinished_record_set_says_what_to_do(records, tmp_path):
    copy = tmp_path / "unfinished"
    copy.mkdir()
    for file in records.glob("*.tfrecord"):
        (copy / file.name).write_bytes(file.read_bytes())
    done = trainer(
        "--mode=train",
        *TINY,
        f"--gin_param=RECORDS = '{copy}'",
        f"--run_dir={tmp_path / 'run'}",
    )
    assert "has no manifest.json" in done.told
