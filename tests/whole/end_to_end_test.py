"""Real processes: from images and captions to scores and a page."""

import json
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from pipeline.card import data_card
from tests.support import fixtures
from trainer.devices import strategy
from trainer.run import metrics_file

ROOT = pathlib.Path(__file__).parents[2]
# A captioner that learns the scenes' colours and shapes in half a minute.
SMALL = {
    "NUM_STEPS": 300,
    "ShowAttendTell.units": 64,
    "ShowAttendTell.attention_units": 32,
    "ShowAttendTell.embedding_units": 48,
    "Batching.batch_images": 16,
    "Batching.captions_per_image": 2,
    "AdamW.learning_rate": 5e-3,
    "AdamW.warmup_steps": 20,
    "Cadence.evaluate_every": 300,
    "Cadence.validation_images": 4,
    "Search.beams": 1,
}


def run(module, *arguments, timeout=900, code=0):
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


@pytest.mark.slow
def test_tiny_corpus_through_every_command(tmp_path):
    corpus = fixtures.draw_corpus(tmp_path / "corpus", num_images=12)
    encoder = fixtures.save_encoder(tmp_path / "own.keras")
    records, folder = tmp_path / "records", tmp_path / "run"
    said = run(
        "pipeline.main",
        "--dataset=jsonl",
        f"--annotations={corpus.jsonl}",
        f"--images={corpus.images}",
        f"--output={records}",
        f"--encoder={encoder}",
        "--num_shards=2",
    )
    assert "test 1, train 10, validation 1 images, 0 rejected" in said
    run(
        "trainer.main",
        "--mode=train",
        "--gin_file=gin/run_flickr8k.gin",
        "--gin_file=gin/tiny.gin",
        f"--gin_param=RECORDS = '{records}'",
        "--gin_param=Cadence.validation_split = 'train'",
        f"--gin_param=caption.encoder = '{encoder}'",
        f"--run_dir={folder}",
    )
    said = run(
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
    said = run(
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
    said = run(
        "trainer.main", "--mode=caption", f"--run_dir={folder}", bad, code=1
    )
    assert said.strip().endswith(
        "no file was captioned, 1 rejected, the last for unknown-format: "
        "the file starts b'no image'"
    )


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """The demo's own commands, as the Makefile has them; two were run."""
    folder = tmp_path_factory.mktemp("demo")
    recipe = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^demo:.*?\n\n", recipe, re.M | re.S)[0]
    recipe = recipe.replace("\\\n", " ").replace("$(DEMO)", str(folder))
    commands = re.findall(r"@\$\(RUN\) (.*)\n", recipe)
    assert len(commands) == 4
    calls = [shlex.split(command) for command in commands]
    for call in calls[:2]:
        run(*call)
    return folder, calls


@pytest.fixture(scope="module")
def demo(scenes):
    """The same; the other two were run as well."""
    for call in scenes[1][2:]:
        run(*call)
    return scenes


def scores(folder, split="test"):
    path = folder / "run" / split / "scores.json"
    return json.loads(path.read_text())


@pytest.mark.slow
def test_demo_reaches_its_quality(demo):
    found = scores(demo[0])
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


@pytest.mark.slow
def test_blind_captioner_is_found_out_by_truth(demo, tmp_path):
    folder = demo[0]
    calls = [
        [part.replace(f"{folder}/run", str(tmp_path / "run")) for part in call]
        for call in demo[1][2:]
    ]
    calls[0] += [
        "--gin_file=gin/model_blind.gin",
        "--gin_param=NUM_STEPS = 200",
    ]
    for call in calls:
        run(*call)
    found = scores(tmp_path)
    assert found["looks_at_the_image"] is False
    assert found["scores"]["attribute_precision"]["model"] <= 0.5


@pytest.mark.slow
def test_each_precision_reaches_the_same_quality(scenes, tmp_path):
    folder, calls = scenes
    sizes = [f"--gin_param={name} = {value}" for name, value in SMALL.items()]
    losses = {}
    for precision in strategy.PRECISIONS:
        run_dir = tmp_path / precision
        run(
            *calls[2],
            *sizes,
            f"--gin_param=Devices.precision = '{precision}'",
            f"--run_dir={run_dir}",
        )
        (*_, last) = metrics_file.read_metrics(str(run_dir))
        losses[precision] = last["validation/loss"]
    assert len(set(losses.values())) == len(losses)
    # Seen: 1.04 nats in each; of a blind captioner, 1.57.
    words_alone = data_card.load(str(folder / "records")).facts.ladder.trigram
    for loss in losses.values():
        assert loss == pytest.approx(losses["float32"], abs=0.01)
        assert loss < words_alone - 0.4
