"""A captioner, a vocabulary and a decoder: grids -> captions."""

from collections.abc import Iterator
from typing import Self

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.captioners import contract
from trainer.data import split_images
from trainer.decoding import (
    around,
    consensus,
    guided,
    image_gain,
    scores,
    step,
    teacher_forcing,
)
from trainer.decoding import caption as caption_lib


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
        self._search = step.knowing(decoder, vocabulary)
        layers = list(around.layers(decoder))
        self._guidance = sum(
            each.weight for each in layers if isinstance(each, guided.Guided)
        )
        self._votes = [
            each.vote(vocabulary)
            for each in layers
            if isinstance(each, consensus.Consensus)
        ]
        self._gain = (
            image_gain.ImageGain(captioner, others)
            if others is not None
            else None
        )

    def by(self, decoder: step.Decoder) -> Self:
        """Returns the same by another decoder, without `image_gain`."""
        return type(self)(self._captioner, self._vocabulary, decoder)

    @tf.function
    def decode(self, grid: tf.Tensor) -> step.Decoded:
        """Decodes a grid [images, locations, depth] of any float dtype."""
        memory = self._captioner.remember(grid)
        next_token, state = self._start(memory, grid)
        if self._guidance:
            nothing = self._captioner.remember(tf.zeros_like(grid))
            blind, unseen = self._start(nothing, grid)
            next_token = guided.guided(next_token, blind, self._guidance)
            state = state, unseen
        search = step.drawing(self._search, image_keys(grid))
        decoded = search(
            next_token, state, images=grid.shape[0], locations=grid.shape[1]
        )
        return self._own(decoded, memory) if self._guidance else decoded

    def _start(
        self, memory: contract.Memory, grid: tf.Tensor
    ) -> tuple[step.NextToken, contract.State]:
        """The step function of a memory, and the state before any word."""
        model, hypotheses = self._captioner, self.decoder.hypotheses
        nowhere = tf.zeros([grid.shape[0], hypotheses, grid.shape[1]])

        def next_token(
            tokens: tf.Tensor, state: contract.State
        ) -> tuple[tf.Tensor, tf.Tensor, contract.State]:
            logits, attention, state = model.step(memory, state, tokens)
            return logits, nowhere if attention is None else attention, state

        return next_token, model.initial_state(memory, hypotheses)

    def _own(
        self, decoded: step.Decoded, memory: contract.Memory
    ) -> step.Decoded:
        """Gives captions that were led astray the captioner's own chances."""
        tokens = decoded.tokens
        losses, _ = teacher_forcing.TeacherForcing(self._captioner)(
            self._captioner.initial_state(memory, tokens.shape[1]),
            memory,
            contract.shift_right(tokens),
            tokens,
        )
        losses = tf.where(tokens != vocabulary_lib.PAD, losses, 0.0)
        possible = decoded.log_probs > scores.NEVER / 2
        own = tf.where(possible, -tf.reduce_sum(losses, 2), scores.NEVER)
        return decoded._replace(log_probs=own)

    def captions(
        self, grid: tf.Tensor, count: int
    ) -> list[caption_lib.Caption]:
        """Captions the first `count` images of a grid.

        Args:
          grid: [images, locations, depth], any float dtype.
          count: number of captions; the images after it fill up the batch.
        """
        decoded = self.decode(grid)
        for vote in self._votes:
            decoded = vote(decoded)
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
