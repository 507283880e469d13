"""Settings of the training, judged by short trainings with one changed."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from trainer.diagnosis.causes.cause import Cause, Opinion, between
from trainer.diagnosis.cures import Training
from trainer.diagnosis.evidence import Evidence, Trial
from trainer.diagnosis.trials import Change


@dataclasses.dataclass(frozen=True)
class Sound:
    """Where a setting is sound, by what was measured on this trainer.

    Attributes:
      slug: the cause that a value outside is.
      part: field of the identity that holds it.
      name: of the setting.
      low: values below are suspicious.
      high: values above are.
      value: to try in its place, of a captioner with 128 units.
      shrinks: the power of the units that it falls with.
    """

    slug: str
    part: str
    name: str
    low: float
    high: float
    value: Any
    shrinks: float = 0.0

    def change(self, settings: Mapping[str, Any]) -> Change:
        """What to try in place of a run's value."""
        value, units = self.value, settings["captioner"].get("units", 128)
        if self.shrinks:
            growth = (128 / max(units, 64)) ** self.shrinks
            value = float(f"{value * growth:.1e}")
        return Change(self.part, self.name, value)

    def suspects(self, settings: Mapping[str, Any]) -> bool:
        """Whether a run's value lies outside."""
        value = settings[self.part].get(self.name)
        return value is not None and not self.low <= value <= self.high


# A rate that is sound at every width: wider captioners take smaller ones, the
# recipes about with the root of the units.
_RATE = (3e-3, 0.5)
_FAST = Sound("rate-too-high", "optimizer", "learning_rate", 0.0, 0.03, *_RATE)
# Updates in which a sound captioner learns a few images by heart, as trials do.
# With small sets they are many passes, and can be too few.
_FEW_UPDATES = 120
_FEW_IMAGES = 8

SOUND = (
    _FAST,
    Sound("updates-too-small", "optimizer", "learning_rate", 1e-4, 9e9, *_RATE),
    Sound("updates-too-small", "optimizer", "warmup_steps", 0, 4000, 50),
    Sound("updates-too-small", "optimizer", "clip_norm", 0.01, 9e9, 1.0),
    Sound("decay-too-high", "optimizer", "weight_decay", 0.0, 3.0, 1e-2),
    Sound("decay-too-high", "loss", "label_smoothing", 0.0, 0.4, 0.0),
    Sound("dropout-too-high", "captioner", "dropout_rate", 0.0, 0.75, 0.1),
    Sound("words-hidden", "captioner", "word_dropout", 0.0, 0.6, 0.0),
    Sound("capacity-too-small", "captioner", "units", 24, 9e9, 128),
    Sound("capacity-too-small", "captioner", "embedding_units", 12, 9e9, 64),
    Sound("uniform-attention", "loss", "coverage_weight", 0.0, 2.0, 0.0),
)


def suspects(settings: Mapping[str, Any]) -> dict[str, list[Sound]]:
    """Slug -> settings of the run that are outside of what is sound."""
    found: dict[str, list[Sound]] = {}
    for sound in SOUND:
        if sound.suspects(settings):
            found.setdefault(sound.slug, []).append(sound)
    return found


def _by_trial(slug: str) -> Callable[[Evidence], Opinion | None]:
    def judge(evidence: Evidence) -> Opinion | None:
        suspected = suspects(evidence.settings).get(slug)
        if not suspected:
            return None
        own = evidence.trials.get(f"but-{slug}", evidence.trials.get("own"))
        changed = evidence.trials.get(slug)
        values = ", ".join(
            f"{each.name} = {evidence.settings[each.part][each.name]}"
            for each in suspected
        )
        if not own or not changed:
            changes = (each.change(evidence.settings) for each in suspected)
            lines = tuple(c.binding(evidence.captioner) for c in changes)
            seen = (f"{values} is unusual",)
            return Opinion(0.4, seen, cure=(Training(lines),))
        better = max(_better(own, changed), 0.6 * evidence.poor)
        return Opinion(
            0.35 + 0.6 * better,
            (
                f"{values}",
                (
                    "a fresh captioner on 32 images: another image costs "
                    f"{own.gap.mean:.2f} after 120 updates, and "
                    f"{changed.gap.mean:.2f} with {'; '.join(changed.change)}"
                ),
            ),
            cure=(Training(changed.change),),
        )

    return judge


def _better(own: Trial, changed: Trial) -> float:
    """How much of the swap gap the change brings, 0 to 1."""
    if changed.gap.mean < 0.1:
        return 0.0
    return between(1 - own.gap.mean / changed.gap.mean, 0.1, 0.6)


def _hidden(evidence: Evidence) -> Opinion | None:
    opinion = _by_trial("words-hidden")(evidence)
    looks = evidence.validation
    if not opinion or not looks:
        return opinion
    words = looks.rises["words"]
    strength = between(0.8 - words.mean, 0.0, 0.7)
    said = f"without the words before, the loss rises by {words.mean:.2f} alone"
    return dataclasses.replace(
        opinion,
        strength=max(opinion.strength, 0.5 + 0.45 * strength),
        speaks_for=(*opinion.speaks_for, said),
    )


