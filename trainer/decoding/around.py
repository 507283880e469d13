"""A decoder around another: what it does not do itself, the other does."""

import dataclasses
from collections.abc import Iterator
from typing import Self

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.decoding import step


@dataclasses.dataclass(frozen=True)
class Around:
    """A decoder around another, which searches.

    Attributes:
      search: the other.
    """

    search: step.Decoder

    @property
    def hypotheses(self) -> int:
        """Those of the search."""
        return self.search.hypotheses

    @property
    def batch_images(self) -> int:
        """That of the search."""
        return self.search.batch_images

    def knowing(self, vocabulary: vocabulary_lib.Vocabulary) -> Self:
        """See `step.NamesWords`."""
        known = step.knowing(self.search, vocabulary)
        return dataclasses.replace(self, search=known)

    def drawing(self, keys: tf.Tensor) -> step.Search:
        """See `step.Draws`."""
        return step.drawing(self.search, keys)

    def __call__(
        self,
        next_token: step.NextToken,
        state: step.State,
        *,
        images: int,
        locations: int,
    ) -> step.Decoded:
        """See `step.Decoder`."""
        return self.search(
            next_token, state, images=images, locations=locations
        )


def innermost(decoder: step.Decoder) -> step.Decoder:
    """The decoder that searches, whatever is around it."""
    *_, inner = layers(decoder)
    return inner


def layers(decoder: step.Decoder) -> Iterator[step.Decoder]:
    """Yields a decoder, and those inside it from the outermost on."""
    yield decoder
    if isinstance(decoder, Around):
        yield from layers(decoder.search)
