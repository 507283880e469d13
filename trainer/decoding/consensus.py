"""Consensus: of several captions, the one that the others agree with most."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.scoring import cider, metric, ngrams, ptb_tokens
from trainer.data import split_images
from trainer.decoding import around, step
from trainer.decoding import scores as scores_lib

_TRAIN_SAMPLE = 6000
"""Train images whose captions tell how rare an n-gram is."""


@dataclasses.dataclass(frozen=True)
class Consensus(around.Around):
    """Another decoder, whose captions of an image vote for the best of them.

    The best has the greatest mean CIDEr-D with the others: the one of minimum
    Bayes risk (Kumar and Byrne 2004) where the captions are a sample of what
    people would say; Devlin et al. 2015 (arXiv:1505.04467) let captions of
    other images vote. Equal captions vote for each other. N-grams are weighed
    by how many images of the train split have them.

    Attributes:
      search: the decoder; it returns several captions, as by
        `Sampling.n_best = 10`.
      records: folder of the record set, of which the train captions are read.
    """

    records: str

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        return {"name": "consensus", "search": self.search.settings}

    @property
    def description(self) -> str:
        """The decoder's name for people."""
        return f"consensus of {self.search.description}"

    def vote(self, vocabulary: vocabulary_lib.Vocabulary) -> "Vote":
        """Reads how rare n-grams are; the votes are the vocabulary's words.

        Raises:
          RecordSetError: there is no whole record set.
        """
        captions = split_images.captions(
            record_set_lib.open_record_set(self.records),
            "train",
            limit=_TRAIN_SAMPLE,
        )
        words = metric.References((), captions).words
        return Vote(
            vocabulary, cider.DocumentFrequencies.from_references(words)
        )


@dataclasses.dataclass(frozen=True)
class Vote:
    """Orders the captions of each image by what the others agree with.

    Attributes:
      vocabulary: the words of the captions.
      frequencies: how many images have each n-gram.
    """

    vocabulary: vocabulary_lib.Vocabulary
    frequencies: cider.DocumentFrequencies

    def __call__(self, decoded: step.Decoded) -> step.Decoded:
        """Orders captions, those that are impossible last.

        Raises:
          ValueError: there is one caption of each image, which has no other to
            agree with.
        """
        if decoded.tokens.shape[1] < 2:
            raise ValueError(
                "Consensus.search must return several captions of an image, as "
                "by `Sampling.n_best = 10`; it returns one"
            )
        order = tf.constant(
            [
                self._order(tokens, chances)
                for tokens, chances in zip(
                    np.asarray(decoded.tokens),
                    np.asarray(decoded.log_probs),
                    strict=True,
                )
            ]
        )
        return decoded.ordered(order)

    def _order(self, tokens: np.ndarray, log_probs: np.ndarray) -> list[int]:
        """Places of one image's captions, the best first."""
        found = np.flatnonzero(log_probs > scores_lib.NEVER / 2)
        words = [
            ptb_tokens.ptb_tokens(self.vocabulary.decode(tokens[place]))
            for place in found
        ]
        best = found[np.argsort(-self.agreement(words), kind="stable")]
        return [*best.tolist(), *(set(range(len(tokens))) - set(best.tolist()))]

    def agreement(self, captions: Sequence[ngrams.Tokens]) -> np.ndarray:
        """Mean CIDEr-D of each caption with the others, float64 [captions]."""
        if len(captions) < 2:
            return np.zeros(len(captions))
        index = cider.ReferenceIndex.from_references(
            [[caption] for caption in captions], self.frequencies
        )
        likeness = np.stack(
            [index.scores_everywhere(each) for each in captions]
        )
        np.fill_diagonal(likeness, 0.0)
        return np.asarray(likeness.sum(axis=1) / (len(captions) - 1))
