"""The step function that decoders call, and what a decoder is.

Decoding knows no captioner: it calls `next_token(tokens, state)`. All shapes
are static, so that a decoder compiles for an accelerator.

To add a decoder: a file here, its constructor in `configurable.py`, a gin file.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import tensorflow as tf

State = Any
NextToken = Callable[[tf.Tensor, State], tuple[tf.Tensor, tf.Tensor, State]]
"""(tokens int32 [images, hypotheses], state) -> logits float32 [images,
hypotheses, vocabulary], attention float32 [images, hypotheses, locations],
the new state: a nest of [images, hypotheses, ...]."""


class Decoded(NamedTuple):
    """The best caption of each image.

    Attributes:
      tokens: int32 [images, length]; END, then PAD, behind the last word.
      attention: float32 [images, length, locations]: where the captioner
        looked before each token; zero behind END.
      log_probs: float32 [images], of the caption with its END.
    """

    tokens: tf.Tensor
    attention: tf.Tensor
    log_probs: tf.Tensor


class Decoder(Protocol):
    """Settings, and one call over a step function.

    Attributes:
      hypotheses: of each image, that the first state must hold.
      batch_images: images to decode at once.
      settings: what decides the captions, as JSON values; a run keeps to them.
      description: for people, such as `beam search, 3 beams`.
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
          next_token: see `NextToken`; called with `hypotheses` a row.
          state: a nest of [images, hypotheses, ...], all hypotheses alike.
          images: rows.
          locations: of the attention.
        """


def require_positive(settings: object, *names: str) -> None:
    """Checks settings of a decoder.

    Raises:
      ValueError: one of the named attributes is below one.
    """
    for name in names:
        if getattr(settings, name) < 1:
            raise ValueError(
                f"`{name}` must be positive, got {getattr(settings, name)}"
            )


def put(values: tf.Tensor, new: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Sets values[:, place] = new.

    Args:
      values: [rows, length, ...].
      new: [rows, ...].
      place: int32 [].
    """
    here = tf.one_hot(place, values.shape[1], on_value=True, off_value=False)
    here = tf.reshape(here, [1, -1, *[1] * (values.shape.rank - 2)])
    return tf.where(here, new[:, None], values)
