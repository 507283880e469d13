"""A caption as text, with its attention and log probability."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Caption:
    """A generated caption and where the captioner looked.

    Attributes:
      text: the words, joined by spaces.
      words: tokens of the vocabulary, without END.
      attention: float32 [words, locations], each word's weights.
      log_prob: natural log probability of the caption, END included.
    """

    text: str
    words: tuple[str, ...]
    attention: np.ndarray
    log_prob: float


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
