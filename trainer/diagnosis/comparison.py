"""Scores before a treatment, and after it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self


@dataclasses.dataclass(frozen=True)
class Scores:
    """What a run scored, on the first images of its validation split.

    What was not measured is None.

    Attributes:
      headline: of the diagnosis, and the likeliest cause.
      steps: updates of the training.
      cider_d: of the captions, 0 to 10.
      shuffled: CIDEr-D of the same captions at other images.
      swap_gap: what another image costs, in nats a token.
      mode_share: share of the captions that are the most frequent one.
    """

    headline: str
    steps: int | None
    cider_d: float | None
    shuffled: float | None
    swap_gap: float | None
    mode_share: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Takes them from what is in `diagnosis.json`."""
        evidence = row["evidence"]
        said, learning = (evidence[key] or {} for key in ("said", "learning"))
        looks = evidence["validation"]
        first = next((each["cause"] for each in row.get("causes", [])), "")
        likeliest = f" Likeliest cause: {first}." if first else ""
        return cls(
            f"{row['headline']}{likeliest}",
            learning.get("step"),
            said.get("cider_d"),
            said.get("shuffled"),
            looks["rises"]["image"]["mean"] if looks else None,
            said.get("mode_share"),
        )

    @property
    def shown(self) -> Mapping[str, str]:
        """Label -> the score, for people."""
        rows = {
            "Updates": (self.steps, "{:,}"),
            "CIDEr-D": (self.cider_d, "{:.2f}"),
            "At other images": (self.shuffled, "{:.2f}"),
            "Another image costs": (self.swap_gap, "{:.2f} nats a token"),
            "Most frequent caption": (self.mode_share, "{:.1%}"),
        }
        return {
            label: "?" if value is None else form.format(value)
            for label, (value, form) in rows.items()
        }


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A treatment and its outcome.

    Attributes:
      run_dir: folder of the run that was made.
      done: lines that were carried out.
      left: lines that only people can carry out.
      before: what the run scored.
      after: what the run that was made scored.
    """

    run_dir: str
    done: tuple[str, ...]
    left: tuple[str, ...]
    before: Scores
    after: Scores

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Label, before and after, for people."""
        after = self.after.shown
        return [
            (name, old, after[name]) for name, old in self.before.shown.items()
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values."""
        return dataclasses.asdict(self)
