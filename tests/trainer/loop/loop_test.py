"""The loop as stories, with a step that only counts and a clock by hand."""

import pytest

from trainer.loop import loop


class Run:
    """A step and an action that write down what happened, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.reports: list[loop.Report] = []
        self.now = 100.0
        self.broken: list[int | None] = []

    def train(self, count: int) -> loop.Updates:
        self.events.append(f"train {count}")
        self.now += 2.0 * count
        broken = self.broken.pop(0) if self.broken else None
        took = (2.0,) * count
        return loop.Updates({"loss": 1.0 / count}, (), broken, took, 0.5)

    def act(self, report: loop.Report) -> None:
        self.events.append(f"act at {report.step}")
        self.reports.append(report)

    def run(self, *actions: loop.Action, first: int, until: int, per_call: int):
        return loop.run(
            self.train,
            first_step=first,
            until=until,
            steps_per_call=per_call,
            actions=actions or [self.act],
            clock=lambda: self.now,
        )


def test_trains_and_acts_in_turn_until_the_end():
    story = Run()
    assert story.run(first=0, until=6, per_call=3) == "reached step 6"
    assert story.events == ["train 3", "act at 3", "train 3", "act at 6"]


def test_last_call_is_cut_to_the_end():
    story = Run()
    story.run(first=0, until=5, per_call=3)
    assert story.events == ["train 3", "act at 3", "train 2", "act at 5"]


def test_resumed_calls_end_where_uninterrupted_ones_do():
    story = Run()
    story.run(first=4, until=11, per_call=3)
    ends = [report.step for report in story.reports]
    assert ends == [6, 9, 11]


def test_nothing_happens_when_the_end_is_reached_already():
    story = Run()
    assert story.run(first=6, until=6, per_call=3) == "reached step 6"
    assert story.events == []


def test_report_tells_scalars_length_and_wall_time_of_its_call():
    story = Run()
    story.run(first=0, until=5, per_call=3)
    assert story.reports == [
        loop.Report(3, {"loss": 1 / 3}, 6.0, 3, None, (2.0,) * 3, 0.5),
        loop.Report(5, {"loss": 1 / 2}, 4.0, 2, None, (2.0,) * 2, 0.5),
    ]
    assert [row.input_wait for row in story.reports] == [0.5 / 6, 0.5 / 4]


def test_broken_update_is_counted_from_the_beginning_of_the_run():
    story = Run()
    story.broken = [None, 1]
    story.run(first=4, until=11, per_call=3)
    steps = [report.broken_step for report in story.reports]
    assert steps == [None, 8, None]


def test_time_spent_in_actions_is_not_the_steps():
    story = Run()

    def dawdle(report: loop.Report) -> None:
        story.now += 1000.0

    story.run(story.act, dawdle, first=0, until=2, per_call=1)
    assert [report.seconds for report in story.reports] == [2.0, 2.0]


def test_action_can_stop_the_run_and_say_why():
    story = Run()

    def stop(report: loop.Report) -> None:
        if report.step == 6:
            raise loop.StopTraining("good enough")

    reason = story.run(stop, story.act, first=0, until=30, per_call=3)
    assert reason == "good enough"
    assert story.events == ["train 3", "act at 3", "train 3"]


def test_other_errors_are_not_swallowed():
    story = Run()

    def fail(report: loop.Report) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="^disk full$"):
        story.run(fail, first=0, until=3, per_call=3)