def _unfinished(evidence: Evidence) -> Opinion | None:
    """Too small updates, or too few of them."""
    by_trial, learning = (
        _by_trial("updates-too-small")(evidence),
        evidence.learning,
    )
    opinion = by_trial or _slow(evidence)
    if opinion or not learning or not evidence.data:
        return opinion
    rungs = evidence.data.ladder
    many = learning.passes > 2 and learning.step > _FEW_UPDATES
    if not rungs or many or evidence.looks_well:
        return None
    poor = between(learning.last_loss - rungs["trigram"], -0.3, 0.5)
    if not poor:
        return None
    return Opinion(
        0.4 + 0.5 * poor,
        (
            (
                f"{learning.step} updates show each image "
                f"{learning.passes:.1f} times; the training loss is "
                f"{learning.last_loss:.2f}, and word frequencies alone give "
                f"{rungs['unigram']:.2f}"
            ),
        ),
        cure=(Training((f"NUM_STEPS = {max(10 * learning.step, 200)}",)),),
    )


def _slow(evidence: Evidence) -> Opinion | None:
    """A schedule that left next to no learning rate, whatever its settings."""
    learning = evidence.learning
    if not learning or not learning.rate or evidence.looks_well:
        return None
    low = between(-math.log10(learning.rate), 4.0, 4.5)
    if not low:
        return None
    rate = _FAST.change(evidence.settings)
    return Opinion(
        0.4 + 0.5 * low,
        (f"in half of the updates the rate was below {learning.rate:.1e}",),
        cure=(
            Training(
                (
                    rate.binding(evidence.captioner),
                    f"AdamW.warmup_steps = {min(learning.step // 5, 200)}",
                    "AdamW.decay_steps = None",
                )
            ),
        ),
    )


def _batch(evidence: Evidence) -> Opinion | None:
    """Batches of a few images, whose gradients are mostly noise."""
    images = evidence.settings["batching"]["batch_images"]
    if images >= _FEW_IMAGES or not evidence.poor:
        return None
    return Opinion(
        0.35 + 0.5 * evidence.poor,
        (f"an update sees {images} images",),
        cure=(Training(("Batching.batch_images = 32",)),),
    )


def _overfitting(evidence: Evidence) -> Opinion | None:
    learning, looks, train = (
        evidence.learning,
        evidence.validation,
        evidence.train,
    )
    if not learning or not looks or not train or not learning.best_loss:
        return None
    risen = (learning.end_loss or 0.0) - learning.best_loss
    gap = looks.loss.mean - train.loss.mean
    strength = min(between(risen, 0.05, 0.3), between(gap, 0.3, 0.9))
    if not strength:
        return None
    return Opinion(
        0.9 * strength,
        (
            f"the validation loss rose by {risen:.2f} after its best",
            f"captions of images that were trained on cost {gap:.2f} less",
        ),
        cure=(
            Training(
                (
                    "Cadence.patience = 3",
                    f"{evidence.captioner}.dropout_rate = 0.5",
                )
            ),
        ),
    )


def _precision(evidence: Evidence) -> Opinion | None:
    learning = evidence.learning
    if not learning or learning.skipped < 0.1 * learning.step:
        return None
    return Opinion(
        between(learning.skipped / learning.step, 0.05, 0.4),
        (f"{learning.skipped:.0f} of {learning.step} updates were skipped",),
        cure=(Training(("Devices.precision = 'mixed_bfloat16'",)),),
    )


CAUSES: tuple[Cause[Evidence], ...] = (
    Cause(
        "rate-too-high",
        "The learning rate is too high.",
        _by_trial("rate-too-high"),
        "a tenth of the rate fails as well",
        # Where the trial sees the image, saturated units hide it, not the code.
        ("capacity-too-small", "overfitting", "blind"),
    ),
    Cause(
        "updates-too-small",
        "Updates are too small, or too few.",
        _unfinished,
        "ten times the updates change nothing",
    ),
    Cause(
        "batch-too-small",
        "A batch has too few images.",
        _batch,
        "batches of 32 images fail as well",
    ),
    Cause(
        "dropout-too-high",
        "Dropout leaves too little to learn from.",
        _by_trial("dropout-too-high"),
        "without dropout the training fails as well",
    ),
    Cause(
        "decay-too-high",
        "Weight decay or label smoothing undoes what is learned.",
        _by_trial("decay-too-high"),
        "without weight decay the training fails as well",
        ("blind",),
    ),
    Cause(
        "words-hidden",
        "Words before are hidden in training, so that they are not read.",
        _hidden,
        "true words before lower the loss",
    ),
    Cause(
        "capacity-too-small",
        "The captioner is too small.",
        _by_trial("capacity-too-small"),
        "a wider captioner fails as well",
    ),
    Cause(
        "precision",
        "Numbers overflow.",
        _precision,
        "float32 fails as well",
        ("rate-too-high", "updates-too-small"),
    ),
    Cause(
        "overfitting",
        "It learned its images by heart.",
        _overfitting,
        "more images give the same validation loss",
    ),
)
