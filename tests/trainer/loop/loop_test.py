"""The loop, with a step that only counts and a clock set by hand."""

import pytest

from trainer.loop import loop


class Run(loop.Action):
    """A step and an action that write down what happened, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.seen: list[loop.Progress] = []
        self.now = 100.0
        self.broken: list[int | None] = []

    def train(self, count: int) -> loop.Updates:
        self.events.append(f"train {count}")
        self.now += 2.0 * count
        broken = self.broken.pop(0) if self.broken else None
        return loop.Updates({"loss": 1.0 / count}, (), broken)

    def after(self, progress: loop.Progress) -> None:
        self.events.append(f"act at {progress.step}")
        self.seen.append(progress)

    def run(self, *actions: loop.Action, first: int, until: int, per_call: int):
        return loop.run(
            self.train,
            first_step=first,
            until=until,
            steps_per_call=per_call,
            actions=actions or [self],
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
    ends = [progress.step for progress in story.seen]
    assert ends == [6, 9, 11]


def test_nothing_happens_when_the_end_is_reached_already():
    story = Run()
    assert story.run(first=6, until=6, per_call=3) == "reached step 6"
    assert story.events == []


def test_progress_has_scalars_length_and_wall_time_of_the_call():
    story = Run()
    story.run(first=0, until=5, per_call=3)
    first = loop.Updates({"loss": 1 / 3})
    second = loop.Updates({"loss": 1 / 2})
    assert story.seen == [
        loop.Progress(3, 3, 6.0, first),
        loop.Progress(5, 2, 4.0, second),
    ]


def test_broken_update_is_counted_from_the_beginning_of_the_run():
    story = Run()
    story.broken = [None, 1]
    story.run(first=4, until=11, per_call=3)
    steps = [progress.broken_step for progress in story.seen]
    assert steps == [None, 8, None]


def test_time_spent_in_actions_is_not_the_steps():
    story = Run()

    class Dawdle(loop.Action):
        def before(self, step: int, num_steps: int) -> None:
            story.now += 500.0

        def after(self, progress: loop.Progress) -> None:
            story.now += 1000.0

    story.run(story, Dawdle(), first=0, until=2, per_call=1)
    assert [progress.seconds for progress in story.seen] == [2.0, 2.0]


def test_actions_learn_of_a_call_before_it_is_made():
    story = Run()

    class Announce(loop.Action):
        def before(self, step: int, num_steps: int) -> None:
            story.events.append(f"{num_steps} after {step}")

    story.run(Announce(), first=0, until=5, per_call=3)
    assert story.events == ["3 after 0", "train 3", "2 after 3", "train 2"]


def test_actions_see_the_scalars_that_others_before_them_added():
    story = Run()

    class Count(loop.Action):
        def after(self, progress: loop.Progress) -> None:
            progress.made.scalars["spikes"] = 4.0

    story.run(Count(), story, first=0, until=1, per_call=1)
    assert story.seen[0].made.scalars == {"loss": 1.0, "spikes": 4.0}


def test_action_can_stop_the_run_and_say_why():
    story = Run()

    class Stop(loop.Action):
        def after(self, progress: loop.Progress) -> None:
            if progress.step == 6:
                raise loop.StopTraining("good enough")

    reason = story.run(Stop(), story, first=0, until=30, per_call=3)
    assert reason == "good enough"
    assert story.events == ["train 3", "act at 3", "train 3"]


def test_other_errors_are_not_swallowed():
    story = Run()

    class Fail(loop.Action):
        def after(self, progress: loop.Progress) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="^disk full$"):
        story.run(Fail(), first=0, until=3, per_call=3)
