"""Run steps, fire actions, repeat. Knows nothing of captions."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Protocol


@dataclasses.dataclass(frozen=True)
class Updates:
    """What a call of the step brought.

    Attributes:
      scalars: means over the call's updates.
      losses: of each of them.
      broken: the first whose loss or gradients are no numbers, from zero;
        None where all are.
      took: seconds of each, from the end of the one before.
      waited: seconds of all these in which the batch was not there yet.
    """

    scalars: dict[str, float]
    losses: tuple[float, ...] = ()
    broken: int | None = None
    took: tuple[float, ...] = ()
    waited: float = 0.0


@dataclasses.dataclass(frozen=True)
class Report:
    """The last call of the step, in the run.

    Attributes:
      step: updates made so far.
      scalars: means over the call's updates.
      seconds: wall time of the call.
      num_steps: updates of the call.
      broken_step: the first update of the call, counted from the run's
        beginning, whose loss or gradients are no numbers.
      took: see `Updates`.
      waited: see `Updates`.
    """

    step: int
    scalars: dict[str, float]
    seconds: float
    num_steps: int
    broken_step: int | None = None
    took: tuple[float, ...] = ()
    waited: float = 0.0

    @property
    def input_wait(self) -> float:
        """Share of the updates' time that they waited for input, 0 to 1."""
        return self.waited / max(sum(self.took), 1e-9)


class StopTraining(Exception):
    """Raised by an action to end the run in good order; the text is why."""


class Action(Protocol):
    """What happens between steps."""

    def __call__(self, report: Report) -> None:
        """Looks at the report and acts, or not.

        Raises:
          StopTraining: the run is over.
        """


def run(
    train: Callable[[int], Updates],
    *,
    first_step: int,
    until: int,
    steps_per_call: int,
    actions: Sequence[Action],
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Trains until a step, or until an action stops it.

    Args:
      train: makes so many updates.
      first_step: updates made before.
      until: updates to have been made at the end.
      steps_per_call: updates between two rounds of actions.
      actions: called in order after each call.
      clock: seconds; injected so that tests need no waiting.

    Returns:
      Why it ended.
    """
    step = first_step
    while step < until:
        # Calls end at multiples of `steps_per_call`, resumed or not.
        count = min(steps_per_call - step % steps_per_call, until - step)
        begin = clock()
        made = train(count)
        seconds = clock() - begin
        # Updates are counted from one, those of a call from zero.
        broken = None if made.broken is None else step + made.broken + 1
        step += count
        report = Report(
            step, made.scalars, seconds, count, broken, made.took, made.waited
        )
        try:
            for action in actions:
                action(report)
        except StopTraining as stop:
            return str(stop)
    return f"reached step {until}"
