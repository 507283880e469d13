"""Reports for actions of the loop, and stand-ins for what they write to."""

import json
import pathlib

from trainer.loop import loop


def progress(
    step: int, *, num_steps: int = 1, **scalars: float
) -> loop.Progress:
    scalars = {"loss": 2.5, "tokens": 600.0, "spikes": 0.0, **scalars}
    took, waited = 2.0 / num_steps, 0.03 / num_steps
    made = loop.Updates(
        scalars, took=(took,) * num_steps, waited=(waited,) * num_steps
    )
    return loop.Progress(step, num_steps, seconds=4.0, made=made)


class FakeCheckpoints:
    """Remembers at which steps it was asked to save."""

    def __init__(self) -> None:
        self.saved: list[int] = []
        self.best: list[int] = []
        self.newest = ""

    def save(self, step: int) -> None:
        self.saved.append(step)

    def save_best(self, step: int) -> None:
        self.best.append(step)


def rows(folder: pathlib.Path) -> list[dict[str, float]]:
    text = (folder / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]
