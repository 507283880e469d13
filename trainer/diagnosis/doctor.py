"""Evidence -> a verdict, and the causes in their order."""

import dataclasses
import enum
from collections.abc import Sequence
from typing import Any

from trainer.diagnosis.causes import table
from trainer.diagnosis.causes.cause import Cause, Opinion
from trainer.diagnosis.cures import Cure
from trainer.diagnosis.evidence import Evidence
from trainer.diagnosis.said import Said
from trainer.evaluation import verdict as verdict_lib
from trainer.evaluation.estimate import Estimate

# Below this strength a cause is not named; from this one on it is an alarm.
NAMED, ALARM = 0.3, 0.5
# A cause that is only what another one brings about is this much weaker.
_FOLLOWS = 0.5


class State(enum.IntEnum):
    """What is wrong, as an exit code."""

    HEALTHY = 0
    UNKNOWN = 1
    COLLAPSED = 3
    SUSPICIOUS = 4


@dataclasses.dataclass(frozen=True)
class Named:
    """A cause that the evidence speaks for.

    Attributes:
      cause: the row of the table.
      opinion: what the evidence says of it.
      follows: slug of the cause that brings it about; '' for none.
    """

    cause: Cause[Any]
    opinion: Opinion
    follows: str = ""

    @property
    def strength(self) -> float:
        """Of the opinion, and less if another cause explains it."""
        return self.opinion.strength * (_FOLLOWS if self.follows else 1.0)

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values."""
        dose = self.opinion.dose
        return {
            "cause": self.cause.slug,
            "meaning": self.cause.meaning,
            "strength": round(self.strength, 3),
            "follows_from": self.follows or None,
            "dose": dataclasses.asdict(dose) | {"text": str(dose)}
            if dose
            else None,
            "for": list(self.opinion.speaks_for),
            "against": list(self.opinion.speaks_against),
            "refuted_if": self.cause.refute,
            "cure": list(self.opinion.lines),
        }


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a run, and why.

    Attributes:
      state: whether the captioner looks at its images.
      headline: one sentence that says so.
      named: causes, the likeliest first.
      missing: what could not be measured.
    """

    state: State
    headline: str
    named: tuple[Named, ...]
    missing: tuple[str, ...] = ()

    @property
    def cures(self) -> list[Cure]:
        """Of all causes, in their order."""
        return [cure for each in self.named for cure in each.opinion.cure]

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values, for programs."""
        return {
            "state": self.state.name.lower(),
            "headline": self.headline,
            "causes": [each.to_json() for each in self.named],
            "missing": list(self.missing),
        }


def diagnose(evidence: Evidence) -> Diagnosis:
    """Judges all causes, and orders them."""
    named = ranked(table.CAUSES, evidence)
    if not evidence.validation and not named:
        return Diagnosis(
            State.UNKNOWN,
            "Too little is there to tell.",
            (),
            ("two images of the validation split",),
        )
    state = _state(evidence, named)
    return Diagnosis(state, _headline(state, evidence), named)


def ranked(causes: Sequence[Cause[Any]], evidence: Any) -> tuple[Named, ...]:
    """Judges causes, and orders those that the evidence speaks for.

    What follows from another cause is weaker than that.
    """
    found = [
        (cause, opinion)
        for cause in causes
        if (opinion := cause.judge(evidence)) and opinion.strength >= NAMED
    ]
    named = []
    for cause, opinion in found:
        above = (
            other.slug
            for other, its in found
            if cause.slug in other.consequences
            and its.strength >= max(ALARM, 0.8 * opinion.strength)
        )
        named.append(Named(cause, opinion, next(above, "")))
    return tuple(sorted(named, key=lambda each: -each.strength))


def _state(evidence: Evidence, named: Sequence[Named]) -> State:
    if evidence.declared_blind:
        others = [each for each in named if each.cause.slug != "blind"]
        alarmed = any(each.strength >= ALARM for each in others)
        return State.SUSPICIOUS if alarmed else State.HEALTHY
    if collapsed(evidence):
        return State.COLLAPSED
    if any(each.strength >= ALARM for each in named):
        return State.SUSPICIOUS
    return State.HEALTHY


def collapsed(evidence: Evidence) -> bool:
    """Whether captions owe nothing to their images, or are nearly all one."""
    looks, said = evidence.validation, evidence.said
    if evidence.step is None:
        return True
    if not looks or not said:
        return False
    return owe_nothing(looks.gap, said)


def owe_nothing(gap: Estimate, said: Said) -> bool:
    """Whether captions owe nothing to their images, or are nearly all one.

    Args:
      gap: the swap gap: what another image costs, in nats per token.
      said: the captions.
    """
    usual = verdict_lib.TRAINING_MARGIN * said.reference_mode_share
    alike = said.mode_share > max(verdict_lib.MODE_SHARE_COLLAPSE, usual)
    unseen = gap.z < 3 or gap.mean < 0.02
    return unseen or alike or said.cider_d < said.shuffled + 0.02


def _headline(state: State, evidence: Evidence) -> str:
    looks, said = evidence.validation, evidence.said
    shown = ""
    if looks and said:
        shown = (
            f": another image costs {looks.gap.mean:.2f} nats a token, and its "
            f"captions score CIDEr-D {said.cider_d:.2f}, at other images "
            f"{said.shuffled:.2f}"
        )
    if evidence.declared_blind:
        return f"The captioner is blind, as its settings say{shown}."
    return {
        State.HEALTHY: f"The captioner looks at its images{shown}.",
        State.SUSPICIOUS: f"It looks, but something is wrong{shown}.",
        State.COLLAPSED: f"The captions owe nothing to the images{shown}.",
        State.UNKNOWN: "Too little is there to tell.",
    }[state]
