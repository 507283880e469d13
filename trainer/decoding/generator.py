"""A captioner, a vocabulary and a decoder: grids -> captions."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.captioners import show_attend_tell
from trainer.data import split_images
from trainer.decoding import beam, greedy, step
from trainer.decoding import caption as caption_lib


@dataclasses.dataclass(frozen=True)
class Search:
    """How captions are searched for.

    Attributes:
      beams: hypotheses kept; 1 is greedy.
      max_length: tokens at most, END included.
      length_power: of the length penalty; see `scores.length_penalty`.
      batch_images: rows decoded at once.

    Raises:
      ValueError: a number out of range.
    """

    beams: int = 3
    max_length: int = 24
    length_power: float = 0.7
    batch_images: int = 32

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        for name in ("beams", "max_length", "batch_images"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be positive, got {getattr(self, name)}"
                )
        if self.length_power < 0:
            raise ValueError(
                f"`length_power` must not be negative, got {self.length_power}"
            )


class CaptionGenerator:
    """Decodes grids with a compiled program for each shape of the batch."""

    def __init__(
        self,
        captioner: show_attend_tell.ShowAttendTell,
        vocabulary: vocabulary_lib.Vocabulary,
        search: Search,
    ):
        """Takes finished objects."""
        self._captioner, self._vocabulary = captioner, vocabulary
        self.search = search

    @tf.function
    def decode(self, grid: tf.Tensor) -> step.Decoded:
        """Grid [images, locations, depth] -> `step.Decoded`."""
        search, model = self.search, self._captioner
        images, locations = grid.shape[0], grid.shape[1]
        memory = model.remember(grid)
        state = model.initial_state(memory, search.beams)

        def next_token(
            tokens: tf.Tensor, state: show_attend_tell.State
        ) -> tuple[tf.Tensor, tf.Tensor, show_attend_tell.State]:
            return model.step(memory, state, tokens)

        if search.beams == 1:
            return greedy.greedy(
                next_token,
                state,
                images=images,
                locations=locations,
                max_length=search.max_length,
            )
        return beam.beam_search(
            next_token,
            state,
            images=images,
            beams=search.beams,
            locations=locations,
            max_length=search.max_length,
            length_power=search.length_power,
        )

    def captions(
        self, grid: tf.Tensor, count: int
    ) -> list[caption_lib.Caption]:
        """Captions of the first `count` rows."""
        decoded = self.decode(grid)
        tokens = decoded.tokens.numpy()
        attention = decoded.attention.numpy()
        log_probs = decoded.log_probs.numpy()
        return [
            self._caption(tokens[row], attention[row], log_probs[row])
            for row in range(count)
        ]

    def _caption(
        self, tokens: np.ndarray, attention: np.ndarray, log_prob: float
    ) -> caption_lib.Caption:
        text = self._vocabulary.decode(tokens)
        words = tuple(text.split())
        return caption_lib.Caption(
            text, words, attention[: len(words)], float(log_prob)
        )


def caption_split(
    generator: CaptionGenerator,
    record_set: record_set_lib.RecordSet,
    split: str,
    *,
    limit: int | None = None,
) -> Iterator[caption_lib.CaptionedExample]:
    """Captions each image of a split once.

    Raises:
      RecordSetError: no such split.
    """
    batches = split_images.batches(
        record_set,
        split,
        batch_images=generator.search.batch_images,
        limit=limit,
    )
    for batch in batches:
        captions = generator.captions(batch.grid, len(batch.image_ids))
        for row, caption in enumerate(captions):
            yield caption_lib.CaptionedExample(
                batch.image_ids[row],
                batch.thumbnails[row],
                batch.captions[row],
                caption,
            )
