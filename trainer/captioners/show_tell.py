"""Show and Tell (Vinyals et al. 2015): the image is the first word."""

import numpy as np
import tensorflow as tf

from trainer.captioners import dropout as dropout_lib
from trainer.captioners import lstm, output, recurrent


class ShowTell(recurrent.WordReader):
    """An LSTM that reads the mean of the grid as if it were a word.

    The image is read once, before the first word, and has to be kept in the
    LSTM's state from there on. There is no attention.

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
        embedding_units: int = 512,
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
          units: width of the LSTM.
          embedding_units: width of a token's embedding, and of the image's.
          dropout_rate: share of the values of embeddings and output that
            training drops.
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
            "show_tell",
            settings,
            vocabulary_size=vocabulary_size,
            depth=depth,
            image_units=embedding_units,
        )
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
    ) -> tf.Tensor:
        """Embeds the image among the words, [images, embedding units]."""
        return self._vector(grid, dropout)

    def initial_state(self, memory: tf.Tensor, hypotheses: int) -> lstm.State:
        """The state of an LSTM that has read the image."""
        units, images = self.settings["units"], memory.shape[0]
        empty = lstm.empty(images, 1, units, self.compute_dtype)
        state = lstm.advance(self.word_in(memory)[:, None], empty)
        return lstm.State(
            *(tf.repeat(part, hypotheses, axis=1) for part in state)
        )

    def _predict(
        self,
        memory: tf.Tensor,
        words: tf.Tensor,
        read: tuple[tf.Tensor],
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes float32 logits from the LSTM's output alone."""
        hidden = read[0]
        if dropout:
            hidden = dropout(hidden, recurrent.Mask.OUTPUT)
        return tf.cast(self.logits(hidden), tf.float32)
