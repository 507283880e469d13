"""A captioner, a decoder and a metric, added as a user would add them.

They show what the contracts need, and that nothing else is needed: the test
that trains with them names them in a gin file.
"""

import dataclasses

import keras
import tensorflow as tf

import gin
from pipeline.recordset import vocabulary
from trainer.captioners import contract
from trainer.decoding import step as step_lib


@gin.register
class BagOfCells(contract.Captioner):
    """The mean of the grid and the last word, and nothing that attends."""

    def __init__(
        self, *, vocabulary_size, locations, depth, log_unigram, units=8
    ):
        super().__init__(name="bag_of_cells")
        self.settings = {"units": units}
        bias = keras.initializers.Constant(log_unigram)
        self.see = keras.layers.Dense(units, name="see")
        self.embed = keras.layers.Embedding(vocabulary_size, units)
        self.say = keras.layers.Dense(vocabulary_size, bias_initializer=bias)
        self.see.build([None, depth])
        self.embed.build([None])
        self.say.build([None, units])
        self.built = True

    def remember(self, grid, dropout=None):
        grid = tf.cast(grid, self.compute_dtype)
        return self.see(tf.reduce_mean(grid, axis=1))

    def initial_state(self, memory, hypotheses):
        return tf.zeros([memory.shape[0], hypotheses, 1])

    def step(self, memory, state, tokens):
        mixed = tf.nn.tanh(memory[:, None] + self.embed(tokens))
        return tf.cast(self.say(mixed), tf.float32), None, state

    def call(self, grid, tokens, dropout=None):
        memory = self.remember(grid, dropout)[:, None]
        logits, _, _ = self.step(memory, None, tokens)
        return logits, None


@gin.register
@dataclasses.dataclass(frozen=True)
class FirstWords:
    """The likeliest first word, said `length` times."""

    length: int = 2
    batch_images: int = 4
    hypotheses: int = 1
    description: str = "first words"

    @property
    def settings(self):
        return {"length": self.length}

    def __call__(self, next_token, state, *, images, locations):
        start = tf.fill([images, 1], vocabulary.START)
        logits, _, _ = next_token(start, state)
        words = tf.argmax(logits[..., 4:], -1, tf.int32) + 4
        end = tf.fill([images, 1], vocabulary.END)
        tokens = tf.concat([tf.repeat(words, self.length, 1), end], 1)
        looks = tf.zeros([images, self.length + 1, locations])
        chances = tf.reduce_max(logits, 2)
        return step_lib.Decoded(tokens[:, None], looks[:, None], chances)


@gin.register
@dataclasses.dataclass(frozen=True)
class Wordiness:
    """Words beyond those of the first reference; fewer are better."""

    name: str = "wordiness"
    label: str = "Wordiness"
    definition: str = "Words more than in the first reference."
    higher_is_better: bool = False

    def against(self, references):
        return _Excess([len(row[0]) for row in references.words])


@dataclasses.dataclass(frozen=True)
class _Excess:
    lengths: list[int]

    def corpus(self, captions):
        return sum(self.each(captions)) / len(captions)

    def each(self, captions):
        pairs = zip(captions, self.lengths, strict=True)
        return [float(len(caption) - length) for caption, length in pairs]
