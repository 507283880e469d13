"""A caption as text, with its attention and log probability."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Caption:
    """A generated caption and where the captioner looked.

    Attributes:
      text: words joined by blanks.
      words: as the vocabulary has them, END left out.
      attention: float32 [words, locations].
      log_prob: of the whole caption, END included.
    """

    text: str
    words: tuple[str, ...]
    attention: np.ndarray
    log_prob: float


@dataclasses.dataclass(frozen=True)
class CaptionedExample:
    """A generated caption beside what people said.

    Attributes:
      image_id: of the record.
      thumbnail: a JPEG, or empty.
      references: the captions of the record.
      caption: what was generated.
    """

    image_id: str
    thumbnail: bytes
    references: list[str]
    caption: Caption
