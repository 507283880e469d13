"""Decoders are compared on the same images, beside what people say."""

import numpy as np
import pytest

from pipeline.scoring import cider
from tests.support import fixtures
from trainer.decoding import generator, greedy, sampling
from trainer.evaluation import decoder_comparison, scorers
from trainer.evaluation.decoder_comparison import Spread


def test_spread_counts_words_and_captions():
    captions = [
        ["a", "dog"],
        ["a", "dog"],
        ["a", "red", "cat"],
        ["a"],
    ]
    found = Spread.of(captions, {("a", "dog"), ("the", "cat")})
    assert found == Spread(
        mode_share=0.5,
        collision_probability=pytest.approx(1 / 6),
        distinct_words=4,
        novelty=0.5,
        length=2.0,
    )


@pytest.fixture(scope="module")
def comparison(record_set):
    made = generator.CaptionGenerator(
        fixtures.tiny_captioner(record_set.vocabulary),
        record_set.vocabulary,
        greedy.Greedy(6, batch_images=4),
    )
    examples = list(generator.caption_split(made, record_set, "train"))
    return examples, decoder_comparison.compare(
        record_set,
        "train",
        generator=made,
        examples=examples,
        decoders=[sampling.Sampling(max_length=6), greedy.Greedy(2)],
        metrics=[cider.CiderDMetric()],
    )


def test_the_first_row_is_the_decoder_of_the_evaluation(comparison):
    examples, compared = comparison
    assert [row.decoder for row in compared.rows] == [
        "greedy search",
        "sampling",
        "greedy search",
    ]
    first, drawn, short = compared.rows
    references = scorers.references_of(examples)
    scorer = cider.CiderDMetric().against(references)
    assert first.scores == {"cider_d": scorer.corpus(scorers.words(examples))}
    lengths = [len(words) for words in scorers.words(examples)]
    assert first.spread.length == np.mean(lengths)
    assert short.spread.length <= 2
    assert drawn.spread.distinct_words > first.spread.distinct_words


def test_captions_of_people_in_train_are_not_new(comparison):
    assert comparison[1].people.novelty == 0
    assert comparison[1].rows[1].spread.novelty > 0.5
