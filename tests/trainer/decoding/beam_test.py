"""Search over tables of probabilities, against literal and exhaustive answers.

The tokens: 0 to 3 are PAD, UNK, START and END, then come A, B and C.
"""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf

from trainer.decoding import beam as beam_lib
from trainer.decoding import greedy as greedy_lib
from trainer.decoding import scores, step

PAD, UNK, START, END, A, B, C = range(7)
SIZE = 7
LETTERS = {END: ".", A: "A", B: "B", C: "C", PAD: "_"}


def text(tokens: tf.Tensor) -> str:
    """One row as letters; END is a full stop, PAD an underline."""
    return "".join(LETTERS[int(token)] for token in tokens)


class Table:
    """A captioner whose next word depends on everything said before.

    What was said is the state, as a number in base 7 that begins with START.
    The attention tells it too: location h is looked at after h, modulo 11.
    """

    locations = 11

    def __init__(self, logits: np.ndarray):
        """`logits`: [images, histories, SIZE]; others are taken modulo."""
        self._logits = tf.constant(logits, tf.float32)
        self.images = logits.shape[0]

    @classmethod
    def literal(cls, *rows: Mapping[str, Mapping[str, float]]) -> "Table":
        """One row an image: what was said -> probabilities of what is next."""
        logits = np.full([len(rows), START * SIZE**4, SIZE], 0.0)
        for image, row in enumerate(rows):
            for said, following in row.items():
                chances = np.full(SIZE, 1e-12)
                for letter, chance in following.items():
                    chances["PUS.ABC".index(letter)] = chance
                logits[image, cls.number(said)] = np.log(chances)
        return cls(logits)

    @classmethod
    def noise(cls, seed: int, *, images: int, scale: float = 2.0) -> "Table":
        draw = np.random.default_rng(seed)
        return cls(draw.normal(scale=scale, size=[images, 997, SIZE]))

    @staticmethod
    def number(said: str) -> int:
        value = 0
        for letter in said:
            value = value * SIZE + "PUS.ABC".index(letter)
        return value

    def next_token(
        self, tokens: tf.Tensor, said: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        # Greedy search goes on feeding rows that have ended.
        said = tf.where(tokens == START, 0, said * SIZE + tokens)
        histories = self._logits.shape[1]
        said %= histories * self.locations
        place = said % histories
        logits = tf.gather(self._logits, place, batch_dims=1)
        return logits, tf.one_hot(said % self.locations, self.locations), said

    def log_probs(self, image: int, said: tuple[int, ...]) -> np.ndarray:
        value = 0
        for token in said:
            value = value * SIZE + token
        logits = self._logits[image, value % self._logits.shape[1]].numpy()
        logits = logits.astype(np.float64)
        return logits - math.log(np.exp(logits).sum())

    def beam(
        self, beams: int, *, max_length: int, power: float = 0.0
    ) -> step.Decoded:
        return beam_lib.beam_search(
            self.next_token,
            tf.zeros([self.images, beams], tf.int32),
            images=self.images,
            beams=beams,
            locations=self.locations,
            max_length=max_length,
            length_power=power,
        )

    def greedy(self, *, max_length: int) -> step.Decoded:
        return greedy_lib.greedy(
            self.next_token,
            tf.zeros([self.images, 1], tf.int32),
            images=self.images,
            locations=self.locations,
            max_length=max_length,
        )


# "." now has 0.6, "A." 0.4.
END_NOW = {"": {".": 0.6, "A": 0.4}, "A": {".": 1.0}}
# The likeliest first word leads to the unlikelier caption.
GARDEN_PATH = {
    "": {"A": 0.6, "B": 0.4},
    "A": {".": 0.5, "C": 0.5},
    "AC": {".": 1.0},
    "B": {".": 1.0},
}
# A long caption, each of whose words costs little.
LONG = {
    "": {".": 0.45, "A": 0.55},
    "A": {"B": 0.9, ".": 0.1},
    "AB": {".": 0.8, "C": 0.2},
    "ABC": {".": 1.0},
}


def test_finished_hypothesis_leaves_the_beam_for_good():
    decoded = Table.literal(END_NOW).beam(2, max_length=4)
    assert text(decoded.tokens[0]) == ".___"
    assert float(decoded.log_probs[0]) == pytest.approx(math.log(0.6))


@pytest.mark.parametrize(
    ("table", "beams", "power", "expected", "chance"),
    [
        (END_NOW, 2, 1.0, ".___", 0.6),
        (GARDEN_PATH, 1, 0.0, "A.__", 0.3),
        (GARDEN_PATH, 2, 0.0, "B.__", 0.4),
        (GARDEN_PATH, 3, 0.0, "B.__", 0.4),
        (LONG, 2, 0.0, ".___", 0.45),
        # log 0.396 over ((5 + 3) / 6) beats log 0.45 over ((5 + 1) / 6).
        (LONG, 2, 1.0, "AB._", 0.55 * 0.9 * 0.8),
    ],
)
def test_beam_search_of_literal_tables(table, beams, power, expected, chance):
    decoded = Table.literal(table).beam(beams, max_length=4, power=power)
    assert text(decoded.tokens[0]) == expected
    assert float(decoded.log_probs[0]) == pytest.approx(
        math.log(chance), abs=1e-4
    )


@pytest.mark.parametrize(
    ("table", "expected", "chance"),
    [
        (END_NOW, ".___", 0.6),
        (GARDEN_PATH, "A.__", 0.3),
        (LONG, "AB._", 0.55 * 0.9 * 0.8),
    ],
)
def test_greedy_search_of_literal_tables(table, expected, chance):
    decoded = Table.literal(table).greedy(max_length=4)
    assert text(decoded.tokens[0]) == expected
    assert float(decoded.log_probs[0]) == pytest.approx(
        math.log(chance), abs=1e-4
    )


def best_of_all(
    table: Table, image: int, max_length: int, power: float
) -> tuple[list[int], float]:
    """The best caption that ends, among all there are."""
    found = []
    for length in range(max_length):
        for words in itertools.product([A, B, C], repeat=length):
            caption = (*words, END)
            log_prob = sum(
                table.log_probs(image, caption[:place])[token]
                for place, token in enumerate(caption)
            )
            score = log_prob / ((5 + len(caption)) / 6) ** power
            found.append((score, log_prob, caption))
    _, log_prob, caption = max(found)
    return [*caption, *[PAD] * (max_length - len(caption))], log_prob


@pytest.mark.parametrize("power", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_enough_beams_find_the_best_of_all_captions(seed, power):
    table = Table.noise(seed, images=3)
    # As many beams as there are captions of three words without an end.
    decoded = table.beam(3**3, max_length=4, power=power)
    for image in range(3):
        caption, log_prob = best_of_all(table, image, 4, power)
        assert decoded.tokens[image].numpy().tolist() == caption
        assert float(decoded.log_probs[image]) == pytest.approx(
            log_prob, rel=1e-5
        )


def test_greedy_takes_the_likeliest_token_each_time():
    table = Table.noise(5, images=4, scale=1.0)
    decoded = table.greedy(max_length=6)
    for image in range(4):
        said: list[int] = []
        total = 0.0
        while len(said) < 6 and END not in said:
            log_probs = table.log_probs(image, tuple(said))
            said.append(END + int(np.argmax(log_probs[END:])))
            total += log_probs[said[-1]]
        said += [PAD] * (6 - len(said))
        assert decoded.tokens[image].numpy().tolist() == said
        assert float(decoded.log_probs[image]) == pytest.approx(total, rel=1e-5)


def test_special_tokens_are_never_said():
    logits = np.random.default_rng(1).normal(size=[4, 997, SIZE])
    logits[..., [PAD, UNK, START]] += 30.0
    table = Table(logits)
    for decoded in (
        table.greedy(max_length=5),
        table.beam(2, max_length=5),
        table.beam(6, max_length=5, power=1.0),
    ):
        for row in decoded.tokens.numpy().tolist():
            said = row[: row.index(END)] if END in row else row
            assert set(said) <= {A, B, C}
            assert set(row[len(said) :]) <= {END, PAD}


def test_caption_that_ends_goes_before_a_likelier_one_that_does_not():
    logits = np.random.default_rng(2).normal(size=[3, 997, SIZE])
    logits[..., END] = -30
    decoded = Table(logits).beam(3, max_length=4, power=0.7)
    assert all(END in row for row in decoded.tokens.numpy())


@pytest.mark.parametrize("end", [-1e9, -math.inf])
@pytest.mark.parametrize("words", [[A], [A, B, C]])
def test_best_live_hypothesis_is_taken_when_none_ends(words, end):
    max_length = 20
    logits = np.random.default_rng(2).normal(size=[3, 997, SIZE])
    logits[..., [word for word in (A, B, C) if word not in words]] = -math.inf
    logits[..., END] = end
    table = Table(logits)
    decoded = table.beam(3, max_length=max_length, power=0.7)
    for image in range(3):
        said = tuple(decoded.tokens[image].numpy().tolist())
        assert set(said) <= set(words)
        expected = sum(
            table.log_probs(image, said[:place])[token]
            for place, token in enumerate(said)
        )
        assert float(decoded.log_probs[image]) == pytest.approx(
            expected, rel=1e-5
        )


def test_best_live_hypothesis_is_the_likeliest_of_all():
    logits = np.random.default_rng(3).normal(size=[1, 997, SIZE])
    logits[..., END] = -math.inf
    table = Table(logits)
    decoded = table.beam(27, max_length=3)
    chances = {
        said: sum(
            table.log_probs(0, said[:place])[token]
            for place, token in enumerate(said)
        )
        for said in itertools.product([A, B, C], repeat=3)
    }
    best = max(chances, key=chances.__getitem__)
    assert tuple(decoded.tokens[0].numpy()) == best


def test_greedy_without_an_end_fills_the_length():
    logits = np.zeros([2, 997, SIZE])
    logits[..., END] = -math.inf
    tokens = Table(logits).greedy(max_length=5).tokens.numpy()
    assert tokens.tolist() == [[A] * 5] * 2


def expected_attention(tokens: list[int], length: int) -> np.ndarray:
    """Where a table looks before each token of this very caption."""
    looks = np.zeros([length, Table.locations])
    said = 0
    for place, token in enumerate(tokens[:length]):
        if token == PAD:
            break
        looks[place, said % Table.locations] = 1
        said = said * SIZE + token
    return looks


@pytest.mark.parametrize("less", [1.0, math.inf])
@pytest.mark.parametrize("beams", [1, 2, 4])
def test_attention_is_that_of_the_caption_itself(beams, less):
    logits = np.random.default_rng(7).normal(size=[12, 997, SIZE])
    logits[..., END] -= less
    decoded = Table(logits).beam(beams, max_length=5, power=2.0)
    # Long enough for beams to change places.
    assert tf.math.count_nonzero(decoded.tokens[:, 3]) >= 4
    for tokens, attention in zip(*decoded[:2], strict=True):
        expected = expected_attention(tokens.numpy().tolist(), 5)
        np.testing.assert_array_equal(attention, expected)


def test_greedy_attention_ends_with_the_caption():
    table = Table.noise(8, images=6)
    decoded = table.greedy(max_length=5)
    lengths = {int(tf.math.count_nonzero(row)) for row in decoded.tokens}
    assert len(lengths) > 1
    for tokens, attention in zip(*decoded[:2], strict=True):
        expected = expected_attention(tokens.numpy().tolist(), 5)
        np.testing.assert_array_equal(attention, expected)


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


def test_more_beams_than_words_say_no_special_token():
    # One word only: the other live beams have nothing to say.
    logits = np.full([1, 997, SIZE], -math.inf)
    logits[..., [A, END]] = 0.0
    decoded = Table(logits).beam(4, max_length=3)
    assert text(decoded.tokens[0]) == ".__"


def test_graph_has_static_shapes_and_gives_the_same():
    table = Table.noise(1, images=2)

    def both() -> tuple[step.Decoded, step.Decoded]:
        return table.greedy(max_length=6), table.beam(3, max_length=6)

    graph = tf.function(both)
    for decoded in graph.get_concrete_function().structured_outputs:
        shapes = [tuple(part.shape) for part in decoded]
        assert shapes == [(2, 6), (2, 6, Table.locations), (2,)]
    for eager, compiled in zip(both(), graph(), strict=True):
        np.testing.assert_array_equal(eager.tokens, compiled.tokens)
        np.testing.assert_allclose(eager.log_probs, compiled.log_probs)


@pytest.mark.parametrize(
    ("length", "power", "expected"),
    [(1, 0.7, 1.0), (7, 1.0, 2.0), (7, 2.0, 4.0), (9, 0.0, 1.0)],
)
def test_length_penalty(length, power, expected):
    penalty = scores.length_penalty(length, power)
    assert float(penalty) == pytest.approx(expected)
