"""A Transformer (Vaswani et al. 2017) over the places of a grid."""

import enum
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import contract, output, ranges, sinusoids
from trainer.captioners import dropout as dropout_lib
from trainer.captioners import transformer_layers as layers


class _Mask(enum.IntEnum):
    """Numbers of an update's dropout masks; resuming a run relies on them."""

    GRID = 0
    EMBEDDING = 1
    WORDS = 2
    LAYERS = 16


class State(NamedTuple):
    """The words that were read.

    Attributes:
      count: int32 [images, hypotheses], how many.
      caches: of each decoder layer, [images, hypotheses, 2, heads, max_length,
        head units] in the compute dtype: keys and values of the words, of which
        the newest is the last.
    """

    count: tf.Tensor
    caches: tuple[tf.Tensor, ...]


class Transformer(contract.Captioner):
    """An encoder over the grid, and a decoder that attends to it.

    The norms come first in each layer (Xiong et al. 2020), so that it trains
    without a long warm-up. Positions are fixed sines, in two dimensions for
    places; see `sinusoids.grid`. Attention is that of the last layer, the mean
    over its heads.

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
        heads: int = 8,
        encoder_layers: int = 3,
        decoder_layers: int = 3,
        inner_units: int = 2048,
        max_length: int = 24,
        dropout_rate: float = 0.3,
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
          units: width of all layers and of a token's embedding.
          heads: of each attention, with `units // heads` features each.
          encoder_layers: number of layers over the grid.
          decoder_layers: number of layers over the words.
          inner_units: width inside of the feed-forward layers.
          max_length: most tokens of a caption, END included.
          dropout_rate: share of the values of embeddings, projected grid and
            every layer's output that training drops.
          word_dropout: share of the input words that training replaces by UNK,
            so that the image is needed; see `StreamDropout.words`.
          uses_image: false for the blind captioner; see the class.
          tied_embeddings: whether the output's matrix is that of the embeddings
            (Press and Wolf 2017).

        Raises:
          ValueError: a number below one, more heads than units, or a rate
            outside [0, 1).
        """
        super().__init__(name="transformer")
        self.settings: dict[str, Any] = {
            "units": units,
            "heads": heads,
            "encoder_layers": encoder_layers,
            "decoder_layers": decoder_layers,
            "inner_units": inner_units,
            "max_length": max_length,
            "dropout_rate": dropout_rate,
            "word_dropout": word_dropout,
            "uses_image": uses_image,
            "tied_embeddings": tied_embeddings,
        }
        ranges.require(self.settings)
        if heads > units:
            raise ValueError(
                f"`heads` must be at most `units`, {units}, got {heads}"
            )
        self.uses_image, self.dropout_rate = uses_image, dropout_rate
        self._word_dropout, self._max_length = word_dropout, max_length
        self._places = sinusoids.grid(locations, units)
        self._positions = sinusoids.line(max_length, units)
        self.value = layers.dense(depth, units, "value")
        self.value_norm = layers.norm(units, "value_norm")
        self.encoder = self._stack(layers.EncoderLayer, encoder_layers, 0)
        self.encoder_norm = layers.norm(units, "encoder_norm")
        self.embed = keras.layers.Embedding(
            vocabulary_size,
            units,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=units**-0.5
            ),
            name="embed",
        )
        self.embed.build([None])
        self.decoder = self._stack(
            layers.DecoderLayer, decoder_layers, encoder_layers
        )
        self.decoder_norm = layers.norm(units, "decoder_norm")
        self.logits = output.layer(
            log_unigram,
            units,
            scale=0.1,
            tied_to=self.embed if tied_embeddings else None,
        )
        self.built = True

    def _stack(
        self, layer: type[keras.layers.Layer], count: int, below: int
    ) -> list[keras.layers.Layer]:
        """Makes layers; `below` of them have masks of smaller numbers."""
        names = ("units", "heads", "inner_units")
        sizes = {name: self.settings[name] for name in names}
        kind = "encoder" if layer is layers.EncoderLayer else "decoder"
        stack = [
            layer(
                **sizes,
                first_mask=_Mask.LAYERS + layers.MASKS * (below + number),
                name=f"{kind}_{number}",
            )
            for number in range(count)
        ]
        # A checkpoint holds no weights of layers that stand in a list alone.
        for each in stack:
            setattr(self, each.name, each)
        return stack

    def remember(
        self,
        grid: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tuple[tf.Tensor, tf.Tensor], ...]:
        """Encodes the grid.

        Args:
          grid: [images, locations, depth], any float dtype.
          dropout: draws the masks of training; None outside training.

        Returns:
          Keys and values of each decoder layer, [images, heads, locations, head
          units].
        """
        grid = tf.cast(grid, self.compute_dtype)
        if not self.uses_image:
            grid = tf.zeros_like(grid)
        places = self.value_norm(self.value(grid))
        places += tf.cast(self._places, places.dtype)
        if dropout:
            places = dropout(places, _Mask.GRID)
        for layer in self.encoder:
            places = layer(places, dropout=dropout)
        places = self.encoder_norm(places)
        return tuple(layer.look.remember(places) for layer in self.decoder)

    def initial_state(self, memory: contract.Memory, hypotheses: int) -> State:
        """The state that has read nothing."""
        images, heads, _, width = memory[0][0].shape
        shape = [images, hypotheses, 2, heads, self._max_length, width]
        cache = tf.zeros(shape, self.compute_dtype)
        count = tf.zeros([images, hypotheses], tf.int32)
        return State(count, (cache,) * len(self.decoder))

    def step(
        self, memory: contract.Memory, state: State, tokens: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, State]:
        """Reads one token of each hypothesis and predicts the next.

        After `max_length` tokens, the first ones are forgotten.

        Args:
          memory: what `remember` returned.
          state: from `initial_state` or from the step before.
          tokens: int32 [images, hypotheses].

        Returns:
          The next token's logits, float32 [images, hypotheses, vocabulary];
          attention, float32 [images, hypotheses, locations]; the new state.
        """
        last = self._max_length - 1
        position = tf.gather(self._positions, tf.minimum(state.count, last))
        words = self._embedded(tokens, position)
        read = state.count[..., None, None, None] + 1
        hidden = tf.range(self._max_length) < self._max_length - read
        caches = []
        for layer, places, cache in zip(
            self.decoder, memory, state.caches, strict=True
        ):
            words, looks, cache = layer.extend(words, places, cache, hidden)
            caches.append(cache)
        return (
            self._predict(words),
            looks,
            State(state.count + 1, tuple(caches)),
        )

    def call(
        self,
        grid: tf.Tensor,
        tokens: tf.Tensor,
        dropout: dropout_lib.StreamDropout | None = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """See `contract.Captioner`; all words are read at once.

        Raises:
          ValueError: captions of more than `max_length` tokens.
        """
        length = tokens.shape[2]
        if length > self._max_length:
            raise ValueError(
                f"`max_length` must be at least the {length} tokens of a "
                f"caption, got {self._max_length}"
            )
        if dropout:
            tokens = dropout.words(tokens, self._word_dropout, _Mask.WORDS)
        words = self._embedded(tokens, self._positions[:length])
        if dropout:
            words = dropout(words, _Mask.EMBEDDING)
        memory = self.remember(grid, dropout)
        for layer, places in zip(self.decoder, memory, strict=True):
            words, looks = layer(words, places, dropout=dropout)
        return self._predict(words), looks

    def _embedded(self, tokens: tf.Tensor, positions: Any) -> tf.Tensor:
        """Embeds tokens, as large as their positions are."""
        words = self.embed(tokens) * self.settings["units"] ** 0.5
        return words + tf.cast(positions, words.dtype)

    def _predict(self, words: tf.Tensor) -> tf.Tensor:
        return tf.cast(self.logits(self.decoder_norm(words)), tf.float32)
