"""A diagnosis -> what of its cures is carried out, and what is left."""

import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any

from trainer.diagnosis.cures import (
    ByHand,
    Cure,
    OwnFile,
    Training,
    Usage,
    WithoutPairs,
)
from trainer.diagnosis.doctor import ALARM, Diagnosis
from trainer.loop import cadence as cadence_lib
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib

MOST_STEPS = 1000
# What is done about a fault of the code that trained.
_ANEW = "# train again with the code that is here"


@dataclasses.dataclass(frozen=True)
class Treatment:
    """What is done about a run.

    Attributes:
      cures: in the order of their causes.
    """

    cures: tuple[Cure, ...]

    @property
    def bindings(self) -> list[str]:
        """Lines of gin; where two set the same, that of the likelier cause."""
        lines = [
            line
            for cure in self.cures
            if isinstance(cure, Training | Usage)
            for line in cure.bindings
        ]
        kept = {line.partition("=")[0]: line for line in reversed(lines)}
        return list(reversed(kept.values()))

    @property
    def files(self) -> list[OwnFile]:
        """What is put in order in the run's folder."""
        return [cure for cure in self.cures if isinstance(cure, OwnFile)]

    @property
    def without(self) -> str | None:
        """Path of a list of pairs to train without; None for all pairs."""
        lists = (c.file for c in self.cures if isinstance(c, WithoutPairs))
        return next(lists, None)

    @property
    def trains(self) -> bool:
        """Whether a captioner is trained again."""
        return any(isinstance(c, Training | WithoutPairs) for c in self.cures)

    @property
    def done(self) -> list[str]:
        """The lines that are carried out."""
        return _once(map(_done, self.cures))

    @property
    def left(self) -> list[str]:
        """The lines that only people can carry out."""
        return _once(map(_left, self.cures))


def _done(cure: Cure) -> tuple[str, ...]:
    match cure:
        case Training():
            return cure.bindings or (_ANEW,)
        case WithoutPairs():
            return (f"# train without the images in {cure.file}",)
        case ByHand():
            return ()
    return cure.lines


def _left(cure: Cure) -> tuple[str, ...]:
    match cure:
        case Training(code=code) if code:
            return (f"# if your code is not this one: {code}",)
        case ByHand():
            return cure.lines
    return ()


def _once(lines: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(itertools.chain.from_iterable(lines)))


def choose(diagnosis: Diagnosis) -> Treatment:
    """Takes the cures of causes that are an alarm, or else of the first one.

    What another cause brings about needs no cure of its own. Where a run is not
    used as it was trained, nothing else is tried: how it was trained shows only
    afterwards.
    """
    roots = [each for each in diagnosis.named if not each.follows]
    chosen = [each for each in roots if each.strength >= ALARM] or roots[:1]
    cures = tuple(c for each in chosen for c in each.opinion.cure)
    if any(isinstance(cure, OwnFile | Usage) for cure in cures):
        trained = Training | WithoutPairs
        cures = tuple(c for c in cures if not isinstance(c, trained))
    return Treatment(cures)


def brief(
    *,
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    num_steps: int,
    **_: Any,
) -> list[str]:
    """Bindings that make a training short enough to try a cure.

    Args:
      setup: of the training.
      recipe: of the training.
      cadence: of the training.
      num_steps: of the training.

    Returns:
      Lines of gin for one process: `MOST_STEPS` updates at most, with a
      schedule that ends there.
    """
    steps = min(num_steps, MOST_STEPS)
    lines = [f"Devices.kind = {setup.devices.alone().kind!r}"]
    if steps < num_steps:
        warmup = min(recipe.optimizer.warmup_steps, steps // 5)
        lines += [
            f"train.num_steps = {steps}",
            "AdamW.decay_steps = None",
            f"AdamW.warmup_steps = {warmup}",
            f"Cadence.evaluate_every = {min(cadence.evaluate_every, steps)}",
        ]
    return lines
