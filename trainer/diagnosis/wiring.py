"""Tests, before the first step, that the captioner is wired to learn.

They take seconds on one batch, and each catches a fault that training would
hide for hours. A captioner that declares itself blind must fail the tests of
the image path; passing them is reported as its fault.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib
from trainer.captioners import contract
from trainer.data import batches, split_images
from trainer.training import train_step

NAMES = ("padding", "future", "image", "gradient", "start-loss", "grids")

# Rounding changes logits by less than this; a leak changes them by tenths.
_SAME_LOGITS = 1e-3
# A first output with the unigram frequencies has a loss of their entropy; the
# untrained weights add something to it.
_START_NATS = 0.5
# Grids that are dealt out at random are nearer to their own in half of the
# pairs: among 32 images 0.5 +- 0.05.
_NEARER_OWN = 0.85


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
    return captioner(grid, train_step.shift_right(tokens))[0]


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
    written = tf.where(weights > 0, tokens, _others(tokens))
    other = _logits(captioner, batch["grid"], written)
    first, second = (_loss(each, tokens, weights) for each in (plain, other))
    moved = abs(first - second)
    if moved > _SAME_LOGITS:
        yield Fault(
            "padding",
            f"other tokens behind a caption's END move its loss by {moved:.4f} "
            f"nats a token (at most {_SAME_LOGITS}): padding enters the loss "
            "or the words before it",
        )


def _future(
    captioner: contract.Captioner, batch: batches.Batch, plain: tf.Tensor
) -> Iterator[Fault]:
    tokens = batch["tokens"]
    half = tokens.shape[-1] // 2
    changed = tf.concat(
        [tokens[..., :half], _others(tokens)[..., half:]], axis=-1
    )
    other = _logits(captioner, batch["grid"], changed)
    # The logits at `half` predict its token, so they have not read it.
    moved = _largest((plain - other)[..., : half + 1, :])
    if moved > _SAME_LOGITS:
        yield Fault(
            "future",
            f"words from place {half} on move logits before them by "
            f"{moved:.4f} (at most {_SAME_LOGITS}): the decoder sees what it "
            "has to predict; look at its mask and at the shift of its input",
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


def compare_grids(
    images: split_images.ImageBatch, encoder: encoder_lib.Encoder
) -> Iterator[Fault]:
    """Tests whether stored grids are those of the thumbnails beside them.

    A thumbnail is smaller than its image, cropped and compressed again, so its
    grid differs from the stored one by an amount that depends on the photograph
    and on the thumbnail's size. What does not depend on them is the order: an
    image's own thumbnail is nearer to its grid than other images' are.

    Args:
      images: with thumbnails; of one image alone, nothing is said.
      encoder: that made the grids.

    Yields:
      One fault when grids are not their images'.
    """
    farther = nearer_to_own(images, encoder)
    if farther is None:
        return
    share = float(farther.mean())
    if not share >= _NEARER_OWN:
        worst = images.image_ids[int(farther.argmin())]
        yield Fault(
            "grids",
            f"of {len(farther)} images, the stored grid is nearer to its own "
            f"thumbnail's than to another image's in {share:.0%} of the pairs "
            f"(at least {_NEARER_OWN:.0%}; chance is 50%), least for "
            f"{worst!r}: grids and images are joined wrongly, or the encoder "
            "prepares images otherwise now",
        )


def nearer_to_own(
    images: split_images.ImageBatch, encoder: encoder_lib.Encoder
) -> np.ndarray | None:
    """Encodes thumbnails again, and compares them with the stored grids.

    Args:
      images: with thumbnails.
      encoder: that made the grids.

    Returns:
      float64 [images], the share of other images whose grid is farther from an
      image's thumbnail than its own; None of one image alone.
    """
    count = len(images.thumbnails)
    if count < 2:
        return None
    fitted = [encoder.fit(encoder.decode(d)) for d in images.thumbnails]
    return _farther(
        np.asarray(images.grid[:count], np.float32).reshape(count, -1),
        np.asarray(encoder.encode(np.stack(fitted), count)).reshape(count, -1),
    )


def _farther(stored: np.ndarray, fresh: np.ndarray) -> np.ndarray:
    """For each image, the share of others that are farther than its own.

    Args:
      stored: float32 [images, features].
      fresh: float32 [images, features], of the same images.

    Returns:
      float64 [images], 0 to 1; an image that is as far as the own counts half.
    """
    distances = np.linalg.norm(stored[:, None] - fresh[None], axis=-1)
    own = np.diagonal(distances)[:, None]
    others = ~np.eye(len(own), dtype=bool)
    wins = (distances > own) + 0.5 * (distances == own)
    return np.array(wins.mean(axis=1, where=others))


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
