"""k-fold cross-validation: the folds of a train split, and their scores."""

import dataclasses
import json
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import splits
from trainer.data import split_images

_VALIDATION = "validation/"


@dataclasses.dataclass(frozen=True)
class Fold:
    """One of several equal parts of the train split, held out for validation.

    Attributes:
      number: of this fold, from one.
      count: number of folds.
    """

    number: int
    count: int

    @property
    def name(self) -> str:
        """Such as `fold-1-of-5`."""
        return f"fold-{self.number}-of-{self.count}"

    def of(
        self, record_set: record_set_lib.RecordSet, held_out: str
    ) -> record_set_lib.RecordSet:
        """Views the same records with the fold as a split of its own.

        Reads the train split's ids. Vocabulary and manifest stay the same.

        Args:
          record_set: whose train split is divided.
          held_out: name under which the fold is read, in place of the split of
            that name. The train split keeps the rest.

        Raises:
          ValueError: the fold or the rest is empty, or `held_out` is train.
        """
        if held_out == "train":
            raise ValueError(
                "`Cadence.validation_split` must be another split's name than "
                f"'train', under which {self.name} is held out"
            )
        inside = [
            splits.fold_of(image_id, self.count) == self.number - 1
            for image_id in split_images.ids(record_set, "train")
        ]
        if all(inside) or not any(inside):
            raise ValueError(
                f"`folds` must leave images in each fold and beside it, got "
                f"{sum(inside)} of {len(inside)} images in {self.name}"
            )
        parts = record_set.parts("train")
        resplit = {
            held_out: tuple(_kept(parts, inside)),
            "train": tuple(_kept(parts, [not each for each in inside])),
        }
        return dataclasses.replace(record_set, resplit=resplit)


def every(count: int) -> list[Fold]:
    """All folds, in order.

    Raises:
      ValueError: `count` is below two.
    """
    if count < 2:
        raise ValueError(f"`folds` must be two or more, got {count}")
    return [Fold(number, count) for number in range(1, count + 1)]


def _kept(
    parts: Sequence[record_set_lib.Part], keep: Sequence[bool]
) -> Iterator[record_set_lib.Part]:
    """The runs of adjacent records to keep, each as a part of its shard."""
    begin = 0
    for part in parts:
        flags = keep[begin : begin + part.records]
        begin += part.records
        edges = [
            place
            for place in range(len(flags) + 1)
            if (0 < place and flags[place - 1])
            != (place < len(flags) and flags[place])
        ]
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            yield record_set_lib.Part(
                part.path, part.first + first, last - first
            )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The scores that each fold's best captioner reaches on the fold.

    Attributes:
      select_by: the score that selected the captioners.
      rows: the selected row of `metrics.jsonl` of each fold, in order.
    """

    select_by: str
    rows: Sequence[Mapping[str, float]]

    @property
    def scores(self) -> dict[str, list[float]]:
        """Score -> its value on each fold; the selecting score comes first.

        What a fold has too few images to tell is left out.
        """
        names = sorted(
            key.removeprefix(_VALIDATION)
            for key in self.rows[0]
            if key.startswith(_VALIDATION)
            and all(math.isfinite(row.get(key, math.nan)) for row in self.rows)
        )
        names.sort(key=lambda name: name not in (self.select_by, "loss"))
        return {
            name: [row[_VALIDATION + name] for row in self.rows]
            for name in names
        }

    def dump(self) -> str:
        """Dumps as JSON; standard deviations are those of a sample."""
        scores = {
            name: {
                "mean": statistics.fmean(values),
                "standard_deviation": statistics.stdev(values),
                "folds": values,
            }
            for name, values in self.scores.items()
        }
        steps = [row["step"] for row in self.rows]
        return json.dumps(
            {"select_by": self.select_by, "steps": steps, "scores": scores},
            indent=1,
        )

    def table(self) -> str:
        """Formats a line for each fold, then mean and standard deviation."""
        names = list(dict.fromkeys((self.select_by, "loss")))
        scores = self.scores
        lines = [["fold", "step", *names]]
        for number, row in enumerate(self.rows):
            shown = (f"{scores[name][number]:.3f}" for name in names)
            lines.append([str(number + 1), f"{row['step']:.0f}", *shown])
        for label, over in (
            ("mean", statistics.fmean),
            ("+-", statistics.stdev),
        ):
            shown = (f"{over(scores[name]):.3f}" for name in names)
            lines.append([label, "", *shown])
        return "\n".join(
            "".join(f"{cell:>10}" for cell in line) for line in lines
        )
