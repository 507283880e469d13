"""Which words a decoder may choose, beside what the captioner says."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.decoding import scores as scores_lib
from trainer.decoding import step

_END = vocabulary_lib.END


@dataclasses.dataclass(frozen=True)
class WordRules:
    """Which words a decoder may choose, beside what the captioner says.

    No decoder chooses PAD, UNK or START (`scores.log_probs`). A rule forbids
    tokens of a hypothesis; what is left keeps its log probability, which stays
    the captioner's own. Where rules leave a hypothesis nothing, it ends; where
    it has said no word, or END is impossible, they all give way for this token.
    So a caption is only empty where the captioner can say no word at all.

    Attributes:
      min_words: fewest words of a caption.
      no_repeat_ngram: no run of so many words is said twice (Paulus et al.
        2018); 1 for no word twice, 0 for no such rule.
      no_doubled_word: whether a word may not follow itself.
      bad_endings: words, or their tokens, that no caption ends in; those that
        the vocabulary lacks have no effect.
      length_reward: nats that each word adds to the score by which captions
        are chosen (He et al. 2016); negative for shorter captions.
      target_words: of more words, each takes `length_reward` away; None to
        reward every word.

    Raises:
      ValueError: a number is out of range.
    """

    min_words: int = 1
    no_repeat_ngram: int = 0
    no_doubled_word: bool = False
    bad_endings: Sequence[str | int] = ()
    length_reward: float = 0.0
    target_words: int | None = None

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_not_negative(self, "min_words", "no_repeat_ngram")
        if self.target_words is not None and self.length_reward <= 0:
            raise ValueError(
                "`target_words` needs a positive `length_reward`, got "
                f"{self.length_reward}"
            )

    @property
    def settings(self) -> dict[str, Any]:
        """The rules that differ from the defaults, as JSON values.

        They are empty by default: a run from before there were rules goes on.
        """
        rules = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        if "bad_endings" in rules:
            rules["bad_endings"] = list(self.bad_endings)
        return {"rules": rules} if rules else {}

    @property
    def description(self) -> str:
        """The rules that differ from the defaults, for people."""
        rules = dict(self.settings.get("rules", {}))
        if self.bad_endings:
            rules["bad_endings"] = f"{len(self.bad_endings)} words"
        return "".join(f", {name} {value}" for name, value in rules.items())

    def knowing(self, vocabulary: vocabulary_lib.Vocabulary) -> Self:
        """Returns the same rules, with tokens in place of words."""
        known = set(self.bad_endings)
        tokens = [i for i, word in enumerate(vocabulary.words) if word in known]
        return dataclasses.replace(self, bad_endings=tokens)

    def allowed(
        self, log_probs: tf.Tensor, said: tf.Tensor, place: tf.Tensor
    ) -> tf.Tensor:
        """Forbids the next tokens that are against a rule.

        Args:
          log_probs: float32 [images, K, vocabulary], of the next token.
          said: int32 [images, K, T], tokens of the hypotheses; T is the most
            that a caption may have.
          place: int32 [], number of tokens said so far.

        Returns:
          `log_probs`, `scores.NEVER` where forbidden.
        """
        if self.no_repeat_ngram or self.no_doubled_word or self.bad_endings:
            return self._ruled(log_probs, said, place)
        if not self.min_words:
            return log_probs
        return tf.cond(
            place < self.min_words,
            lambda: self._ruled(log_probs, said, place),
            lambda: log_probs,
        )

    def choice(
        self, log_probs: tf.Tensor, said: tf.Tensor, place: tf.Tensor
    ) -> tf.Tensor:
        """What to choose the next token by; as `allowed`, with the reward."""
        allowed = self.allowed(log_probs, said, place)
        preference = self.preference(place, log_probs.shape[-1])
        return allowed if preference is None else allowed + preference

    def word_reward(self, place: tf.Tensor) -> tf.Tensor:
        """What a word at a place adds to the score, float32 []."""
        if self.target_words is None:
            return tf.constant(self.length_reward)
        below = place < self.target_words
        return tf.where(below, self.length_reward, -self.length_reward)

    def preference(self, place: tf.Tensor, size: int) -> tf.Tensor | None:
        """The rewards of all tokens at a place, [vocabulary]; None for zero."""
        if not self.length_reward:
            return None
        return self.word_reward(place) * (1.0 - tf.one_hot(_END, size))

    def reward(self, words: tf.Tensor) -> tf.Tensor:
        """What all words of a caption add to its score, float32."""
        words = tf.cast(words, tf.float32)
        beyond = 0.0
        if self.target_words is not None:
            beyond = tf.maximum(words - self.target_words, 0.0)
        return self.length_reward * (words - 2 * beyond)

    def most_reward(self, max_words: int) -> float:
        """The greatest reward that a caption can get."""
        words = min(max_words, self.target_words or max_words)
        return max(0.0, self.length_reward * words)

    def _ruled(
        self, log_probs: tf.Tensor, said: tf.Tensor, place: tf.Tensor
    ) -> tf.Tensor:
        last = tf.gather(said, tf.maximum(place - 1, 0), axis=2)
        allowed = log_probs
        if self.no_repeat_ngram:
            repeated = _would_repeat(said, place, self.no_repeat_ngram)
            allowed = _forbid(allowed, repeated)
        if self.no_doubled_word:
            allowed = _forbid(allowed, last[..., None])
        allowed = self._end_ruled(allowed, last, place, said.shape[2])
        possible = log_probs > scores_lib.NEVER / 2
        only_end = tf.where(
            tf.one_hot(_END, log_probs.shape[-1], True, False),
            log_probs,
            scores_lib.NEVER,
        )
        ends = possible[..., _END, None] & (place > 0)
        stuck = _best(allowed) <= scores_lib.NEVER / 2
        return tf.where(stuck, tf.where(ends, only_end, log_probs), allowed)

    def _end_ruled(
        self, log_probs: tf.Tensor, last: tf.Tensor, place: tf.Tensor, most: int
    ) -> tf.Tensor:
        """Applies the rules of how a caption ends.

        At the last place, END may follow any word. So the places before it are
        where no word of `bad_endings` may stand.
        """
        early = tf.fill(last.shape, place < self.min_words)
        size = log_probs.shape[-1]
        if self.bad_endings:
            tokens = tf.constant(self.bad_endings, tf.int32)
            bad = tf.reduce_any(last[..., None] == tokens, -1)
            early |= bad & (place > 0) & (place + 1 < most)
            cut = tf.reduce_any(tf.one_hot(tokens, size, True, False), 0)
            log_probs = tf.where(
                cut & (place + 2 >= most), scores_lib.NEVER, log_probs
            )
        end = tf.one_hot(_END, size, True, False)
        return tf.where(early[..., None] & end, scores_lib.NEVER, log_probs)


def _best(log_probs: tf.Tensor) -> tf.Tensor:
    return tf.reduce_max(log_probs, axis=-1, keepdims=True)


def _would_repeat(said: tf.Tensor, place: tf.Tensor, order: int) -> tf.Tensor:
    """Tokens that would end a run of `order` tokens that was said before.

    Args:
      said: int32 [images, K, T].
      place: int32 [], number of tokens said so far.
      order: length of the run.

    Returns:
      int32 [images, K, runs], PAD where there is none.
    """
    runs = said.shape[2] - order + 1
    if runs < 1:
        return tf.zeros([*said.shape[:2], 1], tf.int32)
    # Run i holds the tokens i to i + order - 1, which must have been said.
    fits = (tf.range(runs) + order <= place) & (place + 1 >= order)
    for back in range(1, order):
        now = tf.gather(said, tf.maximum(place - back, 0), axis=2)
        then = said[..., order - 1 - back : order - 1 - back + runs]
        fits &= then == now[..., None]
    return tf.where(fits, said[..., order - 1 :], vocabulary_lib.PAD)


def _forbid(log_probs: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
    """Makes tokens [images, K, n] of each hypothesis impossible."""
    images, beams, count = tokens.shape
    rows = tf.range(images * beams)[:, None] + tf.zeros([1, count], tf.int32)
    flat = tf.reshape(log_probs, [images * beams, -1])
    places = tf.stack([rows, tf.reshape(tokens, rows.shape)], axis=-1)
    never = tf.fill(rows.shape, scores_lib.NEVER)
    forbidden = tf.tensor_scatter_nd_update(flat, places, never)
    return tf.reshape(forbidden, log_probs.shape)
