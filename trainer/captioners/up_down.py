"""Bottom-up and top-down attention (Anderson et al. 2018), on a grid."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import dropout as dropout_lib
from trainer.captioners import grid_reader, lstm, output, recurrent


class State(NamedTuple):
    """What is carried from word to word.

    Attributes:
      attention: of the LSTM that decides where to look.
      language: of the LSTM that decides what to say.
    """

    attention: lstm.State
    language: lstm.State


class UpDown(grid_reader.GridReader):
    """One LSTM decides where to look, and a second one what to say.

    The first reads the word, the mean of the grid and what the second said; its
    output is the attention's query. The second reads what was looked at. The
    paper attends to regions that a detector found; here these are the places of
    the grid.

    Attributes:
      uses_image: false for the blind captioner, which reads zeros instead of
        the grid.
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
        tied_embeddings: bool = False,
    ):
        """Makes every weight; none is made later, on the first call.

        Args:
          vocabulary_size: number of tokens, special ones included.
          locations: number of the grid's locations.
          depth: number of features of a location.
          log_unigram: float32 [vocabulary_size], first values of the output's
            bias.
          units: width of both LSTMs and of the projected grid.
          attention_units: width of the attention's keys and queries.
          embedding_units: width of a token's embedding.
          dropout_rate: share of the values of embeddings, projected grid and
            output that training drops.
          word_dropout: share of the input words that training replaces by UNK,
            so that the image is needed; see `StreamDropout.words`.
          uses_image: false for the blind captioner; see the class.
          tied_embeddings: whether the output's matrix is that of the embeddings
            (Press and Wolf 2017); `embedding_units` is then `units`.

        Raises:
          ValueError: a width below one, a rate outside [0, 1), or tied
            embeddings of another width.
        """
        settings = {
            "units": units,
            "attention_units": attention_units,
            "embedding_units": embedding_units,
            "dropout_rate": dropout_rate,
            "word_dropout": word_dropout,
            "uses_image": uses_image,
            "tied_embeddings": tied_embeddings,
        }
        super().__init__("up_down", settings, locations, depth)
        self.embed = recurrent.embeddings(vocabulary_size, embedding_units)
        self.word_in = keras.layers.Dense(4 * units, name="word_in")
        self.word_in.build([None, embedding_units])
        self.mean_in, self.said_in, self.context_in, self.looked_in = (
            keras.layers.Dense(
                4 * units, use_bias=name == "context_in", name=name
            )
            for name in ("mean_in", "said_in", "context_in", "looked_in")
        )
        for layer in (
            self.mean_in,
            self.said_in,
            self.context_in,
            self.looked_in,
        ):
            layer.build([None, units])
        self.attention_in = lstm.recurrence(units, name="attention_in")
        self.language_in = lstm.recurrence(units, name="language_in")
        self.logits = output.layer(
            log_unigram,
            units,
            tied_to=self.embed if tied_embeddings else None,
        )
        self.built = True

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> grid_reader.Overview:
        """Projects the grid, and its mean into the attention LSTM's gates."""
        projected = self._project(grid, dropout)
        mean = tf.reduce_mean(projected.values, axis=1)
        return grid_reader.Overview(projected, self.mean_in(mean))

    def initial_state(
        self, memory: grid_reader.Overview, hypotheses: int
    ) -> State:
        """The state of LSTMs that have read nothing."""
        units, images = self.settings["units"], memory.mean_in.shape[0]
        empty = lstm.empty(images, hypotheses, units, self.compute_dtype)
        return State(empty, empty)

    def _advance(
        self, memory: grid_reader.Overview, state: State, word_in: tf.Tensor
    ) -> tuple[State, tuple[tf.Tensor], tf.Tensor]:
        """Reads one word: decides where to look, looks, decides what to say."""
        gates = word_in + memory.mean_in[:, None]
        gates += self.said_in(state.language.hidden)
        gates += self.attention_in(state.attention.hidden)
        looking = lstm.advance(gates, state.attention)
        context, weights = self.attend(
            looking.hidden, memory.grid.keys, memory.grid.values
        )
        gates = self.context_in(context) + self.looked_in(looking.hidden)
        gates += self.language_in(state.language.hidden)
        saying = lstm.advance(gates, state.language)
        return State(looking, saying), (saying.hidden,), weights

    def _predict(
        self,
        memory: grid_reader.Overview,
        words: tf.Tensor,
        read: tuple[tf.Tensor],
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes float32 logits from the language LSTM's output."""
        hidden = read[0]
        if dropout:
            hidden = dropout(hidden, recurrent.Mask.OUTPUT)
        return tf.cast(self.logits(hidden), tf.float32)
