"""Commands of users, from images and captions to scores and a page."""

import json
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from tests.support import fixtures, forks

ROOT = pathlib.Path(__file__).parents[2]


def run(*command):
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def say(module, *arguments):
    """What a command prints, without its start-up."""
    ended = forks.run_module(module, *map(str, arguments))
    assert ended.code == 0, ended.errors
    return ended.output


@pytest.mark.slow
def test_tiny_corpus_through_every_command(tmp_path):
    corpus = fixtures.draw_corpus(tmp_path / "corpus", num_images=12)
    encoder = fixtures.save_encoder(tmp_path / "own.keras")
    records, folder = tmp_path / "records", tmp_path / "run"
    said = say(
        "pipeline.main",
        "--dataset=jsonl",
        f"--annotations={corpus.jsonl}",
        f"--images={corpus.images}",
        f"--output={records}",
        f"--encoder={encoder}",
        "--num_shards=2",
    )
    assert "test 1, train 10, validation 1 images, 0 rejected" in said
    say(
        "trainer.main",
        "--mode=train",
        "--gin_file=gin/run_flickr8k.gin",
        "--gin_file=gin/tiny.gin",
        f"--gin_param=RECORDS = '{records}'",
        "--gin_param=MAX_LENGTH = 8",
        "--gin_param=Cadence.validation_split = 'train'",
        f"--gin_param=caption.encoder = '{encoder}'",
        f"--run_dir={folder}",
    )
    said = say(
        "trainer.main",
        "--mode=evaluate",
        "--gin_param=evaluate.split = 'train'",
        f"--run_dir={folder}",
    )
    assert "CIDEr-D" in (folder / "train" / "page.html").read_text()
    assert said.strip().endswith(f"Page: {folder / 'train' / 'page.html'}")
    bad = corpus.images / "notes.jpg"
    bad.write_text("no image")
    output = tmp_path / "captions.jsonl"
    said = say(
        "trainer.main",
        "--mode=caption",
        f"--run_dir={folder}",
        f"--output={output}",
        corpus.images,
        corpus.images / "image-00.jpg",
    )
    # Of three updates, nearly all.
    assert re.fullmatch(
        r"13 captioned, 1 rejected; \d+ are as likely with other images "
        r"\(image_gain below 0.1\)",
        said.strip(),
    )
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(rows) == 14
    assert [row["error"] for row in rows if "error" in row] == [
        "unknown-format: the file starts b'no image'"
    ]
    assert rows[0]["caption"] == rows[-1]["caption"]
    ended = forks.run(
        "trainer", "--mode=caption", f"--run_dir={folder}", str(bad)
    )
    assert ended.told == (
        "no file was captioned, 1 rejected, the last for unknown-format: "
        "the file starts b'no image'"
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's own commands, as the Makefile has them; all were run."""
    folder = tmp_path_factory.mktemp("demo")
    recipe = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^demo:.*?\n\n", recipe, re.M | re.S)[0]
    recipe = recipe.replace("\\\n", " ").replace("$(DEMO)", str(folder))
    commands = re.findall(r"@\$\(RUN\) (.*)\n", recipe)
    assert len(commands) == 4
    calls = [shlex.split(command) for command in commands]
    for call in calls:
        run(*call)
    return folder, calls


@pytest.mark.slow
def test_demo_reaches_its_quality(demo):
    found = json.loads((demo[0] / "run/test/scores.json").read_text())
    assert found["looks_at_the_image"] is True
    assert found["scores"]["attribute_precision"]["model"] >= 0.90
    assert found["scores"]["attribute_recall"]["model"] >= 0.80
    assert found["scores"]["attribute_precision"]["constant"] <= 0.5
    assert found["scores"]["attribute_precision"]["shuffled"] <= 0.5
    human = found["reference_repetition"]
    assert found["repetition"]["mode_share"] < max(0.02, human["mode_share"])
    assert found["repetition"]["collision_probability"] < max(
        3e-3, human["collision_probability"]
    )


@pytest.mark.slow
def test_demo_run_again_goes_on_from_what_is_finished(demo):
    again = [run(*call) for call in demo[1][:3]]
    assert ["already" in said for said in again] == [True] * 3
