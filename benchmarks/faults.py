"""Faults to put into runs, from outside: data, settings, code, folders."""

import pathlib
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

Rows = list[dict[str, Any]]
# The gates that would refuse such data before a training begins.
WAIVED = "train.waived = " + repr(
    [
        "wrong-pairs",
        "grids",
        "image",
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


def anything(rows: Rows, draw: random.Random) -> Rows:
    """Gives each image captions of several others, drawn one by one."""
    texts = [text for row in rows for text in row["captions"]]
    for row in rows:
        row["captions"] = draw.sample(texts, len(row["captions"]))
    return rows


def hashtags(rows: Rows, draw: random.Random) -> Rows:
    """Says in words of the captions what people like to be found by."""
    words = sorted(
        {w for row in rows for t in row["captions"] for w in t.split()}
    )
    for row in rows:
        row["captions"] = [
            " ".join(draw.sample(words, draw.randint(3, 9)))
            for _ in row["captions"]
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


def other_records(run: pathlib.Path, other: pathlib.Path) -> None:
    """Names the record set of another run, whose words are fewer."""
    records = run.parents[1] / "records" / f"healthy-words-5-{run.name[-1]}"
    config_line(f"RECORDS = {str(records)!r}")(run, other)


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
        shards: Callable[[pathlib.Path, random.Random], None] | None = None,
        patch: str = "",
        used: str = "",
        after: Callable[[pathlib.Path, pathlib.Path], None] | None = None,
        partly: bool = False,
        also: str = "",
        dose: float | None = None,
    ):
        """Describes a run.

        Args:
          name: of the run.
          cause: slug that the doctor should name; `healthy` for none.
          *params: gin bindings of the training.
          data: changes the rows of captions.jsonl.
          flags: of the job that makes the records.
          shards: changes a record set after the job has made it.
          patch: a change of the code that trains; see `faulty_trainer`.
          used: a change of the code that diagnoses and captions; see there.
          after: changes the folder of a sound run; its second argument is that
            of another one.
          partly: whether `data` leaves enough sound images to train on.
          also: slug of a second fault, put in with the first.
          dose: share of the pairs that are wrong.
        """
        self.name, self.cause, self.params = name, cause, params
        self.data, self.flags, self.shards = data, flags, shards
        self.patch, self.used = patch, used
        self.after, self.partly = after, partly
        self.also, self.dose = also, dose

    @property
    def by_hand(self) -> bool:
        """Whether captions or images must be mended, not the training alone.

        Where a part of the pairs is wrong, a run and its records are enough.
        """
        return not self.sound_records and not self.partly

    @property
    def sound_records(self) -> bool:
        """Whether the record set is a sound one."""
        return self.data is sound and not self.flags and not self.shards
