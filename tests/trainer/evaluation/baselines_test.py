"""Scores of captions that never look at their image."""

import dataclasses

import pytest

from pipeline.scoring import bleu, dangling, distinct, rouge_l
from pipeline.scoring.metric import References
from trainer.evaluation.baselines import Score, floor_table, shuffled


@pytest.mark.parametrize("count", [2, 3, 10, 101])
def test_shuffled_leaves_no_caption_in_its_place(count):
    captions = [[str(number)] for number in range(count)]
    for seed in range(20):
        moved = shuffled(captions, seed=seed)
        assert sorted(moved) == sorted(captions)
        assert all(a != b for a, b in zip(moved, captions, strict=True))


def test_shuffled_is_decided_by_the_seed():
    captions = [[str(number)] for number in range(50)]
    assert shuffled(captions, seed=1) == shuffled(captions, seed=1)
    assert shuffled(captions, seed=1) != shuffled(captions, seed=2)


def test_one_caption_cannot_be_shuffled():
    with pytest.raises(ValueError, match="needs 2 captions, not 1"):
        shuffled([["a"]], seed=0)


@dataclasses.dataclass(frozen=True)
class Share:
    """The share of captions that are one of some words, or their number."""

    name: str
    words: tuple[str, ...]
    higher_is_better: bool = True
    label: str = "Share"
    definition: str = "Share of the captions."

    def against(self, references):
        del references
        return self

    def corpus(self, captions):
        return sum(self.each(captions)) / len(captions)

    def each(self, captions):
        return [float(caption[0] in self.words) for caption in captions]


REFERENCES = References(["1", "2", "3", "4"], [["a"], ["b"], ["c"], ["d"]])


def test_table_puts_each_metric_beside_its_floors():
    table = floor_table(
        [["a"], ["b"], ["c"], ["d"]],
        REFERENCES,
        constants=[["a"], ["z"]],
        metrics=[
            Share("known", ("a", "b", "c")),
            Share("missed", ("a", "b", "c"), higher_is_better=False),
        ],
        seed=0,
    )
    # The best of the constants is another one for each metric.
    assert table == {
        "known": Score(model=0.75, constant=1.0, shuffled=0.75),
        "missed": Score(model=0.75, constant=0.0, shuffled=0.75),
    }


def test_swapped_captions_are_scored_against_other_images():
    captions = [["a", "red", "dog"], ["one", "blue", "car", "stands"]]
    texts = [[" ".join(caption)] for caption in captions]
    (score,) = floor_table(
        captions,
        References(["1", "2"], texts),
        constants=captions[:1],
        metrics=[bleu.BleuMetric(1)],
        seed=0,
    ).values()
    assert score.model == pytest.approx(1)
    assert score.shuffled < 0.01 < score.constant < 1


def test_people_and_an_interval_stand_beside_a_score():
    texts = [["a red dog", "a dog"], ["a blue car", "one car"]] * 10
    captions = [["a", "dog"], ["a", "bus"]] * 10
    names = list(map(str, range(20)))
    table = floor_table(
        captions,
        References(names, texts),
        constants=captions[:1],
        metrics=[
            rouge_l.RougeLMetric(),
            distinct.DistinctMetric(),
            dangling.DanglingMetric(),
        ],
        seed=0,
    )
    rouge, different = table["rouge_l"], table["distinct_1"]
    assert rouge.interval is not None and different.interval is None
    low, high = rouge.interval
    assert low < rouge.model < high
    expected = rouge_l.rouge_l(
        [row[0].split() for row in texts], [[row[1].split()] for row in texts]
    )
    assert rouge.people == pytest.approx(sum(expected) / 20)
    assert different.people == 5 / 60
    # No caption breaks off, nor does one in any draw.
    assert table["dangling"].model == 0 and table["dangling"].interval is None
    # Swapped captions have the same words: nothing is a floor.
    assert different.constant is different.shuffled is None


def test_table_needs_a_constant():
    with pytest.raises(ValueError, match="needs a constant caption"):
        floor_table(
            [["a"], ["b"]],
            REFERENCES,
            constants=[],
            metrics=[],
            seed=0,
        )
