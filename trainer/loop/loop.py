"""Runs steps, with actions before and after; knows nothing of captions."""

import dataclasses
import time
from collections.abc import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Updates:
    """The outcome of one call of the step, which makes several updates.

    Attributes:
      scalars: means over the call's updates.
      losses: of each update, in nats per token.
      broken: index of the first update whose loss or gradients are not finite,
        from zero; None where all are finite.
      took: seconds of each update, from the end of the one before it.
      waited: seconds of each in which its batch was not there yet.
    """

    scalars: dict[str, float]
    losses: tuple[float, ...] = ()
    broken: int | None = None
    took: tuple[float, ...] = ()
    waited: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where the run stands after a call of the step.

    Attributes:
      step: updates made since the run began.
      num_steps: updates of the last call.
      seconds: wall time of the last call.
      made: outcome of the last call. An action may add scalars, which the
        actions after it see.
    """

    step: int
    num_steps: int
    seconds: float
    made: Updates

    @property
    def broken_step(self) -> int | None:
        """The first update of the run, from one, that is not finite."""
        if self.made.broken is None:
            return None
        return self.step - self.num_steps + self.made.broken + 1


class StopTraining(Exception):
    """Raised by an action to end the run in good order; the text is why."""


class Action:
    """What happens between calls of the step; by itself, nothing."""

    def before(self, step: int, num_steps: int) -> None:
        """Runs before a call of the step.

        Args:
          step: updates made since the run began.
          num_steps: updates that the call is about to make.
        """

    def after(self, progress: Progress) -> None:
        """Runs after a call of the step.

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
      train: makes that many updates.
      first_step: updates made before.
      until: updates to have been made at the end.
      steps_per_call: updates between two rounds of actions.
      actions: run in order before and after each call.
      clock: seconds; injected so that tests need no waiting.

    Returns:
      Why it ended.
    """
    step = first_step
    while step < until:
        # Calls end at multiples of `steps_per_call`, resumed or not.
        count = min(steps_per_call - step % steps_per_call, until - step)
        for action in actions:
            action.before(step, count)
        begin = clock()
        made = train(count)
        seconds = clock() - begin
        step += count
        progress = Progress(step, count, seconds, made)
        try:
            for action in actions:
                action.after(progress)
        except StopTraining as stop:
            return str(stop)
    return f"reached step {until}"
