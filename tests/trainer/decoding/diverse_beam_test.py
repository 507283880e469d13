"""Groups of beams that say different things, each with its best."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.probability_tables import A, B, C, Table, text
from trainer.decoding import step
from trainer.decoding.diverse_beam import DiverseBeamSearch
from trainer.decoding.word_rules import WordRules


def search(table: Table, **settings) -> step.Decoded:
    decoder = DiverseBeamSearch(max_length=4, **settings)
    return decoder(
        table.next_token,
        tf.zeros([table.images, decoder.beams], tf.int32),
        images=table.images,
        locations=Table.locations,
    )


def test_one_group_is_beam_search():
    table = Table.noise(1, images=5)
    beams = table.beam(4, max_length=4, power=0.7, rules=WordRules())
    diverse = search(table, beams=4, groups=1)
    for one, other in zip(beams, diverse, strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_diversity_all_groups_say_the_best_of_their_beams():
    table = Table.noise(2, images=5)
    beams = table.beam(2, max_length=4, power=0.7, rules=WordRules())
    diverse = search(table, beams=6, groups=3, diversity=0.0)
    for group in range(3):
        np.testing.assert_array_equal(
            diverse.tokens[:, group], beams.tokens[:, 0]
        )


def test_a_great_diversity_leaves_no_word_to_two_groups_at_the_first_place():
    table = Table.noise(3, images=20, scale=4.0)
    diverse = search(table, beams=3, groups=3, diversity=99.0)
    for row in diverse.tokens[:, :, 0].numpy():
        assert sorted(row) == [A, B, C]


def test_the_penalty_decides_and_is_in_no_log_probability():
    row = {
        "": {"A": 0.6, "B": 0.4},
        "A": {"C": 1.0},
        "AC": {".": 1.0},
        # Without the first group's C, the second would say C too.
        "B": {"C": 0.6, "A": 0.4},
        "BA": {".": 1.0},
        "BC": {".": 1.0},
    }

    def said(diversity: float) -> dict[str, float]:
        decoded = search(
            Table.literal(row),
            beams=2,
            groups=2,
            diversity=diversity,
            length_power=0.0,
        )
        chances = np.exp(decoded.log_probs[0].numpy())
        return dict(zip(map(text, decoded.tokens[0]), chances, strict=True))

    assert said(1.0) == pytest.approx({"AC._": 0.6, "BA._": 0.16}, abs=1e-4)
    assert said(0.1) == pytest.approx({"AC._": 0.6}, abs=1e-4)


def test_captions_are_ordered_by_score_and_differ_more_with_diversity():
    table = Table.noise(5, images=40)

    def different(diversity: float) -> int:
        decoded = search(
            table, beams=6, groups=3, diversity=diversity, length_power=0.0
        )
        chances = decoded.log_probs.numpy()
        assert (np.diff(chances) <= 0).all()
        rows = decoded.tokens.numpy().tolist()
        return sum(len(set(map(tuple, row))) for row in rows)

    assert different(0.0) == 40 < different(0.5) < different(3.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"groups": 4}, "`groups` must divide the 6 of `beams`, got 4"),
        ({"groups": 0}, "`groups` must be positive, got 0"),
        ({"diversity": -1.0}, "`diversity` must not be negative, got -1.0"),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        DiverseBeamSearch(**settings)
    assert str(error.value) == message
