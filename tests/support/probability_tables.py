"""Captioners that are tables of probabilities: written out, or random."""

import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from trainer.decoding import beam as beam_lib
from trainer.decoding import greedy as greedy_lib
from trainer.decoding import hypotheses, step, word_rules

PAD, UNK, START, END, A, B, C = range(7)
SIZE = 7
FREE = word_rules.WordRules(min_words=0)  # A caption may be empty.
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
        self,
        beams: int,
        *,
        max_length: int,
        power: float = 0.0,
        n_best: int = 1,
        rules: word_rules.WordRules = FREE,
    ) -> step.Decoded:
        return beam_lib.beam_search(
            self.next_token,
            tf.zeros([self.images, beams], tf.int32),
            images=self.images,
            beams=beams,
            locations=self.locations,
            ranking=hypotheses.Ranking(power, max_length, rules),
            n_best=n_best,
        )

    def greedy(
        self, *, max_length: int, rules: word_rules.WordRules = FREE
    ) -> step.Decoded:
        return greedy_lib.greedy(
            self.next_token,
            tf.zeros([self.images, 1], tf.int32),
            images=self.images,
            locations=self.locations,
            max_length=max_length,
            rules=rules,
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
