"""Sampling: each word is drawn from the probabilities of the captioner."""

import dataclasses
import functools
from typing import Any, NamedTuple, Self

import tensorflow as tf

from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.captioners import draw
from trainer.decoding import scores as scores_lib
from trainer.decoding import step, word_rules


@dataclasses.dataclass(frozen=True)
class Sampling:
    """Sampling with temperature, top-k and nucleus, as a decoder.

    The draws of an image depend on the seed, the image and the number of the
    sample alone, whatever else is in the batch.

    Attributes:
      temperature: divides the logits; below 1, likely words are drawn more
        often.
      top_k: draws from so many of the likeliest words; 0 for all.
      top_p: draws from the fewest likeliest words that have this share of the
        probability (the nucleus of Holtzman et al. 2020); 1 for all.
      n_best: number of samples of each image, which may be the same; the
        likeliest is the caption.
      seed: other seeds draw other samples.
      max_length: most tokens of a caption, END included.
      batch_images: number of images decoded at once.
      rules: which words may be chosen.

    Raises:
      ValueError: a number is out of range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    n_best: int = 1
    seed: int = 1
    max_length: int = 24
    batch_images: int = 32
    rules: word_rules.WordRules = word_rules.WordRules()

    def __post_init__(self) -> None:
        """Validates the settings."""
        step.require_positive(self, "n_best", "max_length", "batch_images")
        rules = {
            "temperature": (self.temperature > 0, "be above 0"),
            "top_k": (self.top_k >= 0, "not be negative"),
            "top_p": (0 < self.top_p <= 1, "lie in (0, 1]"),
        }
        for name, (holds, rule) in rules.items():
            if not holds:
                raise ValueError(
                    f"`{name}` must {rule}, got {getattr(self, name)}"
                )

    @property
    def hypotheses(self) -> int:
        """One for each sample."""
        return self.n_best

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the captions, as JSON values."""
        names = ("temperature", "top_k", "top_p", "n_best", "seed")
        return {
            "name": "sampling",
            **{name: getattr(self, name) for name in names},
            "max_length": self.max_length,
            **self.rules.settings,
        }

    @property
    def description(self) -> str:
        """The decoder's name for people, with what it draws from."""
        parts = [
            f"temperature {self.temperature}" if self.temperature != 1 else "",
            f"top-{self.top_k}" if self.top_k else "",
            f"nucleus {self.top_p}" if self.top_p < 1 else "",
            f"{self.n_best} samples" if self.n_best > 1 else "",
        ]
        said = ", ".join(["sampling", *filter(None, parts)])
        return f"{said}{self.rules.description}"

    def knowing(self, vocabulary: vocabulary_lib.Vocabulary) -> Self:
        """See `step.NamesWords`."""
        return dataclasses.replace(self, rules=self.rules.knowing(vocabulary))

    def drawing(self, keys: tf.Tensor) -> step.Search:
        """See `step.Draws`."""
        return functools.partial(self._sample, keys)

    def __call__(
        self,
        next_token: step.NextToken,
        state: step.State,
        *,
        images: int,
        locations: int,
    ) -> step.Decoded:
        """See `step.Decoder`; the keys are the images' places."""
        return self._sample(
            tf.range(images),
            next_token,
            state,
            images=images,
            locations=locations,
        )

    def _sample(
        self,
        keys: tf.Tensor,
        next_token: step.NextToken,
        state: step.State,
        *,
        images: int,
        locations: int,
    ) -> step.Decoded:
        draws = uniforms(keys, self.seed, [self.n_best, self.max_length])
        shape = [images, self.n_best]
        start = _Samples(
            place=tf.constant(0),
            last=tf.fill(shape, vocabulary_lib.START),
            live=tf.ones(shape, tf.bool),
            state=tf.nest.map_structure(tf.identity, state),
            tokens=tf.zeros([*shape, self.max_length], tf.int32),
            attention=tf.zeros([*shape, self.max_length, locations]),
            log_probs=tf.zeros(shape),
        )
        end = tf.while_loop(
            lambda *parts: tf.reduce_any(_Samples(*parts).live),
            lambda *parts: self._say(_Samples(*parts), next_token, draws),
            start,
            maximum_iterations=self.max_length,
        )
        return _likeliest_first(_Samples(*end))

    def _say(
        self, now: "_Samples", next_token: step.NextToken, draws: tf.Tensor
    ) -> "_Samples":
        """Draws a token of each sample that has not ended."""
        logits, weights, state = next_token(now.last, now.state)
        log_probs = scores_lib.log_probs(logits)
        choice = self.rules.choice(log_probs, now.tokens, now.place)
        token = drawn(
            choice / self.temperature,
            tf.gather(draws, now.place, axis=2),
            top_k=self.top_k,
            top_p=self.top_p,
        )
        gain = tf.gather(log_probs, token, batch_dims=2)
        token = tf.where(now.live, token, vocabulary_lib.PAD)
        looks = tf.where(now.live[..., None], weights, 0.0)
        return _Samples(
            place=now.place + 1,
            last=token,
            live=now.live & (token != vocabulary_lib.END),
            state=state,
            tokens=step.put(now.tokens, token, now.place, axis=2),
            attention=step.put(now.attention, looks, now.place, axis=2),
            log_probs=now.log_probs + tf.where(now.live, gain, 0.0),
        )


class _Samples(NamedTuple):
    """What was drawn so far; the arrays are [images, samples, ...]."""

    place: tf.Tensor
    last: tf.Tensor
    live: tf.Tensor
    state: step.State
    tokens: tf.Tensor
    attention: tf.Tensor
    log_probs: tf.Tensor


def uniforms(keys: tf.Tensor, seed: int, shape: list[int]) -> tf.Tensor:
    """Draws numbers in [0, 1) that depend on an image's key and the seed alone.

    Args:
      keys: int32 [images].
      seed: of all images.
      shape: of each image's numbers.

    Returns:
      float32 [images, *shape].
    """

    def of_image(key: tf.Tensor) -> tf.Tensor:
        # The same generator on every device.
        return tf.random.stateless_uniform(
            shape, tf.stack([key, seed]), alg="philox"
        )

    return tf.map_fn(of_image, keys, fn_output_signature=tf.float32)


def drawn(
    log_probs: tf.Tensor, uniform: tf.Tensor, *, top_k: int, top_p: float
) -> tf.Tensor:
    """Draws a token of each row by the inverse of its distribution.

    Args:
      log_probs: float32 [images, samples, vocabulary], of any sum.
      uniform: float32 [images, samples], in [0, 1).
      top_k: see `Sampling`.
      top_p: see `Sampling`.

    Returns:
      int32 [images, samples].
    """
    size = log_probs.shape[-1]
    best, tokens = tf.math.top_k(log_probs, min(top_k or size, size))
    chances = tf.nn.softmax(best)
    before = tf.cumsum(chances, axis=-1, exclusive=True)
    # The likeliest word is always in the nucleus.
    chances = tf.where(before < top_p, chances, 0.0)
    # Rounding must not lead past the last word that can be drawn.
    last = tf.math.count_nonzero(chances, axis=-1, dtype=tf.int32) - 1
    place = tf.minimum(draw.place_of(chances, uniform), last)
    return tf.gather(tokens, place, batch_dims=2)


def _likeliest_first(end: _Samples) -> step.Decoded:
    _, order = tf.math.top_k(end.log_probs, end.log_probs.shape[1])
    found = step.Decoded(end.tokens, end.attention, end.log_probs)
    return found.ordered(order)
