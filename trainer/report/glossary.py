"""What each score is called, what it means, and which direction is good."""

import dataclasses
from collections.abc import Iterable, Sequence

from pipeline.scoring import metric


@dataclasses.dataclass(frozen=True)
class _Entry:
    """The words for a score that is not a metric."""

    label: str
    definition: str = ""
    higher_is_better: bool = False


_OTHERS = {
    "loss": _Entry(
        "Loss",
        "Cross entropy per word of the references, each word given those "
        "before it, in nats.",
    ),
    "mode_share": _Entry(
        "Mode share", "Share of images that get the most frequent caption."
    ),
    "collision_probability": _Entry(
        "Collision probability", "How likely two images get the same caption."
    ),
    "swap_gap": _Entry(
        "Swap gap",
        "What another image costs, in nats per token of people's captions.",
        higher_is_better=True,
    ),
    "memory_gap": _Entry(
        "Memory gap",
        "What another image's features cost if they are read at each word, and "
        "the first state is the own image's; in nats per token.",
        higher_is_better=True,
    ),
    "uniform_gap": _Entry(
        "Uniform gap",
        "What it costs, in nats per token, if each place of the image is the "
        "mean of all, so that attention has nothing to choose.",
        higher_is_better=True,
    ),
    "end_rate": _Entry(
        "End rate",
        "Share of captions that end by themselves, before the limit.",
        higher_is_better=True,
    ),
    "unknown_targets": _Entry(
        "Unknown targets",
        "Share of the tokens of people's captions that are unknown words.",
    ),
    "unknown_guesses": _Entry(
        "Unknown guesses",
        "Share of these tokens in whose place an unknown word is likeliest.",
    ),
    "collapsed": _Entry(
        "Collapsed",
        "1 where the captions owe nothing to their images: such a step is the "
        "best only while there is no other.",
    ),
}


@dataclasses.dataclass(frozen=True)
class Glossary:
    """The metrics' own words, and words for the loss and for repetition.

    Attributes:
      metrics: those that the captions were scored by.
    """

    metrics: Sequence[metric.Named] = ()

    def term(self, name: str) -> metric.Term:
        """Returns the words for a score.

        Args:
          name: the score's key in `metrics.jsonl` and `scores.json`; one that
            nothing here knows, as an older run may have, gets a label only.
        """
        named: dict[str, metric.Term] = {
            each.name: each for each in self.metrics
        }
        label = name.replace("_", " ").capitalize()
        unknown = _Entry(label, higher_is_better=True)
        return {**_OTHERS, **named}.get(name, unknown)

    def label(self, name: str) -> str:
        """Returns what a reader calls a score."""
        return self.term(name).label

    def definitions(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Returns label and definition of each score that has one, once."""
        terms = map(self.term, dict.fromkeys(names))
        return [
            (each.label, each.definition) for each in terms if each.definition
        ]
