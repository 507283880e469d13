"""Show, Attend and Tell (Xu et al. 2015) with soft attention.

The grid and its attention keys are projected once per image, for any number of
captions or hypotheses.
"""

import enum
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import attention, contract
from trainer.captioners import dropout as dropout_lib


class _Mask(enum.IntEnum):
    """Numbers of an update's dropout masks; resuming a run relies on them."""

    GRID = 0
    OUTPUT = 1
    EMBEDDING = 2
    WORDS = 3


class Memory(NamedTuple):
    """What is computed once per image, in the compute dtype.

    Attributes:
      values: [images, locations, units], the projected grid.
      keys: [images, locations, attention units], the keys of its attention.
    """

    values: tf.Tensor
    keys: tf.Tensor


class State(NamedTuple):
    """The LSTM's state, which is carried from token to token.

    Attributes:
      hidden: [images, hypotheses, units], in the compute dtype.
      cell: float32 [images, hypotheses, units].
    """

    hidden: tf.Tensor
    cell: tf.Tensor


class ShowAttendTell(contract.Captioner):
    """An LSTM that looks at the grid before each word.

    It departs from the paper in three ways. The grid is projected to `units`
    once per image, because every word would else compute with the encoder's
    depth of 1,280. Each location has a learned embedding, so that attention can
    tell left from right. The output bias begins at the log unigram frequencies,
    so that training begins at the unigram model's loss.

    Attributes:
      uses_image: false for the blind captioner, which reads zeros instead of
        the grid. A captioner that looks has to do better.
    """

    def __init__(
        self,
        *,
        vocabulary_size: int,
        locations: int,
        depth: int,
        log_unigram: np.ndarray,
        units: int = 512,
        attention_units: int = 256,
        embedding_units: int = 256,
        dropout_rate: float = 0.5,
        word_dropout: float = 0.0,
        uses_image: bool = True,
    ):
        """Makes every weight; none is made later, on the first call.

        Args:
          vocabulary_size: number of tokens, special ones included.
          locations: number of the grid's locations.
          depth: number of features of a location.
          log_unigram: float32 [vocabulary_size], first values of the output's
            bias.
          units: width of the LSTM and of the projected grid.
          attention_units: width of the attention's keys and queries.
          embedding_units: width of a token's embedding.
          dropout_rate: share of the values of embeddings, projected grid and
            output that training drops.
          word_dropout: share of the input words that training replaces by UNK,
            so that the image is needed; see `StreamDropout.words`.
          uses_image: false for the blind captioner; see the class.

        Raises:
          ValueError: a width below one or a rate outside [0, 1).
        """
        super().__init__(name="show_attend_tell")
        self.settings: dict[str, Any] = {
            "units": units,
            "attention_units": attention_units,
            "embedding_units": embedding_units,
            "dropout_rate": dropout_rate,
            "word_dropout": word_dropout,
            "uses_image": uses_image,
        }
        for name in ("units", "attention_units", "embedding_units"):
            if self.settings[name] < 1:
                raise ValueError(
                    f"`{name}` must be positive, got {self.settings[name]}"
                )
        for name in ("dropout_rate", "word_dropout"):
            if not 0 <= self.settings[name] < 1:
                raise ValueError(
                    f"`{name}` must lie in [0, 1), got {self.settings[name]}"
                )
        self.uses_image, self.dropout_rate = uses_image, dropout_rate
        self._word_dropout = word_dropout
        self._make_layers(vocabulary_size, locations, log_unigram)
        self._build(locations, depth)

    def _make_layers(
        self, vocabulary_size: int, locations: int, log_unigram: np.ndarray
    ) -> None:
        units, attention_units, embedding_units = (
            self.settings[name]
            for name in ("units", "attention_units", "embedding_units")
        )
        dense = keras.layers.Dense
        self.value = dense(units, name="value")
        self.value_norm = keras.layers.LayerNormalization(name="value_norm")
        self.place = keras.layers.Embedding(locations, units, name="place")
        self.key = dense(attention_units, name="key")
        self.attend = attention.AdditiveAttention(
            attention_units, name="attend"
        )
        self.first_hidden = dense(units, "tanh", name="first_hidden")
        self.first_cell = dense(units, "tanh", name="first_cell")
        self.gate = dense(units, "sigmoid", name="gate")
        self.embed = keras.layers.Embedding(
            vocabulary_size, embedding_units, name="embed"
        )
        self.word_in = dense(4 * units, name="word_in")
        self.hidden_in = dense(
            4 * units,
            use_bias=False,
            kernel_initializer="orthogonal",
            name="hidden_in",
        )
        self.context_in = dense(4 * units, use_bias=False, name="context_in")
        self.hidden_out = dense(embedding_units, name="hidden_out")
        self.context_out = dense(
            embedding_units, use_bias=False, name="context_out"
        )
        self.logits = dense(
            vocabulary_size,
            bias_initializer=keras.initializers.Constant(log_unigram),
            name="logits",
        )

    def _build(self, locations: int, depth: int) -> None:
        units = self.settings["units"]
        words = self.settings["embedding_units"]
        for layer in (self.value_norm, self.key):
            layer.build([None, locations, units])
        for layer in (self.first_hidden, self.first_cell, self.gate):
            layer.build([None, units])
        for layer in (self.hidden_in, self.context_in):
            layer.build([None, units])
        for layer in (self.hidden_out, self.context_out):
            layer.build([None, units])
        self.value.build([None, locations, depth])
        self.attend.build(units, self.settings["attention_units"])
        self.place.build([None])
        self.embed.build([None])
        self.word_in.build([None, words])
        self.logits.build([None, words])
        self.built = True

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> Memory:
        """Projects the grid, [images, locations, depth] of any float dtype."""
        grid = tf.cast(grid, self.compute_dtype)
        if not self.uses_image:
            grid = tf.zeros_like(grid)
        values = tf.nn.relu(self.value_norm(self.value(grid)))
        if dropout:
            values = dropout(values, _Mask.GRID)
        values += self.place(tf.range(grid.shape[1]))
        return Memory(values, self.key(values))

    def initial_state(self, memory: Memory, hypotheses: int) -> State:
        """Computes the state before the first word from the grid's mean."""
        mean = tf.reduce_mean(memory.values, axis=1)[:, None]
        mean = tf.repeat(mean, hypotheses, axis=1)
        cell = tf.cast(self.first_cell(mean), tf.float32)
        return State(self.first_hidden(mean), cell)

    def _advance(
        self, memory: Memory, state: State, word_in: tf.Tensor
    ) -> tuple[State, tf.Tensor, tf.Tensor]:
        """Reads one word: attends, gates the context, updates the LSTM."""
        context, weights = self.attend(state.hidden, memory.keys, memory.values)
        context *= self.gate(state.hidden)
        gates = word_in + self.hidden_in(state.hidden)
        gates = tf.cast(gates + self.context_in(context), tf.float32)
        write, keep, new, show = tf.split(gates, 4, axis=-1)
        # With a forget gate that begins open, long captions are learned faster.
        cell = state.cell * tf.sigmoid(keep + 1.0)
        cell += tf.sigmoid(write) * tf.tanh(new)
        hidden = tf.cast(tf.sigmoid(show) * tf.tanh(cell), context.dtype)
        return State(hidden, cell), context, weights

    def _predict(
        self,
        words: tf.Tensor,
        hidden: tf.Tensor,
        context: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes float32 logits (Xu et al. 2015, equation 7)."""
        mixed = tf.tanh(
            words + self.hidden_out(hidden) + self.context_out(context)
        )
        if dropout:
            mixed = dropout(mixed, _Mask.OUTPUT)
        return tf.cast(self.logits(mixed), tf.float32)

    def call(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Predicts every token of true captions by teacher forcing.

        Each position reads the true tokens up to its own.

        Args:
          grid: [images, locations, depth], any float dtype.
          tokens: int32 [images, captions, length], beginning with START.
          dropout: draws the masks of training; None outside training.

        Returns:
          Logits of the token after each, float32 [images, captions, length,
          vocabulary], and attention, float32 [images, captions, length,
          locations].
        """
        memory = self.remember(grid, dropout)
        state = self.initial_state(memory, tokens.shape[1])
        if dropout:
            tokens = dropout.words(tokens, self._word_dropout, _Mask.WORDS)
        words = self.embed(tokens)
        if dropout:
            words = dropout(words, _Mask.EMBEDDING)
        # The words' part of the gates needs no recurrence: one product for all.
        steps = tf.unstack(self.word_in(words), axis=2)
        hidden, contexts, weights = [], [], []
        for word_in in steps:
            state, context, weight = self._advance(memory, state, word_in)
            hidden.append(state.hidden)
            contexts.append(context)
            weights.append(weight)
        logits = self._predict(
            words, tf.stack(hidden, 2), tf.stack(contexts, 2), dropout
        )
        return logits, tf.stack(weights, 2)

    def step(
        self, memory: Memory, state: State, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, State]:
        """Reads one token of each hypothesis and predicts the next.

        Args:
          memory: what `remember` returned.
          state: from `initial_state` or from the step before.
          tokens: int32 [images, hypotheses].

        Returns:
          The next token's logits, float32 [images, hypotheses, vocabulary];
          attention, float32 [images, hypotheses, locations]; the new state.
        """
        words = self.embed(tokens)
        state, context, weights = self._advance(
            memory, state, self.word_in(words)
        )
        return self._predict(words, state.hidden, context), weights, state
