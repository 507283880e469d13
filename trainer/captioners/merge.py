"""Merge (Tanti et al. 2017): image and words meet only before the output."""

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import dropout as dropout_lib
from trainer.captioners import lstm, output, recurrent


class Merge(recurrent.WordReader):
    """An LSTM over the words alone, joined by the mean of the grid.

    The LSTM is a language model that sees no image. A dense layer over its
    output and the image's vector, concatenated, comes before the output. There
    is no attention.

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
        units: int = 256,
        embedding_units: int = 256,
        dropout_rate: float = 0.5,
        word_dropout: float = 0.0,
        uses_image: bool = True,
        tied_embeddings: bool = False,
    ):
        """Makes every weight; none is made later, on the first call.

        Args:
          vocabulary_size: number of tokens, special ones included.
          locations: number of the grid's locations, of which the mean is taken.
          depth: number of features of a location.
          log_unigram: float32 [vocabulary_size], first values of the output's
            bias.
          units: width of the LSTM, of the image's vector and of the layer that
            joins them.
          embedding_units: width of a token's embedding.
          dropout_rate: share of the values of embeddings, image's vector and
            joining layer that training drops.
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
            "embedding_units": embedding_units,
            "dropout_rate": dropout_rate,
            "word_dropout": word_dropout,
            "uses_image": uses_image,
            "tied_embeddings": tied_embeddings,
        }
        super().__init__(
            "merge",
            settings,
            vocabulary_size=vocabulary_size,
            depth=depth,
            image_units=units,
        )
        self.hidden_out = keras.layers.Dense(units, name="hidden_out")
        self.image_out = keras.layers.Dense(
            units, use_bias=False, name="image_out"
        )
        for layer in (self.hidden_out, self.image_out):
            layer.build([None, units])
        self.logits = output.layer(
            log_unigram,
            units,
            scale=0.1,
            tied_to=self.embed if tied_embeddings else None,
        )
        self.built = True

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes the image's part of the joining layer, [images, units]."""
        # A product with a concatenation is the sum of two products, of which
        # this one is the same at every word.
        return self.image_out(self._vector(grid, dropout))

    def initial_state(self, memory: tf.Tensor, hypotheses: int) -> lstm.State:
        """The state of an LSTM that has read nothing."""
        units, images = self.settings["units"], memory.shape[0]
        return lstm.empty(images, hypotheses, units, self.compute_dtype)

    def _predict(
        self,
        memory: tf.Tensor,
        words: tf.Tensor,
        read: tuple[tf.Tensor],
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Joins the image's vector and what was read of the words."""
        images, units = keras.ops.shape(memory)
        places = [1] * (words.shape.rank - 2)
        image = tf.reshape(memory, [images, *places, units])
        joined = tf.nn.relu(self.hidden_out(read[0]) + image)
        if dropout:
            joined = dropout(joined, recurrent.Mask.OUTPUT)
        return tf.cast(self.logits(joined), tf.float32)
