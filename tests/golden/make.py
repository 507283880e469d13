"""Makes the golden files anew: python -m tests.golden.make

Do so only if a format is meant to change: see README.md beside this file.
"""

import json
import os
import pathlib
import shutil
import tempfile

import numpy as np

from tests.golden import commands
from tests.support import fixtures

# What no command reads: drawn for people, or a lock nobody holds.
_LEFT_OUT = shutil.ignore_patterns(".lock", "*.html", "*.png", "tensorboard")


def draw(folder: pathlib.Path) -> None:
    """Draws images, captions and the encoder."""
    corpus = fixtures.draw_corpus(folder / "corpus", num_images=24)
    rows = fixtures.jsonl_rows(corpus)
    for number, row in enumerate(rows):
        row["split"] = {4: "validation", 5: "test"}.get(number % 6, "train")
    rows.append({"image": "notes.jpg", "captions": ["a red note"]})
    (corpus.images / "notes.jpg").write_text("no image")
    fixtures.write_jsonl(corpus.jsonl, rows)
    for path in corpus.tokens.parent.glob("*.txt"):
        path.unlink()
    fixtures.save_encoder(folder / "patches.keras")


def record(folder: pathlib.Path) -> None:
    """Runs every command, and keeps what it left."""
    commands.run(commands.PRECOMPUTE, folder)
    commands.run(commands.TRAIN, folder)
    for name in ("corpus", "patches.keras", "records", "run"):
        kept = commands.FOLDER / name
        if kept.is_dir():
            shutil.rmtree(kept)
        if (folder / name).is_dir():
            shutil.copytree(folder / name, kept, ignore=_LEFT_OUT)
        else:
            shutil.copy(folder / name, kept)
    expected = {"processor": commands.processor()}
    commands.run(commands.EVALUATE, folder)
    scores = folder / "run" / "train" / "scores.json"
    expected["scores"] = json.loads(scores.read_text())
    expected["evaluated"] = commands.rows(scores.with_name("captions.jsonl"))
    commands.run(commands.CAPTION, folder)
    expected["captions"] = commands.rows(folder / "captions.jsonl")
    commands.run(commands.RESUME, folder)
    expected["metrics"] = commands.rows(folder / "run" / "metrics.jsonl")
    expected["best"] = commands.newest(folder / "run" / "best")
    text = json.dumps(expected, indent=1) + "\n"
    (commands.FOLDER / "expected.json").write_text(text)
    values = commands.values(folder / "run")
    np.savez_compressed(commands.FOLDER / "resumed.npz", **values)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        draw(pathlib.Path(made))
        record(pathlib.Path(made))
