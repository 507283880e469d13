"""What captioners share that read their words one after the other."""

import abc
import enum
from typing import Any

import keras
import tensorflow as tf

from trainer.captioners import contract, lstm, ranges
from trainer.captioners import dropout as dropout_lib


class Mask(enum.IntEnum):
    """Numbers of an update's dropout masks; resuming a run relies on them."""

    GRID = 0
    OUTPUT = 1
    EMBEDDING = 2
    WORDS = 3


class Recurrent(contract.Captioner, abc.ABC):
    """A captioner whose state is that of LSTMs.

    Attributes:
      embed: tokens -> embeddings; a subclass makes it.
      word_in: embeddings -> what the gates of an LSTM get of a word; a subclass
        makes it.
    """

    embed: keras.layers.Embedding
    word_in: keras.layers.Dense

    def __init__(self, name: str, settings: dict[str, Any]):
        """Keeps the settings.

        Args:
          name: of the model.
          settings: with `dropout_rate`, `word_dropout` and `uses_image`.

        Raises:
          ValueError: a width below one or a rate outside [0, 1).
        """
        super().__init__(name=name)
        self.settings = settings
        ranges.require(settings)
        self.uses_image = settings["uses_image"]
        self.dropout_rate = settings["dropout_rate"]
        self._word_dropout = settings["word_dropout"]

    def _seen(self, grid: tf.Tensor) -> tf.Tensor:
        """The grid in the compute dtype; zeros if the captioner is blind."""
        grid = tf.cast(grid, self.compute_dtype)
        return grid if self.uses_image else tf.zeros_like(grid)

    @abc.abstractmethod
    def _advance(
        self, memory: contract.Memory, state: contract.State, word_in: tf.Tensor
    ) -> tuple[contract.State, tuple[tf.Tensor, ...], tf.Tensor | None]:
        """Reads one word of each hypothesis.

        Args:
          memory: what `remember` returned.
          state: before.
          word_in: [images, hypotheses, ...], what `word_in` gives of the word.

        Returns:
          The state; what `_predict` reads of it, [images, hypotheses, ...]
          each; attention, float32 [images, hypotheses, locations], or None.
        """

    @abc.abstractmethod
    def _predict(
        self,
        memory: contract.Memory,
        words: tf.Tensor,
        read: tuple[tf.Tensor, ...],
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tf.Tensor:
        """Computes the logits of one word, or of all words of a caption.

        Args:
          memory: what `remember` returned.
          words: [images, hypotheses, ..., embedding units].
          read: what `_advance` returned, [images, hypotheses, ..., units] each.
          dropout: draws the masks of training; None outside training.

        Returns:
          float32 [images, hypotheses, ..., vocabulary].
        """

    def call(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """See `contract.Captioner`."""
        memory = self.remember(grid, dropout)
        state = self.initial_state(memory, tokens.shape[1])
        words = self._embedded(tokens, dropout)
        reads, looks = [], []
        # The words' part of the gates needs no recurrence: one product for all.
        for word_in in tf.unstack(self.word_in(words), axis=2):
            state, read, weights = self._advance(memory, state, word_in)
            reads.append(read)
            looks.append(weights)
        read = tuple(tf.stack(each, 2) for each in zip(*reads, strict=True))
        logits = self._predict(memory, words, read, dropout)
        return logits, None if looks[0] is None else tf.stack(looks, 2)

    def _embedded(
        self, tokens: tf.Tensor, dropout: dropout_lib.StreamDropout | None
    ) -> tf.Tensor:
        """Words of captions, [images, captions, length, embedding units]."""
        if not dropout:
            return self.embed(tokens)
        read = dropout.words(tokens, self._word_dropout, Mask.WORDS)
        return dropout(self.embed(read), Mask.EMBEDDING)

    def step(
        self, memory: contract.Memory, state: contract.State, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None, contract.State]:
        """See `contract.Captioner`."""
        words = self.embed(tokens)
        state, read, weights = self._advance(memory, state, self.word_in(words))
        return self._predict(memory, words, read), weights, state


class MeanImage(keras.layers.Layer):
    """The mean of a grid, projected and normalised.

    Without the norm, images of an encoder with large features would fill the
    gates, and those of one with small features would not be read.
    """

    def __init__(self, units: int, name: str):
        """Projects to `units` features."""
        super().__init__(name=name)
        self.project = keras.layers.Dense(units, name="project")
        self.norm = keras.layers.LayerNormalization(name="norm")

    def build(self, depth: int) -> None:
        """Makes the weights, for grids of `depth` features."""
        self.project.build([None, depth])
        self.norm.build([None, self.project.units])
        self.built = True

    def call(self, grid: tf.Tensor) -> tf.Tensor:
        """[images, locations, depth] -> [images, units]."""
        return self.norm(self.project(tf.reduce_mean(grid, axis=1)))


class WordReader(Recurrent):
    """An LSTM that reads words, beside one vector of the image.

    Attributes:
      image: the mean of a grid -> its vector.
      hidden_in: what the gates get of the LSTM's own output.
    """

    def __init__(
        self,
        name: str,
        settings: dict[str, Any],
        *,
        vocabulary_size: int,
        depth: int,
        image_units: int,
    ):
        """Makes the weights that read words and image.

        Args:
          name: of the model.
          settings: with `units`, `embedding_units` and those of `Recurrent`.
          vocabulary_size: number of tokens, special ones included.
          depth: number of features of a location.
          image_units: features of the image's vector.
        """
        super().__init__(name, settings)
        units, words = settings["units"], settings["embedding_units"]
        self.image = MeanImage(image_units, name="image")
        self.image.build(depth)
        self.embed = embeddings(vocabulary_size, words)
        self.word_in = keras.layers.Dense(4 * units, name="word_in")
        self.word_in.build([None, words])
        self.hidden_in = lstm.recurrence(units, name="hidden_in")

    def _vector(
        self, grid: tf.Tensor, dropout: dropout_lib.StreamDropout | None
    ) -> tf.Tensor:
        """The image's vector, [images, image units]."""
        image = self.image(self._seen(grid))
        return dropout(image, Mask.GRID) if dropout else image

    def _advance(
        self, memory: tf.Tensor, state: lstm.State, word_in: tf.Tensor
    ) -> tuple[lstm.State, tuple[tf.Tensor], None]:
        """Reads one word."""
        state = lstm.advance(word_in + self.hidden_in(state.hidden), state)
        return state, (state.hidden,), None


def embeddings(vocabulary_size: int, units: int) -> keras.layers.Embedding:
    """The layer from tokens to embeddings, built."""
    layer = keras.layers.Embedding(vocabulary_size, units, name="embed")
    layer.build([None])
    return layer
