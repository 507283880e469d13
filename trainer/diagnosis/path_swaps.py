"""What each path from the image to the words carries, on a trained captioner.

A path is given what it would carry for another image, while all others stay as
they are. The loss rises by what the captioner owes to that path. Losses under
other rules than those of training are measured beside: if one of them is the
loss in the log, that rule is what was trained with.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf

from pipeline.recordset import vocabulary
from trainer.captioners import contract
from trainer.data import batches
from trainer.decoding import teacher_forcing

# Images whose memories lie on a device at once.
_PART = 32
# What a grid is divided by where it is scaled once too often.
FAINT, _SCALES = "grid / ", (100, 255, 1000)
_FEW = ("image", "memory", "uniform", "targets", "guesses")


@dataclasses.dataclass(frozen=True)
class PathSwaps:
    """Losses of some images, float64 [images] each, in nats per token.

    Attributes:
      own: with the image's own grid.
      attends: whether the captioner chooses among the places of the grid.
      rises: path -> by how much the loss rises. `image`: all of another image.
        `memory`: what is read at each word. `state`: what is known before the
        first word. `uniform`: every place is the mean of all. `blank`: a grid
        of zeros. `words`: the words before are hidden.
      rules: rule -> by how much the loss rises under it. `padding`: padding
        counts. `end`: END does not. `unshifted`: each word is read before it is
        predicted. `no-context`: nothing is read at a word. `no-state`: nothing
        is known before the first word. `no-query`: attention does not read the
        state. `blank`: a grid of zeros. `grid / 100` and others: a grid that is
        smaller by so much.
    """

    own: np.ndarray
    attends: bool
    rises: Mapping[str, np.ndarray]
    rules: Mapping[str, np.ndarray]


def measure(captioner: contract.Captioner, batch: batches.Batch) -> PathSwaps:
    """Swaps each path between images, without dropout.

    Args:
      captioner: trained.
      batch: `grid` [images, locations, depth], `tokens` int32 and `weights`
        float32 [images, captions, length]; two images at least.
    """
    losses = teacher_forcing.TeacherForcing(captioner)
    parts = [
        _Part(losses, captioner, group)
        for group in batches.in_groups(batch, _PART)
    ]
    found = [part.measure() for part in parts]
    own = np.concatenate([each.own for each in found])
    rules = _joined([each.rules for each in found])
    with _without_query(captioner) as queries:
        if queries:
            blind = np.concatenate([part.own() for part in parts])
            rules["no-query"] = blind - own
    rises = _joined([each.rises for each in found])
    return PathSwaps(own, found[0].attends, rises, rules)


@contextlib.contextmanager
def _without_query(captioner: contract.Captioner) -> Iterator[bool]:
    """Turns off what attention reads of the state, if its weights say which."""
    kernels = [
        weight
        for weight in captioner.trainable_variables
        if weight.path.endswith("query/kernel")
    ]
    values = [weight.numpy() for weight in kernels]
    for weight in kernels:
        weight.assign(tf.zeros_like(weight))
    try:
        yield bool(kernels)
    finally:
        for weight, value in zip(kernels, values, strict=True):
            weight.assign(value)


class Glance:
    """Swaps what tells most, on the same few images again and again."""

    def __init__(self, captioner: contract.Captioner, batch: batches.Batch):
        """Takes a captioner in training, and images; see `measure`."""
        self._captioner = captioner
        self._losses = teacher_forcing.TeacherForcing(captioner)
        self._groups = list(batches.in_groups(batch, _PART))

    def __call__(self) -> dict[str, np.ndarray]:
        """Swaps the image, what is read at each word, and the place.

        Returns:
          By how much the loss rises, float64 [images] in nats per token:
          `image`, `memory` and `uniform`, as in `PathSwaps`. And int32
          [tokens], of each place that counts: `targets`, the token, and
          `guesses`, the likeliest one. All are empty of one image alone.
        """
        parts = [
            _Part(self._losses, self._captioner, group).few()
            for group in self._groups
        ]
        return _joined(parts) if parts else dict.fromkeys(_FEW, np.zeros(0))


def _joined(
    parts: Sequence[Mapping[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    return {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}


class _Part:
    """A few images, whose memories are computed once."""

    def __init__(
        self,
        losses: teacher_forcing.TeacherForcing,
        captioner: contract.Captioner,
        batch: batches.Batch,
    ):
        self._losses, self._captioner = losses, captioner
        self._tokens, self._weights = batch["tokens"], batch["weights"]
        self._said = contract.shift_right(self._tokens)
        self._grid = batch["grid"]
        self._memory = captioner.remember(self._grid)
        self._state = self._first(self._memory)
        self._other = tf.nest.map_structure(
            lambda part: tf.roll(part, 1, axis=0), self._memory
        )

    def measure(self) -> PathSwaps:
        """Measures all paths and rules."""
        memory, state = self._memory, self._state
        own = self.own()
        blank = self._of(self._captioner.remember(tf.zeros_like(self._grid)))
        swapped = {
            "image": self._of(self._other),
            "memory": self._loss(state, self._other),
            "state": self._loss(self._first(self._other), memory),
            "uniform": self._loss(state, self._flat()),
            "blank": blank,
            "words": self._loss(
                state, memory, said=teacher_forcing.hidden(self._said)
            ),
        }
        words = tf.cast(self._tokens != vocabulary.END, tf.float32)
        nothing = tf.nest.map_structure(tf.zeros_like, memory)
        unknown = tf.nest.map_structure(tf.zeros_like, state)
        rules = {
            "padding": self._loss(
                state, memory, weights=tf.ones_like(self._weights)
            ),
            "end": self._loss(state, memory, weights=self._weights * words),
            "unshifted": self._loss(state, memory, said=self._tokens),
            "no-context": self._loss(state, nothing),
            "no-state": self._loss(unknown, memory),
            "blank": blank,
            **{
                f"{FAINT}{scale}": self._of(
                    self._captioner.remember(self._grid / scale)
                )
                for scale in _SCALES
            },
        }
        return PathSwaps(
            own,
            self._attends(),
            {path: losses - own for path, losses in swapped.items()},
            {rule: losses - own for rule, losses in rules.items()},
        )

    def _attends(self) -> bool:
        first = self._said[:, :, 0]
        _, looks, _ = self._captioner.step(self._memory, self._state, first)
        return looks is not None

    def own(self) -> np.ndarray:
        """The loss with the image's own grid."""
        return self._loss(self._state, self._memory)

    def few(self) -> dict[str, np.ndarray]:
        """Measures what `Glance` returns."""
        memory, state = self._memory, self._state
        losses, guesses = self._losses(state, memory, self._said, self._tokens)
        own = teacher_forcing.mean_of_each(losses, self._weights)
        count = self._weights.numpy() > 0
        found = (
            self._of(self._other) - own,
            self._loss(state, self._other) - own,
            self._loss(state, self._flat()) - own,
            self._tokens.numpy()[count],
            guesses.numpy()[count],
        )
        return dict(zip(_FEW, found, strict=True))

    def _first(self, memory: contract.Memory) -> contract.State:
        return self._captioner.initial_state(memory, self._tokens.shape[1])

    def _flat(self) -> contract.Memory:
        """Gives every place the mean over all places."""
        places = self._grid.shape[1]

        def mean(part: tf.Tensor) -> tf.Tensor:
            if part.shape.rank < 3 or part.shape[-2] != places:
                return part
            flat = tf.reduce_mean(part, axis=-2, keepdims=True)
            return tf.repeat(flat, places, axis=-2)

        return tf.nest.map_structure(mean, self._memory)

    def _of(self, memory: contract.Memory) -> np.ndarray:
        """The loss if all paths carry another memory."""
        return self._loss(self._first(memory), memory)

    def _loss(
        self,
        state: contract.State,
        memory: contract.Memory,
        *,
        said: tf.Tensor | None = None,
        weights: tf.Tensor | None = None,
    ) -> np.ndarray:
        return self._losses.per_image(
            state,
            memory,
            self._said if said is None else said,
            self._tokens,
            self._weights if weights is None else weights,
        )
