"""N-grams are counted."""

import pytest

from pipeline.scoring.ngrams import check_aligned, ngram_counts


def test_counts_runs_of_one_to_four_words():
    counts = ngram_counts("a b a b a".split())
    assert counts["a",] == 3
    assert counts["a", "b"] == 2
    assert counts["a", "b", "a", "b"] == 1
    assert max(map(len, counts)) == 4


def test_a_caption_too_few_is_told():
    with pytest.raises(ValueError, match="2 captions for 3 images"):
        check_aligned(2, 3)
