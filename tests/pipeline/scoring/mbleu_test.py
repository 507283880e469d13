"""BLEU of captions against the others of their image."""

import pytest

from pipeline.scoring import bleu
from pipeline.scoring.mbleu import MBleuMetric
from pipeline.scoring.metric import References
from pipeline.scoring.reference_ngrams import ReferenceNgrams

NONE = References([], [])


def test_the_same_captions_are_one_and_strangers_none():
    alike = [["a", "red", "dog", "runs"]] * 3
    strangers = [list("abcd"), list("efgh")]
    same, other = MBleuMetric().of_sets([alike, strangers], NONE)
    assert same == pytest.approx(1.0) and other == pytest.approx(0, abs=1e-6)


def test_it_is_the_mean_over_the_captions_of_each_image():
    sets = [
        ["a dog runs on grass".split(), "a dog runs on a beach".split()],
        [list("abcde"), list("abcdf"), list("xbcde")],
    ]
    for captions, found in zip(
        sets, MBleuMetric().of_sets(sets, NONE), strict=True
    ):
        each = [
            bleu.scores(
                bleu.statistics(
                    [caption],
                    ReferenceNgrams.of(
                        [[o for o in captions if o is not caption]]
                    ),
                )
            )[0, 3]
            for caption in captions
        ]
        assert found == pytest.approx(sum(each) / len(each))


def test_one_caption_has_no_diversity():
    with pytest.raises(ValueError, match="^Diversity needs 2 captions, not 1"):
        MBleuMetric().of_sets([[["a"]]], NONE)
