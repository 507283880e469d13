"""Caption text <-> token ids, in the graph, with tensorflow-text."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

from pipeline.recordset import unspaced

PAD, UNK, START, END = range(4)
SPECIAL = ("<pad>", "<unk>", "<start>", "<end>")


def tokenise(captions: tf.Tensor) -> tf.RaggedTensor:
    """Splits captions into words, in lower case and without punctuation.

    Chinese and Japanese are parted into single signs.

    Args:
      captions: string [n].

    Returns:
      string [n, (words)].
    """
    text = tf_text.case_fold_utf8(captions)  # Also normalises, by NFKC.
    text = tf.strings.regex_replace(text, r"\x{2019}", "'")
    # A hyphen separates words. Spaces do not match, since each match costs.
    text = tf.strings.regex_replace(text, r"[^\pL\pM\pN' ]+", " ")
    # An apostrophe stays inside a word (man's) and is dropped at its edges. In
    # 'one' 'two', one match takes the inner quotes and the space.
    text = tf.strings.regex_replace(text, r"(^| )'+|'+( [ ']*|$)", " ")
    text = tf.strings.regex_replace(text, unspaced.PATTERN, unspaced.PARTED)
    return tf.strings.split(text)


class Vocabulary:
    """The four special tokens, then words by falling count.

    Attributes:
      words: every token; the index is its id.
      counts: int64 [size], how often each occurs in the train captions; END
        counts captions, UNK the words that were left out.
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int]):
        """Builds the graph's look-up table.

        Raises:
          ValueError: the first four words are not the special tokens, or the
            two lengths differ.
        """
        if tuple(words[:4]) != SPECIAL:
            raise ValueError(
                f"a vocabulary begins with {SPECIAL}, got {tuple(words[:4])}"
            )
        if len(words) != len(counts):
            raise ValueError(
                f"one count a word: {len(words)} words, {len(counts)} counts"
            )
        self.words = tuple(words)
        self.counts = np.asarray(counts, np.int64)
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(self.words),
                tf.range(len(self.words), dtype=tf.int32),
            ),
            default_value=UNK,
        )

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, num_captions: int, num_words: int
    ) -> "Vocabulary":
        """Ranks words by falling count; ties fall in alphabetical order.

        Args:
          counts: the words to keep -> occurrences in the train captions.
          num_captions: the number of train captions, which is END's count.
          num_words: occurrences of all words, also of those left out.
        """
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        unknown = num_words - sum(counts.values())
        return cls(
            [*SPECIAL, *(word for word, _ in ranked)],
            [0, unknown, 0, num_captions, *(count for _, count in ranked)],
        )

    @classmethod
    def load(cls, text: str) -> "Vocabulary":
        """The inverse of `dump`; raises ValueError as the constructor does."""
        rows = [line.split("\t") for line in text.splitlines()]
        return cls([row[0] for row in rows], [int(row[1]) for row in rows])

    def dump(self) -> str:
        """One line a token: the word, a tab, its count."""
        pairs = zip(self.words, self.counts, strict=True)
        return "".join(f"{word}\t{count}\n" for word, count in pairs)

    def __len__(self) -> int:
        """The number of tokens, the special ones included."""
        return len(self.words)

    @property
    def digest(self) -> str:
        """sha256 of `dump()`."""
        return hashlib.sha256(self.dump().encode()).hexdigest()

    def encode(self, captions: tf.Tensor, max_length: int) -> tf.Tensor:
        """Captions -> ids that end with END and are filled with PAD.

        Args:
          captions: string [n].
          max_length: tokens kept of each, END included. A longer caption is
            cut and has no END: the model is not taught to stop there.

        Returns:
          int32 [n, max_length].
        """
        ids = tf.ragged.map_flat_values(self._table.lookup, tokenise(captions))
        ends = tf.one_hot(
            ids.row_lengths(), max_length, END, PAD, dtype=tf.int32
        )
        return ids.to_tensor(PAD, shape=[None, max_length]) + ends

    def decode(self, ids: np.ndarray) -> str:
        """Int ids [length] -> text, up to the first END."""
        kept = []
        for token in ids:
            if token == END:
                break
            if token not in (PAD, START):
                kept.append(self.words[token])
        return " ".join(kept)

    def log_unigram(self) -> np.ndarray:
        """Log share of each token among those that are predicted.

        Returns:
          float32 [size]; tokens that never occur get half a count.
        """
        counts = np.maximum(self.counts.astype(np.float64), 0.5)
        counts[[PAD, START]] = 0.5
        return np.log(counts / counts.sum()).astype(np.float32)
