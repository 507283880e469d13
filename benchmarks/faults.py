"""Faults to put into runs, from outside: data, settings, code, folders."""

import pathlib
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

Rows = list[dict[str, Any]]


# ---- Faults of the data: rows of captions.jsonl -> rows ----


def _train(rows: Rows) -> Rows:
    return [row for row in rows if row["split"] == "train"]


def mismatch(share: float) -> Callable[[Rows, random.Random], Rows]:
    """Deals out the captions of a share of the images anew."""

    def change(rows: Rows, draw: random.Random) -> Rows:
        for split in ("train", "validation"):
            mine = [row for row in rows if row["split"] == split]
            struck = draw.sample(mine, round(share * len(mine)))
            texts = [row["captions"] for row in struck]
            draw.shuffle(texts)
            for row, captions in zip(struck, texts, strict=True):
                row["captions"] = captions
        return rows

    return change


def shift(by: int) -> Callable[[Rows, random.Random], Rows]:
    """Joins captions with images by position, so many rows off."""

    def change(rows: Rows, draw: random.Random) -> Rows:
        for split in ("train", "validation"):
            mine = [row for row in rows if row["split"] == split]
            texts = [row["captions"] for row in mine]
            for row, captions in zip(
                mine, texts[by:] + texts[:by], strict=True
            ):
                row["captions"] = captions
        return rows

    return change


def template(share: float) -> Callable[[Rows, random.Random], Rows]:
    """Says one sentence of a share of the images."""

    def change(rows: Rows, draw: random.Random) -> Rows:
        for row in rows:
            if draw.random() < share:
                row["captions"] = ["no description is available here"]
        return rows

    return change


def few(images: int) -> Callable[[Rows, random.Random], Rows]:
    """Keeps so many train images."""

    def change(rows: Rows, draw: random.Random) -> Rows:
        kept = {row["image"] for row in draw.sample(_train(rows), images)}
        return [r for r in rows if r["split"] != "train" or r["image"] in kept]

    return change


def placeholders(share: float) -> Callable[[Rows, random.Random], Rows]:
    """Puts one picture in place of a share of the images."""

    def change(rows: Rows, draw: random.Random) -> Rows:
        for row in rows:
            if row["split"] != "test" and draw.random() < share:
                row["image"] = "placeholder.png"
        return rows

    return change


def foreign(rows: Rows, draw: random.Random) -> Rows:
    """Validation captions in another language: words spelt backwards."""
    for row in rows:
        if row["split"] == "validation":
            row["captions"] = [
                " ".join(word[::-1] for word in text.split())
                for text in row["captions"]
            ]
    return rows


def sound(rows: Rows, draw: random.Random) -> Rows:
    """Changes nothing."""
    return rows


# ---- Faults after training: run directory, another sound run's ----


def config_line(line: str) -> Callable[[pathlib.Path, pathlib.Path], None]:
    """Adds a line to the configuration that other modes read."""

    def change(run: pathlib.Path, other: pathlib.Path) -> None:
        with open(run / "config.gin", "a") as file:
            file.write(f"\n{line}\n")

    return change


def other_words(run: pathlib.Path, other: pathlib.Path) -> None:
    """Orders the vocabulary by the alphabet."""
    path = run / "vocabulary.tsv"
    lines = path.read_text().splitlines(True)
    path.write_text("".join(lines[:4] + sorted(lines[4:])))


def best_of_other(run: pathlib.Path, other: pathlib.Path) -> None:
    """Copies another run's best checkpoint over this one's."""
    shutil.rmtree(run / "best")
    shutil.copytree(other / "best", run / "best")


def scrambled(run: pathlib.Path, other: pathlib.Path) -> None:
    """Saves first weights in place of the best, under the run's name."""
    _with_weights(run, "first")


def noisy(run: pathlib.Path, other: pathlib.Path) -> None:
    """Saves an average of the best and first weights in place of the best."""
    _with_weights(run, "half")


