"""How generated captions repeat, computed by hand."""

import pytest

from pipeline.scoring.metric import References
from pipeline.scoring.repetition import (
    RepetitionMetric,
    collision_probability,
    mode_share,
)


def _split(*captions):
    return [caption.split() for caption in captions]


def test_repetition_by_hand():
    captions = _split("a dog", "a dog", "a cat", "a dog")
    assert mode_share(captions) == 3 / 4
    assert collision_probability(captions) == pytest.approx(3 * 2 / (4 * 3))


def test_repetition_at_its_ends():
    alike, different = _split("a") * 5, _split("a", "b", "c")
    assert mode_share(alike) == collision_probability(alike) == 1
    assert collision_probability(different) == 0


def test_repetition_needs_captions():
    with pytest.raises(ValueError, match="0 captions, at least 1 needed"):
        mode_share([])
    with pytest.raises(ValueError, match="1 captions, at least 2 needed"):
        collision_probability(_split("a"))


def test_repetition_inside_captions_by_hand():
    captions = _split("a dog and a dog", "a cat", "a")
    captions.append([])
    scorer = RepetitionMetric().against(References([], []))
    # 'a dog' stands twice among five pairs.
    assert scorer.each(captions) == [1 / 4, 0.0, 0.0, 0.0]
    assert scorer.corpus(captions) == 1 / 5
