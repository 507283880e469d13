"""Show, Attend and Tell (Xu et al. 2015): soft attention, or hard."""

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import (
    contract,
    draw,
    grid_reader,
    lstm,
    output,
    recurrent,
)
from trainer.captioners import dropout as dropout_lib


class ShowAttendTell(grid_reader.GridReader):
    """An LSTM that looks at the grid before each word.

    It departs from the paper in four ways: the projection and the embeddings of
    places of `GridReader`, a gate for each feature of the context, where the
    paper has one scalar (section 4.2.1), and an output bias that begins at the
    log unigram frequencies, so that training begins at the unigram model's
    loss.

    Hard attention is a way to train it, `draw`; it decodes with the mean of all
    places then too, the expectation of what `draw` looks at.

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
        scalar_gate: bool = False,
        tied_embeddings: bool = False,
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
          scalar_gate: whether one number of a word scales its whole context, as
            in the paper.
          tied_embeddings: whether the output's matrix is that of the embeddings
            (Press and Wolf 2017).

        Raises:
          ValueError: a width below one or a rate outside [0, 1).
        """
        settings = {
            "units": units,
            "attention_units": attention_units,
            "embedding_units": embedding_units,
            "dropout_rate": dropout_rate,
            "word_dropout": word_dropout,
            "uses_image": uses_image,
            "scalar_gate": scalar_gate,
            "tied_embeddings": tied_embeddings,
        }
        super().__init__("show_attend_tell", settings, locations, depth)
        self._make_layers(vocabulary_size, log_unigram)

    def _make_layers(
        self, vocabulary_size: int, log_unigram: np.ndarray
    ) -> None:
        units, words = self.settings["units"], self.settings["embedding_units"]
        dense = keras.layers.Dense
        self.first_hidden = dense(units, "tanh", name="first_hidden")
        self.first_cell = dense(units, "tanh", name="first_cell")
        gates = 1 if self.settings["scalar_gate"] else units
        self.gate = dense(gates, "sigmoid", name="gate")
        self.embed = recurrent.embeddings(vocabulary_size, words)
        self.word_in = dense(4 * units, name="word_in")
        self.hidden_in = lstm.recurrence(units, name="hidden_in")
        self.context_in = dense(4 * units, use_bias=False, name="context_in")
        self.hidden_out = dense(words, name="hidden_out")
        self.context_out = dense(words, use_bias=False, name="context_out")
        tied = self.settings["tied_embeddings"]
        self.logits = output.layer(
            log_unigram, words, tied_to=self.embed if tied else None
        )
        for layer in (
            self.first_hidden,
            self.first_cell,
            self.gate,
            self.context_in,
            self.hidden_out,
            self.context_out,
        ):
            layer.build([None, units])
        self.word_in.build([None, words])
        self.built = True

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> grid_reader.Memory:
        """Projects the grid, [images, locations, depth] of any float dtype."""
        return self._project(grid, dropout)

    def initial_state(
        self, memory: grid_reader.Memory, hypotheses: int
    ) -> lstm.State:
        """Computes the state before the first word from the grid's mean."""
        mean = tf.reduce_mean(memory.values, axis=1)[:, None]
        mean = tf.repeat(mean, hypotheses, axis=1)
        cell = tf.cast(self.first_cell(mean), tf.float32)
        return lstm.State(self.first_hidden(mean), cell)

    def _advance(
        self, memory: grid_reader.Memory, state: lstm.State, word_in: tf.Tensor
    ) -> tuple[lstm.State, tuple[tf.Tensor, tf.Tensor], tf.Tensor]:
        """Reads one word, and looks at the mean of all places."""
        context, weights = self.attend(state.hidden, memory.keys, memory.values)
        state, read = self._look(state, word_in, context)
        return state, read, weights

    def _look(
        self, state: lstm.State, word_in: tf.Tensor, context: tf.Tensor
    ) -> tuple[lstm.State, tuple[tf.Tensor, tf.Tensor]]:
        """Gates the context [images, hypotheses, units], updates the LSTM."""
        context *= self.gate(state.hidden)
        gates = word_in + self.hidden_in(state.hidden)
        state = lstm.advance(gates + self.context_in(context), state)
        return state, (state.hidden, context)

    def _predict(
        self,
        memory: grid_reader.Memory,
        words: tf.Tensor,
        read: tuple[tf.Tensor, tf.Tensor],
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes float32 logits (Xu et al. 2015, equation 7)."""
        hidden, context = read
        mixed = tf.tanh(
            words + self.hidden_out(hidden) + self.context_out(context)
        )
        if dropout:
            mixed = dropout(mixed, recurrent.Mask.OUTPUT)
        return tf.cast(self.logits(mixed), tf.float32)

    def draw(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        numbers: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> contract.Drawn:
        """See `contract.DrawsPlaces`; Xu et al. 2015, equations 8 and 9."""
        memory = self.remember(grid, dropout)
        state = self.initial_state(memory, tokens.shape[1])
        words = self._embedded(tokens, dropout)
        steps = []
        for word_in, number in zip(
            tf.unstack(self.word_in(words), axis=2),
            tf.unstack(numbers, axis=2),
            strict=True,
        ):
            _, chances = self.attend(state.hidden, memory.keys, memory.values)
            place = draw.place_of(chances, number)
            looks = tf.one_hot(place, chances.shape[-1])
            context = tf.matmul(
                tf.cast(looks, memory.values.dtype), memory.values
            )
            state, read = self._look(state, word_in, context)
            steps.append((*read, chances, tf.reduce_sum(looks * chances, -1)))
        hidden, context, chances, drawn = (
            tf.stack(each, 2) for each in zip(*steps, strict=True)
        )
        logits = self._predict(memory, words, (hidden, context), dropout)
        return contract.Drawn(logits, chances, tf.math.log(drawn))