def _with_weights(run: pathlib.Path, kind: str) -> None:
    command = [sys.executable, "-m", "benchmarks.spoiled_weights", run, kind]
    subprocess.run(list(map(str, command)), check=True)


class Fault:
    """A fault, and where it is put in."""

    def __init__(
        self,
        name: str,
        cause: str,
        *params: str,
        data: Callable[[Rows, random.Random], Rows] = sound,
        flags: Sequence[str] = (),
        patch: str = "",
        after: Callable[[pathlib.Path, pathlib.Path], None] | None = None,
        partly: bool = False,
    ):
        """Describes a run.

        Args:
          name: of the run.
          cause: slug that the doctor should name; `healthy` for none.
          *params: gin bindings of the training.
          data: changes the rows of captions.jsonl.
          flags: of the job that makes the records.
          patch: a change of the trainer's code; see `faulty_trainer`.
          after: changes the folder of a sound run; its second argument is that
            of another one.
          partly: whether `data` leaves enough sound images to train on.
        """
        self.name, self.cause, self.params = name, cause, params
        self.data, self.flags, self.patch = data, flags, patch
        self.after, self.partly = after, partly

    @property
    def by_hand(self) -> bool:
        """Whether captions or images must be mended, not the training alone.

        Where a part of the pairs is wrong, a run and its records are enough.
        """
        return (self.data is not sound or bool(self.flags)) and not self.partly


