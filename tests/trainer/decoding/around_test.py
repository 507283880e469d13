"""A decoder around another does what the other does."""

import dataclasses

import numpy as np
import tensorflow as tf

from tests.support import fixtures
from tests.support.probability_tables import Table
from trainer.decoding import around, beam, greedy, sampling, step
from trainer.decoding.word_rules import WordRules


@dataclasses.dataclass(frozen=True)
class Same(around.Around):
    settings = {"name": "same"}
    description = "same"


def test_it_has_the_hypotheses_and_the_captions_of_the_other():
    table = Table.noise(1, images=4)
    inner = beam.BeamSearch(beams=2, max_length=5, batch_images=7)
    outer = Same(Same(inner))
    assert isinstance(outer, step.Decoder)
    assert (outer.hypotheses, outer.batch_images) == (2, 7)
    assert around.innermost(outer) is around.innermost(inner) is inner
    state = tf.zeros([4, 2], tf.int32)
    for one, other in zip(
        outer(table.next_token, state, images=4, locations=11),
        inner(table.next_token, state, images=4, locations=11),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_the_other_knows_the_words_and_draws_by_the_keys():
    words = fixtures.count_words(["a dog", "a dog"])
    rules = WordRules(bad_endings=("a",))
    known = Same(greedy.Greedy(rules=rules)).knowing(words)
    assert [words.words[t] for t in known.search.rules.bad_endings] == ["a"]
    table = Table.noise(1, images=4, scale=0.3)
    state = tf.zeros([4, 1], tf.int32)

    def drawn(key: int) -> np.ndarray:
        draw = Same(sampling.Sampling()).drawing(tf.fill([4], key))
        found = draw(table.next_token, state, images=4, locations=11)
        return found.tokens.numpy()

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert (drawn(1) != drawn(2)).any()


def test_a_decoder_that_names_no_words_and_draws_none_is_left_as_it_is():
    class Bare:
        hypotheses = 1

    bare = Bare()
    assert step.knowing(bare, fixtures.count_words(["a"])) is bare
    assert step.drawing(bare, tf.zeros([1], tf.int32)) is bare


def test_layers_are_found_from_the_outermost_on():
    inner = greedy.Greedy()
    outer = Same(Same(inner))
    assert list(around.layers(outer)) == [outer, outer.search, inner]
