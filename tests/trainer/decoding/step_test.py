"""What every decoder guarantees."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.probability_tables import SIZE, Table
from trainer.decoding import step


@pytest.mark.parametrize("search", ["greedy", "beam"])
def test_rows_do_not_see_each_other(search):
    logits = np.random.default_rng(9).normal(scale=2, size=[5, 997, SIZE])

    def decode(table: Table) -> step.Decoded:
        if search == "greedy":
            return table.greedy(max_length=5)
        return table.beam(3, max_length=5, power=0.7)

    together = decode(Table(logits))
    for image in range(5):
        alone = decode(Table(logits[image : image + 1]))
        for whole, part in zip(together, alone, strict=True):
            np.testing.assert_array_equal(whole[image], part[0])


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
