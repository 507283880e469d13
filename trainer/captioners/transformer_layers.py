"""The layers of a Transformer whose norms come first (Xiong et al. 2020).

All heads are computed in one product. Softmax and norms are in float32 whatever
the dtype policy.
"""

import keras
import tensorflow as tf

from trainer.captioners import dropout as dropout_lib

Dropout = dropout_lib.StreamDropout | None
# Masks that a layer may draw: it numbers them from its `first_mask`.
MASKS = 3
# Added to the scores of what must not be seen.
NEVER = -1e9


def attend(
    query: tf.Tensor,
    keys: tf.Tensor,
    values: tf.Tensor,
    hidden: tf.Tensor | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Attends with all heads (Vaswani et al. 2017, equation 1).

    Args:
      query: [..., heads, queries, head units].
      keys: [..., heads, places, head units].
      values: [..., heads, places, head units].
      hidden: bool, broadcasts to [..., heads, queries, places]: what must not
        be seen; None for nothing.

    Returns:
      [..., queries, heads * head units], and the weights, float32 [..., heads,
      queries, places].
    """
    scores = tf.matmul(query, keys, transpose_b=True)
    scores = tf.cast(scores, tf.float32) * query.shape[-1] ** -0.5
    if hidden is not None:
        scores += tf.where(hidden, NEVER, 0.0)
    weights = tf.nn.softmax(scores)
    return join(tf.matmul(tf.cast(weights, values.dtype), values)), weights


def split(features: tf.Tensor, parts: int, heads: int) -> list[tf.Tensor]:
    """Splits features into parts, and each into heads.

    Args:
      features: [..., places, parts * heads * head units].
      parts: number of parts, such as query, keys and values.
      heads: number of heads.

    Returns:
      `parts` tensors [..., heads, places, head units].
    """
    *rest, places, width = keras.ops.shape(features)
    shape = [*rest, places, parts, heads, width // parts // heads]
    apart = tf.reshape(features, shape)
    front = list(range(len(rest)))
    n = len(rest)
    order = [n + 1, *front, n + 2, n, n + 3]
    return tf.unstack(tf.transpose(apart, order))


def join(features: tf.Tensor) -> tf.Tensor:
    """[..., heads, places, head units] -> [..., places, heads * head units]."""
    *rest, heads, places, width = keras.ops.shape(features)
    n = len(rest)
    turned = tf.transpose(features, [*range(n), n + 1, n, n + 2])
    return tf.reshape(turned, [*rest, places, heads * width])


def dense(inputs: int, outputs: int, name: str) -> keras.layers.Dense:
    """A dense layer, built."""
    layer = keras.layers.Dense(outputs, name=name)
    layer.build([None, inputs])
    return layer


def norm(units: int, name: str) -> keras.layers.LayerNormalization:
    """A layer norm, built."""
    layer = keras.layers.LayerNormalization(epsilon=1e-5, name=name)
    layer.build([None, units])
    return layer


class FeedForward(keras.layers.Layer):
    """Two dense layers, applied to each place by itself, and a residual."""

    def __init__(self, units: int, inner_units: int, mask: int, name: str):
        """Makes every weight; `mask` is the number of its dropout mask."""
        super().__init__(name=name)
        self.norm = norm(units, "norm")
        self.inner = dense(units, inner_units, "inner")
        self.out = dense(inner_units, units, "out")
        self._mask = mask
        self.built = True

    def call(self, features: tf.Tensor, dropout: Dropout = None) -> tf.Tensor:
        """Keeps the shape, [..., units]."""
        new = self.out(tf.nn.relu(self.inner(self.norm(features))))
        return features + (dropout(new, self._mask) if dropout else new)


class SelfAttention(keras.layers.Layer):
    """Attention among the places of a grid, or the words of a caption."""

    def __init__(self, units: int, heads: int, mask: int, name: str):
        """Makes every weight; `mask` is the number of its dropout mask."""
        super().__init__(name=name)
        width = heads * (units // heads)
        self.norm = norm(units, "norm")
        self.read = dense(units, 3 * width, "read")
        self.out = dense(width, units, "out")
        self.heads, self._mask = heads, mask
        self.built = True

    def call(
        self,
        features: tf.Tensor,
        causal: bool = False,
        dropout: Dropout = None,
    ) -> tf.Tensor:
        """Attends, [..., places, units] -> the same shape.

        Args:
          features: of all places.
          causal: whether a place sees itself and those before alone.
          dropout: draws the masks of training; None outside training.
        """
        hidden = None
        if causal:
            places = tf.range(features.shape[-2])
            hidden = places[None] > places[:, None]
        read = self.read(self.norm(features))
        query, keys, values = split(read, 3, self.heads)
        new = self.out(attend(query, keys, values, hidden)[0])
        return features + (dropout(new, self._mask) if dropout else new)

    def extend(
        self, features: tf.Tensor, cache: tf.Tensor, hidden: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Attends from the newest word of each hypothesis.

        Args:
          features: [images, hypotheses, units], of the newest word.
          cache: [images, hypotheses, 2, heads, words, head units], keys and
            values of the words before; the newest is the last.
          hidden: bool [images, hypotheses, 1, 1, words], which places of the
            new cache hold no word.

        Returns:
          [images, hypotheses, units], and the cache with the newest word.
        """
        read = self.read(self.norm(features))[:, :, None]
        query, keys, values = split(read, 3, self.heads)
        newest = tf.stack([keys, values], axis=2)
        cache = tf.concat([cache[..., 1:, :], newest], axis=-2)
        new, _ = attend(query, cache[:, :, 0], cache[:, :, 1], hidden)
        return features + self.out(new)[:, :, 0], cache


class CrossAttention(keras.layers.Layer):
    """Attention from words to the places of their image."""

    def __init__(self, units: int, heads: int, mask: int, name: str):
        """Makes every weight; `mask` is the number of its dropout mask."""
        super().__init__(name=name)
        width = heads * (units // heads)
        self.norm = norm(units, "norm")
        self.query = dense(units, width, "query")
        self.places = dense(units, 2 * width, "places")
        self.out = dense(width, units, "out")
        self.heads, self._mask = heads, mask
        self.built = True

    def remember(self, places: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Keys and values, once per image.

        Args:
          places: [images, locations, units].

        Returns:
          Two tensors [images, heads, locations, head units].
        """
        return tuple(split(self.places(places), 2, self.heads))

    def call(
        self,
        features: tf.Tensor,
        memory: tuple[tf.Tensor, tf.Tensor],
        dropout: Dropout = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Attends from all words of an image's captions in one product.

        Args:
          features: [images, captions, ..., units].
          memory: what `remember` returned.
          dropout: draws the masks of training; None outside training.

        Returns:
          The shape of `features`, and weights, float32 [images, captions, ...,
          locations], the mean over the heads.
        """
        keys, values = memory
        images, *words, _ = shape = keras.ops.shape(features)
        query = self.query(self.norm(features))
        query = tf.reshape(query, [images, -1, query.shape[-1]])
        (query,) = split(query, 1, self.heads)
        new, weights = attend(query, keys, values)
        new = tf.reshape(self.out(new), shape)
        looks = tf.reshape(
            tf.reduce_mean(weights, axis=1), [images, *words, keys.shape[2]]
        )
        return features + (dropout(new, self._mask) if dropout else new), looks


class EncoderLayer(keras.layers.Layer):
    """Self-attention among the places, and a feed-forward layer."""

    def __init__(
        self,
        units: int,
        heads: int,
        inner_units: int,
        first_mask: int,
        name: str,
    ):
        """Makes every weight; masks are numbered from `first_mask`."""
        super().__init__(name=name)
        self.mix = SelfAttention(units, heads, first_mask, "mix")
        self.feed = FeedForward(units, inner_units, first_mask + 1, "feed")
        self.built = True

    def call(self, places: tf.Tensor, dropout: Dropout = None) -> tf.Tensor:
        """Keeps the shape, [images, locations, units]."""
        return self.feed(self.mix(places, dropout=dropout), dropout=dropout)


class DecoderLayer(keras.layers.Layer):
    """Self-attention among words, attention to places, and a feed-forward."""

    def __init__(
        self,
        units: int,
        heads: int,
        inner_units: int,
        first_mask: int,
        name: str,
    ):
        """Makes every weight; masks are numbered from `first_mask`."""
        super().__init__(name=name)
        self.mix = SelfAttention(units, heads, first_mask, "mix")
        self.look = CrossAttention(units, heads, first_mask + 1, "look")
        self.feed = FeedForward(units, inner_units, first_mask + 2, "feed")
        self.built = True

    def call(
        self,
        words: tf.Tensor,
        memory: tuple[tf.Tensor, tf.Tensor],
        dropout: Dropout = None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Reads whole captions.

        Args:
          words: [images, captions, length, units].
          memory: of `look.remember`.
          dropout: draws the masks of training; None outside training.

        Returns:
          The shape of `words`, and where each looked, float32 [images,
          captions, length, locations].
        """
        words = self.mix(words, causal=True, dropout=dropout)
        words, looks = self.look(words, memory, dropout=dropout)
        return self.feed(words, dropout=dropout), looks

    def extend(
        self,
        words: tf.Tensor,
        memory: tuple[tf.Tensor, tf.Tensor],
        cache: tf.Tensor,
        hidden: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Reads one word more; see `SelfAttention.extend`.

        Returns:
          Features and looks of the word, and the new cache.
        """
        words, cache = self.mix.extend(words, cache, hidden)
        words, looks = self.look(words, memory)
        return self.feed(words), looks, cache
