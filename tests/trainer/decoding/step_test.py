"""What every decoder guarantees."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.probability_tables import END, SIZE, A, C, Table
from trainer.decoding import beam, diverse_beam, greedy, sampling, step

SEARCHES = [
    greedy.Greedy(max_length=5),
    beam.BeamSearch(max_length=5, n_best=3),
    beam.BeamSearch(max_length=5, must_say=[A, C]),
    diverse_beam.DiverseBeamSearch(max_length=5),
    sampling.Sampling(max_length=5, n_best=3),
]


def decode(decoder: step.Decoder, table: Table, key: int = 0) -> step.Decoded:
    search = step.drawing(decoder, tf.range(key, key + table.images))
    state = tf.zeros([table.images, decoder.hypotheses], tf.int32)
    return search(
        table.next_token, state, images=table.images, locations=table.locations
    )


@pytest.mark.parametrize("decoder", SEARCHES, ids=lambda s: s.description)
def test_rows_do_not_see_each_other(decoder):
    logits = np.random.default_rng(9).normal(scale=2, size=[5, 997, SIZE])
    together = decode(decoder, Table(logits))
    for image in range(5):
        alone = decode(decoder, Table(logits[image : image + 1]), image)
        np.testing.assert_array_equal(together.tokens[image], alone.tokens[0])
        np.testing.assert_allclose(
            together.log_probs[image], alone.log_probs[0], rtol=1e-5
        )


@pytest.mark.parametrize("decoder", SEARCHES, ids=lambda s: s.description)
def test_no_caption_is_empty_and_each_has_its_own_log_probability(decoder):
    table = Table.noise(4, images=40)
    decoded = decode(decoder, table)
    assert tf.reduce_all(decoded.tokens[:, 0, 0] > END)
    for image, tokens in enumerate(decoded.tokens[:, 0].numpy().tolist()):
        said = [token for token in tokens if token]
        expected = sum(
            table.log_probs(image, tuple(said[:place]))[token]
            for place, token in enumerate(said)
        )
        assert float(decoded.log_probs[image, 0]) == pytest.approx(
            expected, rel=1e-4
        )


def test_graph_has_static_shapes_and_gives_the_same():
    table = Table.noise(1, images=2)

    def both() -> tuple[step.Decoded, step.Decoded]:
        return table.greedy(max_length=6), table.beam(3, max_length=6)

    graph = tf.function(both)
    for decoded in graph.get_concrete_function().structured_outputs:
        shapes = [tuple(part.shape) for part in decoded]
        assert shapes == [(2, 1, 6), (2, 1, 6, Table.locations), (2, 1)]
    for eager, compiled in zip(both(), graph(), strict=True):
        np.testing.assert_array_equal(eager.tokens, compiled.tokens)
        np.testing.assert_allclose(eager.log_probs, compiled.log_probs)
