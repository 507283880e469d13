"""A captioner, a vocabulary and a decoder: grids -> captions."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.captioners import contract
from trainer.data import split_images
from trainer.decoding import caption as caption_lib
from trainer.decoding import image_gain, scores, step


class CaptionGenerator:
    """Captions grids, with one compiled program for each shape of a batch."""

    def __init__(
        self,
        captioner: contract.Captioner,
        vocabulary: vocabulary_lib.Vocabulary,
        decoder: step.Decoder,
        others: np.ndarray | None = None,
    ):
        """Combines a captioner, its vocabulary and a decoder.

        Args:
          captioner: trained, or in training.
          vocabulary: its words.
          decoder: searches for captions.
          others: grids of images to compare each image with, [others,
            locations, depth]; None for captions without `image_gain`.
        """
        self._captioner, self._vocabulary = captioner, vocabulary
        self.decoder = decoder
        self._search = (
            decoder.knowing(vocabulary)
            if isinstance(decoder, step.NamesWords)
            else decoder
        )
        self._gain = (
            image_gain.ImageGain(captioner, others)
            if others is not None
            else None
        )

    @tf.function
    def decode(self, grid: tf.Tensor) -> step.Decoded:
        """Decodes a grid [images, locations, depth] of any float dtype."""
        images, locations = grid.shape[0], grid.shape[1]
        hypotheses, model = self.decoder.hypotheses, self._captioner
        memory = model.remember(grid)

        def next_token(
            tokens: tf.Tensor, state: contract.State
        ) -> tuple[tf.Tensor, tf.Tensor, contract.State]:
            logits, attention, state = model.step(memory, state, tokens)
            if attention is None:
                attention = tf.zeros([images, hypotheses, locations])
            return logits, attention, state

        state = model.initial_state(memory, hypotheses)
        search: step.Search = self._search
        if isinstance(self._search, step.Draws):
            search = self._search.drawing(image_keys(grid))
        return search(next_token, state, images=images, locations=locations)

    def captions(
        self, grid: tf.Tensor, count: int
    ) -> list[caption_lib.Caption]:
        """Captions the first `count` images of a grid.

        Args:
          grid: [images, locations, depth], any float dtype.
          count: number of captions; the images after it fill up the batch.
        """
        decoded = self.decode(grid)
        gains = self._gain(decoded) if self._gain else None
        rows = step.Decoded(*(np.asarray(part) for part in decoded))
        return [
            self._caption(
                step.Decoded(*(part[row] for part in rows)),
                float(gains[row]) if gains is not None else None,
            )
            for row in range(count)
        ]

    def _caption(
        self, decoded: step.Decoded, gain: float | None
    ) -> caption_lib.Caption:
        """Makes a caption of one image's part of what was decoded."""
        found = [
            caption_lib.Candidate(self._vocabulary.decode(tokens), float(each))
            for tokens, each in zip(
                decoded.tokens, decoded.log_probs, strict=True
            )
        ]
        text, log_prob = found[0]
        words = tuple(text.split())
        return caption_lib.Caption(
            text,
            words,
            decoded.attention[0][: len(words)],
            log_prob,
            gain,
            n_best=tuple(
                each
                for place, each in enumerate(found)
                if place == 0 or each.log_prob > scores.NEVER / 2
            ),
        )


def image_keys(grid: tf.Tensor) -> tf.Tensor:
    """A number of each image that depends on its grid alone, int32 [images].

    Whole numbers add up to the same in any order, so that it does not depend
    on the device, nor on the batch.
    """
    bits = tf.bitcast(tf.cast(grid, tf.float32), tf.int32)
    bits = tf.reshape(bits, [grid.shape[0], -1])
    # Odd multiples of the golden ratio's bits (Knuth's multiplicative hash).
    factors = tf.range(bits.shape[1]) * -1640531527 * 2 + 1
    return tf.reduce_sum(bits * factors, axis=1)


def caption_split(
    generator: CaptionGenerator,
    record_set: record_set_lib.RecordSet,
    split: str,
    *,
    limit: int | None = None,
) -> Iterator[caption_lib.CaptionedExample]:
    """Captions each image of a split once.

    Args:
      generator: generates the captions.
      record_set: holds the images.
      split: name of the split.
      limit: number of images to caption; None for all.

    Raises:
      RecordSetError: the record set has no such split.
    """
    batches = split_images.batches(
        record_set,
        split,
        batch_images=generator.decoder.batch_images,
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
