"""Adaptive attention (Lu et al. 2017): it may look away from the image."""

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import dropout as dropout_lib
from trainer.captioners import grid_reader, lstm, output, recurrent


class AdaptiveAttention(grid_reader.GridReader):
    """An LSTM that looks after each word it reads, at the grid or a sentinel.

    The sentinel is what the LSTM knows already. It competes with the places for
    attention, so that words which follow from those before, such as the second
    of "next to", need no place. The weights of the places sum to what the
    sentinel leaves.

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
          units: width of the LSTM, of its sentinel and of the projected grid.
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
        super().__init__("adaptive_attention", settings, locations, depth)
        self.embed = recurrent.embeddings(vocabulary_size, embedding_units)
        # The four gates of the LSTM, and the sentinel's.
        self.word_in = keras.layers.Dense(5 * units, name="word_in")
        self.word_in.build([None, embedding_units])
        self.mean_in = keras.layers.Dense(
            5 * units, use_bias=False, name="mean_in"
        )
        self.hidden_in = lstm.recurrence(units, "hidden_in", gates=5)
        self.sentinel_key = keras.layers.Dense(
            attention_units, name="sentinel_key"
        )
        for layer in (self.mean_in, self.sentinel_key):
            layer.build([None, units])
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
        """Projects the grid, and its mean into the gates."""
        projected = self._project(grid, dropout)
        mean = tf.reduce_mean(projected.values, axis=1)
        return grid_reader.Overview(projected, self.mean_in(mean))

    def initial_state(
        self, memory: grid_reader.Overview, hypotheses: int
    ) -> lstm.State:
        """The state of an LSTM that has read nothing."""
        units, images = self.settings["units"], memory.mean_in.shape[0]
        return lstm.empty(images, hypotheses, units, self.compute_dtype)

    def _advance(
        self,
        memory: grid_reader.Overview,
        state: lstm.State,
        word_in: tf.Tensor,
    ) -> tuple[lstm.State, tuple[tf.Tensor], tf.Tensor]:
        """Reads one word, and looks (equations 9 to 12)."""
        gates = word_in + memory.mean_in[:, None] + self.hidden_in(state.hidden)
        units = self.settings["units"]
        state = lstm.advance(gates[..., : 4 * units], state)
        sentinel = tf.sigmoid(gates[..., 4 * units :])
        sentinel *= tf.cast(tf.tanh(state.cell), sentinel.dtype)
        context, weights = self.attend(
            state.hidden,
            memory.grid.keys,
            memory.grid.values,
            beside=self.sentinel_key(sentinel),
        )
        away = 1 - tf.reduce_sum(weights, axis=-1, keepdims=True)
        context += tf.cast(away, context.dtype) * sentinel
        return state, (state.hidden + context,), weights

    def _predict(
        self,
        memory: grid_reader.Overview,
        words: tf.Tensor,
        read: tuple[tf.Tensor],
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes float32 logits (equation 13)."""
        mixed = read[0]
        if dropout:
            mixed = dropout(mixed, recurrent.Mask.OUTPUT)
        return tf.cast(self.logits(mixed), tf.float32)
