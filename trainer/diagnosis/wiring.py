"""Tests, before the first step, that the captioner is wired to learn.

They take seconds on one batch, and each catches a fault that training would
hide for hours. A captioner that declares itself blind must fail the tests of
the image path; passing them is reported as its fault.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from trainer.captioners import contract
from trainer.data import batches

NAMES = ("padding", "future", "image", "gradient", "start-loss", "grids")

# Rounding, also of float16, changes logits by less; a leak does by tenths.
_SAME_LOGITS = 1e-2
# A first output with the unigram frequencies has a loss of their entropy; the
# untrained weights add something to it.
_START_NATS = 0.5


class WiringError(ValueError):
    """A captioner that cannot learn as it is wired."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """A test that failed.

    Attributes:
      name: one of `NAMES`; naming it waives the fault.
      text: what was found, the rule, and where to look for the cause.
    """

    name: str
    text: str


def require(faults: Iterator[Fault], waived: Sequence[str]) -> list[str]:
    """Raises at the first fault that is not waived.

    Returns:
      Lines that report the waived faults.

    Raises:
      WiringError: names the fault and how to waive it.
    """
    waived_faults = []
    for fault in faults:
        if fault.name not in waived:
            names = [*waived, fault.name]
            raise WiringError(
                f"wiring test '{fault.name}' failed: {fault.text}. To train "
                f'all the same: --gin_param="train.waived = {names}"'
            )
        waived_faults.append(f"waived: {fault.name}: {fault.text}")
    return waived_faults


def faults(
    captioner: contract.Captioner,
    batch: batches.Batch,
    log_unigram: np.ndarray,
) -> Iterator[Fault]:
    """Tests an untrained captioner on a batch.

    Args:
      captioner: with `uses_image`; called without dropout.
      batch: `grid` [images, locations, depth], `tokens` int32 and `weights`
        float32 [images, captions, length]. Of one image alone, nothing is
        said about other images.
      log_unigram: float32 [vocabulary], log frequencies of the tokens.

    Yields:
      One fault for each test that fails.
    """
    plain = _logits(captioner, batch["grid"], batch["tokens"])
    yield from _padding(captioner, batch, plain)
    yield from _future(captioner, batch, plain)
    yield from _image(captioner, batch, plain)
    yield from _gradient(captioner, batch)
    yield from _start_loss(batch, plain, log_unigram)


def _logits(
    captioner: contract.Captioner, grid: tf.Tensor, tokens: tf.Tensor
) -> tf.Tensor:
    """Returns float32 logits [images, captions, length, vocabulary]."""
    return captioner(grid, contract.shift_right(tokens))[0]


def _others(tokens: tf.Tensor) -> tf.Tensor:
    """Returns other real tokens: the batch's, with its images reversed."""
    flat = tf.reshape(tokens, [-1])
    real = tf.boolean_mask(flat, flat > 0)
    turned = tf.reverse(real, [0])
    repeats = -(-tf.size(flat) // tf.size(real))
    turned = tf.tile(turned, [repeats])[: tf.size(flat)]
    return tf.reshape(turned, tf.shape(tokens))


def _padding(
    captioner: contract.Captioner, batch: batches.Batch, plain: tf.Tensor
) -> Iterator[Fault]:
    tokens, weights = batch["tokens"], batch["weights"]
    # Counted here once more: weights that are wrong cannot show it themselves.
    real = tokens > 0
    wrong = int(tf.math.count_nonzero((weights > 0) != real))
    written = tf.where(real, tokens, _others(tokens))
    other = _logits(captioner, batch["grid"], written)
    first, second = (_loss(each, tokens, weights) for each in (plain, other))
    moved = abs(first - second)
    if wrong:
        yield Fault(
            "padding",
            f"the loss counts {int(tf.math.count_nonzero(weights)):,} places, "
            f"of which or besides which {wrong:,} are wrong: weights are 1 for "
            f"the {int(tf.math.count_nonzero(real)):,} words and ENDs, and 0 "
            "for the padding behind them",
        )
    elif moved > _SAME_LOGITS:
        yield Fault(
            "padding",
            f"other tokens behind a caption's END move its loss by {moved:.4f} "
            f"nats a token (at most {_SAME_LOGITS}): padding enters the loss "
            "or the words before it",
        )


def _future(
    captioner: contract.Captioner, batch: batches.Batch, plain: tf.Tensor
) -> Iterator[Fault]:
    """Writes another word at each place of a caption, and looks before it."""
    tokens = batch["tokens"][:1, :1]
    words = tf.where(tokens > 0, tokens, _others(batch["tokens"])[:1, :1])
    last = plain.shape[-1] - 1
    others = tf.where(words < last, words + 1, words - 1)
    at = tf.eye(tokens.shape[-1], dtype=tf.bool)
    grid = batch["grid"][:1]
    changed = _logits(captioner, grid, tf.where(at, others, words))[0]
    moves = tf.abs(changed - _logits(captioner, grid, words)[0])
    # The logits at a place predict its word, so they have not read it.
    moves = tf.linalg.band_part(tf.reduce_max(moves, axis=-1), -1, 0)
    moved = _largest(moves)
    if moved > _SAME_LOGITS:
        place, moves_at = divmod(
            int(tf.argmax(tf.reshape(moves, [-1]))), len(at)
        )
        yield Fault(
            "future",
            f"the word at place {place} moves the logits of place {moves_at} "
            f"by {moved:.4f} (at most {_SAME_LOGITS}): the decoder sees what "
            "it has to predict; look at its mask and at the shift of its input",
        )


def _image(
    captioner: contract.Captioner, batch: batches.Batch, plain: tf.Tensor
) -> Iterator[Fault]:
    grid = batch["grid"]
    if len(grid) < 2:
        return
    swapped = tf.roll(grid, 1, axis=0)
    moved = _largest(plain - _logits(captioner, swapped, batch["tokens"]))
    if captioner.uses_image and not moved:
        alike = "the grids are all alike: look at the data card"
        unread = "the grid does not reach the output"
        equal = bool(tf.reduce_all(grid == swapped))
        yield Fault(
            "image",
            "other images change no logit of a captioner that uses the image: "
            f"{alike if equal else unread}",
        )
    if not captioner.uses_image and moved:
        yield Fault(
            "image",
            f"other images move logits by {moved:.4f}, but the captioner says "
            "that it is blind: it is no floor",
        )


def _gradient(
    captioner: contract.Captioner, batch: batches.Batch
) -> Iterator[Fault]:
    tokens, weights = batch["tokens"], batch["weights"]
    grid = tf.cast(batch["grid"], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(grid)
        loss = _loss_tensor(_logits(captioner, grid, tokens), tokens, weights)
    gradient = tape.gradient(loss, grid, unconnected_gradients="zero")
    norm = float(tf.linalg.global_norm([gradient]))
    if not np.isfinite(norm):
        yield Fault(
            "gradient",
            f"the gradient's norm at the grid is {norm}: look for an overflow "
            "or a logarithm of zero in the image path",
        )
    elif captioner.uses_image and not norm:
        yield Fault(
            "gradient",
            "no gradient of the loss reaches the grid of a captioner that uses "
            "the image: something cuts the path",
        )
    elif norm and not captioner.uses_image:
        yield Fault(
            "gradient",
            f"a gradient of norm {norm:.3g} reaches the grid of a captioner "
            "that says it is blind: it is no floor",
        )


def _start_loss(
    batch: batches.Batch, plain: tf.Tensor, log_unigram: np.ndarray
) -> Iterator[Fault]:
    tokens, weights = batch["tokens"], batch["weights"]
    found = _loss(plain, tokens, weights)
    costs = -tf.gather(tf.cast(log_unigram, tf.float32), tokens)
    unigram = float(tf.reduce_sum(costs * weights) / tf.reduce_sum(weights))
    if not abs(found - unigram) <= _START_NATS:
        yield Fault(
            "start-loss",
            f"the first loss is {found:.3f} nats a token, word frequencies "
            f"alone give {unigram:.3f} (within {_START_NATS}): look at the "
            "output's first bias, the targets' shift and the weights' scale",
        )


def _loss_tensor(
    logits: tf.Tensor, tokens: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tokens, logits)
    return tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)


def _loss(logits: tf.Tensor, tokens: tf.Tensor, weights: tf.Tensor) -> float:
    """Returns the mean loss in nats per real token."""
    return float(_loss_tensor(logits, tokens, weights))


def _largest(values: tf.Tensor) -> float:
    return float(tf.reduce_max(tf.abs(values)))
