"""A caption as text, with its attention and log probability."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

# A sound captioner's captions gain ten times as much; those of a collapsed one
# less than a tenth of it.
LITTLE_GAIN = 0.1


class Candidate(NamedTuple):
    """One of the n best captions of an image.

    Attributes:
      text: the words, joined by spaces.
      log_prob: natural log probability of the caption, END included.
    """

    text: str
    log_prob: float

    def to_json(self) -> dict[str, Any]:
        """Returns it as rows of captions have it."""
        return {"caption": self.text, "log_prob": round(self.log_prob, 4)}


@dataclasses.dataclass(frozen=True)
class Caption:
    """A generated caption and where the captioner looked.

    Attributes:
      text: the words, joined by spaces.
      words: tokens of the vocabulary, without END.
      attention: float32 [words, locations], each word's weights.
      log_prob: natural log probability of the caption, END included.
      image_gain: how much likelier it is with its image than with others, in
        nats per token; None where there are no others. See `ImageGain`.
      n_best: what the decoder returned, the best first, this caption at its
        head; one where it was asked for no more.
    """

    text: str
    words: tuple[str, ...]
    attention: np.ndarray
    log_prob: float
    image_gain: float | None = None
    n_best: tuple[Candidate, ...] = ()


@dataclasses.dataclass(frozen=True)
class CaptionedExample:
    """A generated caption beside the captions that people wrote.

    Attributes:
      image_id: the record's id.
      thumbnail: bytes of a JPEG file; empty if the record has none.
      references: the record's captions.
      caption: the generated caption.
    """

    image_id: str
    thumbnail: bytes
    references: list[str]
    caption: Caption


def owes_nothing(image_gain: float | None) -> bool:
    """Whether a caption is about as likely with other images.

    Args:
      image_gain: see `Caption`; of None, nothing is said.
    """
    return image_gain is not None and image_gain < LITTLE_GAIN
