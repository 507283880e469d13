"""Objects in captions, and those that no reference names."""

import pytest

from pipeline.scoring.hallucination import (
    HallucinationMetric,
    objects,
    phrases,
    plural,
)
from pipeline.scoring.metric import References


def test_the_file_has_cocos_eighty_objects():
    assert len(set(phrases().values()) - {""}) == 80


@pytest.mark.parametrize(
    ("caption", "named"),
    [
        ("two men ride bikes", {"person", "bicycle"}),
        ("a hot dog on a table", {"hot dog", "dining table"}),
        ("puppies chase mice and geese", {"dog", "mouse", "bird"}),
        ("a baby elephant and a baby", {"elephant", "person"}),
        ("women on park benches with knives", {"person", "bench", "knife"}),
        ("a train track by a stop sign", {"stop sign"}),
        ("an orange cat", {"cat"}),
        ("a mountain", set()),
        ("", set()),
    ],
)
def test_objects_are_found_in_either_number_and_the_longest_first(
    caption: str, named: set[str]
):
    assert objects(caption.split()) == named


@pytest.mark.parametrize(
    ("one", "several"),
    [("bus", "buses"), ("puppy", "puppies"), ("toy", "toys"), ("man", "men")],
)
def test_plurals(one: str, several: str):
    assert plural(one) == several


def test_rates_by_hand():
    references = References(
        ["1", "2", "3"],
        [["a man walks", "he has a dog"], ["a bird"], ["a lake"]],
    )
    captions = [
        "a boy with a puppy and a frisbee".split(),
        "a seagull on a boat".split(),
        "a sunset".split(),
    ]
    # A frisbee and a boat, of five objects and of three captions.
    objects_, captions_ = (
        HallucinationMetric(by_caption).against(references)
        for by_caption in (False, True)
    )
    assert objects_.corpus(captions) == pytest.approx(2 / 5)
    assert captions_.corpus(captions) == pytest.approx(2 / 3)
    assert objects_.each(captions) == pytest.approx([1 / 3, 1 / 2, 0.0])
    assert captions_.each(captions) == [1.0, 1.0, 0.0]


def test_names():
    names = [HallucinationMetric(each).name for each in (False, True)]
    assert names == ["chair_i", "chair_s"]
    assert not HallucinationMetric().higher_is_better
