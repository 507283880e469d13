"""What a decoder is: the step function that it calls, and what it returns.

A decoder knows no captioner: it calls `next_token(tokens, state)`. All shapes
are static, so that it compiles for an accelerator.

To add a decoder: a file here, its constructor in `configurable.py`, a gin file.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib

State = Any
NextToken = Callable[[tf.Tensor, State], tuple[tf.Tensor, tf.Tensor, State]]
"""(tokens int32 [images, hypotheses], state) -> logits float32 [images,
hypotheses, vocabulary], attention float32 [images, hypotheses, locations],
the new state: a nest of [images, hypotheses, ...]."""


class Decoded(NamedTuple):
    """The n best captions of each image, the best first.

    Attributes:
      tokens: int32 [images, n, length]; END and then PAD follow the last word.
      attention: float32 [images, n, length, locations], where the captioner
        looked before each token; zero after END.
      log_probs: float32 [images, n], natural log probability of each caption,
        END included; below `scores.NEVER / 2` where there are fewer than n.
    """

    tokens: tf.Tensor
    attention: tf.Tensor
    log_probs: tf.Tensor

    def ordered(self, order: tf.Tensor) -> "Decoded":
        """Returns the captions in another order, int32 [images, n]."""
        return Decoded(
            *(tf.gather(part, order, axis=1, batch_dims=1) for part in self)
        )


@runtime_checkable
class Decoder(Protocol):
    """Settings of a search, and one call that searches with a step function.

    Attributes:
      hypotheses: number of hypotheses of each image in the first state.
      batch_images: number of images to decode at once.
      settings: the settings that decide the captions, as JSON values; they are
        part of a run's identity.
      description: name for people, such as `beam search, 3 beams`.
    """

    @property
    def hypotheses(self) -> int:
        """See the class."""

    @property
    def batch_images(self) -> int:
        """See the class."""

    @property
    def settings(self) -> dict[str, Any]:
        """See the class."""

    @property
    def description(self) -> str:
        """See the class."""

    def __call__(
        self,
        next_token: NextToken,
        state: State,
        *,
        images: int,
        locations: int,
    ) -> Decoded:
        """Decodes in the graph.

        Args:
          next_token: see `NextToken`; called with `hypotheses` per image.
          state: a nest of [images, hypotheses, ...]; an image's hypotheses are
            all the same.
          images: number of images.
          locations: number of locations that attention weighs.
        """


@runtime_checkable
class NamesWords(Protocol):
    """A decoder whose settings name words of the vocabulary."""

    def knowing(self, vocabulary: vocabulary_lib.Vocabulary) -> Decoder:
        """Returns the decoder with these words as tokens.

        Raises:
          ValueError: the vocabulary lacks a word that captions must have.
        """


Search = Callable[..., Decoded]
"""What `Decoder.__call__` takes and gives."""


@runtime_checkable
class Draws(Protocol):
    """A decoder that draws words at random."""

    def drawing(self, keys: tf.Tensor) -> Search:
        """Returns the search with which an image's draws depend on its key.

        Args:
          keys: int32 [images]; the same for the same image in any batch.
        """


def knowing(decoder: Decoder, vocabulary: vocabulary_lib.Vocabulary) -> Decoder:
    """Returns a decoder with the words that it names as tokens, if any."""
    if isinstance(decoder, NamesWords):
        return decoder.knowing(vocabulary)
    return decoder


def drawing(decoder: Decoder, keys: tf.Tensor) -> Search:
    """Returns a decoder's search; see `Draws` for one that draws."""
    return decoder.drawing(keys) if isinstance(decoder, Draws) else decoder


def require_positive(settings: object, *names: str) -> None:
    """Checks that settings of a decoder are positive.

    Raises:
      ValueError: one of the named attributes is below one.
    """
    for name in names:
        if getattr(settings, name) < 1:
            raise ValueError(
                f"`{name}` must be positive, got {getattr(settings, name)}"
            )


def require_not_negative(settings: object, *names: str) -> None:
    """Checks that settings of a decoder are not negative.

    Raises:
      ValueError: one of the named attributes is below zero.
    """
    for name in names:
        if getattr(settings, name) < 0:
            raise ValueError(
                f"`{name}` must not be negative, got {getattr(settings, name)}"
            )


def put(
    values: tf.Tensor, new: tf.Tensor, place: tf.Tensor, axis: int = 1
) -> tf.Tensor:
    """Sets values[:, place] = new, or along a later axis.

    Args:
      values: [rows, length, ...]; with `axis` 2, [rows, n, length, ...].
      new: as `values` without that axis.
      place: int32 [].
      axis: of the length.
    """
    here = tf.one_hot(place, values.shape[axis], on_value=True, off_value=False)
    after = values.shape.rank - axis - 1
    here = tf.reshape(here, [*[1] * axis, -1, *[1] * after])
    return tf.where(here, tf.expand_dims(new, axis), values)
