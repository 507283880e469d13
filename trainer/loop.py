"""Run steps, fire actions, repeat. Knows nothing of captions."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Protocol


@dataclasses.dataclass(frozen=True)
class Report:
    """What the last call of the step brought.

    Attributes:
      step: updates made so far.
      scalars: means over the call's updates.
      seconds: wall time of the call.
      num_steps: updates of the call.
    """

    step: int
    scalars: dict[str, float]
    seconds: float
    num_steps: int


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
    train: Callable[[int], dict[str, float]],
    *,
    first_step: int,
    until: int,
    steps_per_call: int,
    actions: Sequence[Action],
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Trains until a step, or until an action stops it.

    Args:
      train: makes so many updates and returns their scalars.
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
        scalars = train(count)
        step += count
        report = Report(step, scalars, clock() - begin, count)
        try:
            for action in actions:
                action(report)
        except StopTraining as stop:
            return str(stop)
    return f"reached step {until}"