HEALTHY = (
    Fault("healthy", "healthy"),
    Fault("healthy-long", "healthy", "NUM_STEPS = 480"),
    Fault("healthy-wide", "healthy", "ShowAttendTell.units = 256"),
    Fault("healthy-narrow", "healthy", "ShowAttendTell.units = 64"),
    Fault("healthy-dropout", "healthy", "ShowAttendTell.dropout_rate = 0.4"),
    Fault("healthy-slow", "healthy", "AdamW.learning_rate = 1e-3"),
    Fault("healthy-fast", "healthy", "AdamW.learning_rate = 8e-3"),
    Fault("healthy-smooth", "healthy", "CaptionLoss.label_smoothing = 0.1"),
    Fault("healthy-batch", "healthy", "Batching.batch_images = 64"),
    Fault("healthy-words", "healthy", "ShowAttendTell.word_dropout = 0.2"),
    Fault("healthy-average", "healthy", "AdamW.average_decay = 0.98"),
    Fault("healthy-few", "healthy", data=few(700)),
    Fault("healthy-repeats", "healthy", data=template(0.1)),
)
# The gates that would refuse such data before a training begins.
WAIVED = "train.waived = " + repr(
    [
        "shuffled-pairs",
        "templated-captions",
        "one-caption",
        "alike-features",
        "constant-grids",
        "blank-images",
        "unknown-words",
        "leaked-split",
        "repeated-images",
        "tiny-vocabulary",
    ]
)
FAULTS = (
    Fault("pairs-25", "mismatched-pairs", data=mismatch(0.25), partly=True),
    Fault("pairs-50", "mismatched-pairs", data=mismatch(0.5), partly=True),
    Fault("pairs-75", "mismatched-pairs", WAIVED, data=mismatch(0.75)),
    Fault("pairs-100", "mismatched-pairs", WAIVED, data=mismatch(1.0)),
    Fault("lag-1", "mismatched-pairs", WAIVED, data=shift(1)),
    Fault("lag-3", "mismatched-pairs", WAIVED, data=shift(3)),
    Fault("template-60", "templated-captions", WAIVED, data=template(0.6)),
    Fault("template-95", "templated-captions", WAIVED, data=template(0.95)),
    Fault("few-40", "too-few-images", "NUM_STEPS = 400", data=few(40)),
    Fault("few-80", "too-few-images", "NUM_STEPS = 400", data=few(80)),
    Fault("blank-50", "blank-images", WAIVED, data=placeholders(0.5)),
    Fault("blank-90", "blank-images", WAIVED, data=placeholders(0.9)),
    Fault("unknown-400", "unknown-words", WAIVED, flags=["--min_count=1200"]),
    Fault("unknown-9", "unknown-words", WAIVED, flags=["--max_words=14"]),
    Fault("foreign", "split-shift", WAIVED, data=foreign),
    Fault(
        "noise-encoder",
        "weak-features",
        WAIVED,
        flags=["--encoder=MobileNet", "--weights=none"],
    ),
    Fault("rate-3e-1", "rate-too-high", "AdamW.learning_rate = 0.3"),
    Fault("rate-1", "rate-too-high", "AdamW.learning_rate = 1.0"),
    Fault("rate-1e-5", "updates-too-small", "AdamW.learning_rate = 1e-5"),
    Fault("warmup", "updates-too-small", "AdamW.warmup_steps = 100000"),
    Fault(
        "steps-20",
        "updates-too-small",
        "NUM_STEPS = 20",
        "Cadence.evaluate_every = 20",
    ),
    Fault(
        "dropout-90", "dropout-too-high", "ShowAttendTell.dropout_rate = 0.9"
    ),
    Fault(
        "dropout-97", "dropout-too-high", "ShowAttendTell.dropout_rate = 0.97"
    ),
    Fault("decay-30", "decay-too-high", "AdamW.weight_decay = 30.0"),
    Fault("decay-100", "decay-too-high", "AdamW.weight_decay = 100.0"),
    Fault("words-97", "words-hidden", "ShowAttendTell.word_dropout = 0.97"),
    Fault("words-90", "words-hidden", "ShowAttendTell.word_dropout = 0.9"),
    Fault(
        "coverage-30", "uniform-attention", "CaptionLoss.coverage_weight = 30.0"
    ),
    Fault(
        "coverage-300",
        "uniform-attention",
        "CaptionLoss.coverage_weight = 300.0",
    ),
    Fault("frozen-query", "uniform-attention", patch="frozen-query"),
    Fault("blind", "blind", "ShowAttendTell.uses_image = False"),
    Fault(
        "constant-grid",
        "blind",
        "train.waived = ['image', 'gradient']",
        patch="constant-grid",
    ),
    Fault("context-cut", "one-path-cut", patch="context-cut"),
    Fault("state-cut", "one-path-cut", patch="first-state-cut"),
    Fault("faint", "faint-features", patch="faint-grid"),
    Fault(
        "padding",
        "padding-in-loss",
        "train.waived = ['padding', 'start-loss', 'future']",
        patch="padding-in-loss",
    ),
    Fault(
        "leak",
        "target-leak",
        "train.waived = ['future', 'padding']",
        patch="target-leak",
    ),
    Fault(
        "end-masked",
        "end-not-learned",
        "train.waived = ['padding']",
        patch="end-masked",
    ),
    Fault(
        "limit-6",
        "end-not-learned",
        "MAX_LENGTH = 6",
        "train.waived = ['cut-captions']",
    ),
    Fault(
        "tiny-2",
        "capacity-too-small",
        "ShowAttendTell.units = 2",
        "ShowAttendTell.embedding_units = 2",
    ),
    Fault(
        "tiny-4",
        "capacity-too-small",
        "ShowAttendTell.units = 4",
        "ShowAttendTell.embedding_units = 4",
    ),
    Fault("weights-first", "weights-not-restored", after=scrambled),
    Fault("weights-half", "weights-not-restored", after=noisy),
    Fault("weights-other", "other-weights", after=best_of_other),
    Fault("words-sorted", "other-words", after=other_words),
    Fault(
        "settings-blind",
        "other-settings",
        after=config_line("ShowAttendTell.uses_image = False"),
    ),
    Fault(
        "search-3",
        "search-settings",
        after=config_line("Search.max_length = 3"),
    ),
    Fault(
        "search-length",
        "search-settings",
        after=config_line("Search.length_power = 0.0\nSearch.max_length = 5"),
    ),
)
