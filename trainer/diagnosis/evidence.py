"""What is measured of a run, as frozen values for JSON.

A part is None where what it needs is missing. Losses are in nats per token, END
included; shares lie between 0 and 1; CIDEr-D runs from 0 to 10.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from pipeline.card.facts import PairFacts
from trainer.diagnosis.said import Said
from trainer.diagnosis.stored_grids import StoredGrids
from trainer.evaluation.estimate import Estimate


@dataclasses.dataclass(frozen=True)
class Learning:
    """How the training went, by its log.

    Attributes:
      step: of the last row.
      first_loss: of the first rows.
      last_loss: mean of the last rows of training.
      logged_loss: of the validation split, at the step of the weights.
      logged_cider_d: of its first images' captions, there; None if unknown.
      logged_gap: what another image cost there; None if unknown.
      best_loss: the lowest of the validation split.
      end_loss: the last of the validation split.
      rate: the learning rate that half of the log's rows are below; None if
        unknown.
      skipped: updates that were skipped.
      tokens: tokens of an update.
      passes: how often each image was seen.
    """

    step: int
    first_loss: float
    last_loss: float
    logged_loss: float | None
    logged_cider_d: float | None
    logged_gap: float | None
    best_loss: float | None
    end_loss: float | None
    rate: float | None
    skipped: float
    tokens: float
    passes: float


@dataclasses.dataclass(frozen=True)
class Looks:
    """What the captioner owes to its image and words, on some images.

    Attributes:
      images: how many.
      attends: whether the captioner chooses among the places of the grid.
      loss: of their captions.
      rises: path -> by how much the loss rises; see `path_swaps.PathSwaps`.
      rules: rule -> by how much the loss rises under it; see there.
    """

    images: int
    attends: bool
    loss: Estimate
    rises: Mapping[str, Estimate]
    rules: Mapping[str, Estimate]

    @property
    def gap(self) -> Estimate:
        """The swap gap: what another image costs."""
        return self.rises["image"]


@dataclasses.dataclass(frozen=True)
class Data:
    """What the records hold, as they lie on the disk.

    Attributes:
      images: of the train split.
      sampled: train images that were looked at.
      captions: that were compared.
      pairing_z: how well captions fit images, in standard deviations.
      lag: shift at which captions fit better, 0 for none.
      lag_z: how well they fit there.
      dispersion: variance between images over all variance of the grids.
      untrained: whether the encoder's weights are noise.
      deviation: standard deviation of the grids' values.
      alike: share of the images whose grids are those of another image.
      unknown: share of UNK among the words, split -> share.
      own_words: share of the words that no other train image has: so many are
        unknown in an image of the same source that is held out.
      mode_share: of the train captions.
      collision: of the train captions.
      mode: the most frequent train caption.
      mode_images: share of the train images that have it.
      cut: share of the train captions without END.
      drawn: captions of an image in a batch, in the mean.
      tokens: of such a caption, END included, in the mean.
      ladder: rung -> loss of models that see words only; empty if unknown.
      human: CIDEr-D of people's captions; None if unknown.
      grids: how far they are from those of thumbnails that are encoded now;
        None without thumbnails or encoder.
      pairs: how many pairs are wrong; None of too few images.
    """

    images: int
    sampled: int
    captions: int
    pairing_z: float
    lag: int
    lag_z: float
    dispersion: float
    untrained: bool
    deviation: float
    alike: float
    unknown: Mapping[str, float]
    own_words: float
    mode_share: float
    collision: float
    mode: str
    mode_images: float
    cut: float
    drawn: float
    tokens: float
    ladder: Mapping[str, float]
    human: float | None
    grids: StoredGrids | None
    pairs: PairFacts | None


@dataclasses.dataclass(frozen=True)
class Trial:
    """A fresh captioner that learnt a few images by heart, or did not.

    Attributes:
      change: what was changed of the run's settings, as gin bindings.
      loss: after it, of these images.
      gap: what another of these images costs.
    """

    change: tuple[str, ...]
    loss: float
    gap: Estimate

    @property
    def passed(self) -> bool:
        """Whether the words depend on the image."""
        return self.gap.mean > 0.1 and self.gap.z > 3


@dataclasses.dataclass(frozen=True)
class Evidence:
    """All that the doctor knows.

    Attributes:
      run_dir: folder of the run.
      records: folder of the record set.
      captioner: name of the captioner's class.
      decoder: such as `Search`, as a configuration names it.
      strange: what is not the run's own; see `case.Case`.
      own: settings of the run that are used otherwise; see there.
      settings: the run's identity, as JSON values.
      step: of the weights that are judged; None if there are none.
      learning: by the log; None if there is none.
      validation: on the validation split.
      said: of the validation split, with the search that is configured.
      data: of the records.
      train: on images that were trained on.
      disordered: share of captions that change with the rest of a batch.
      replayed: loss of the whole validation split with these weights.
      trials: `own`, and slugs of causes -> outcome.
    """

    run_dir: str
    records: str
    captioner: str
    decoder: str
    strange: Mapping[str, str]
    own: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, Any]
    step: int | None
    learning: Learning | None
    validation: Looks | None
    said: Said | None
    data: Data | None
    train: Looks | None = None
    disordered: float | None = None
    replayed: float | None = None
    trials: Mapping[str, Trial] = dataclasses.field(default_factory=dict)

    @property
    def declared_blind(self) -> bool:
        """Whether the captioner was trained blind on purpose."""
        return not self.settings["captioner"].get("uses_image", True)

    @property
    def moved(self) -> float | None:
        """By how much the loss of the log rises with these weights and code.

        None if it is not known.
        """
        logged = self.learning.logged_loss if self.learning else None
        if logged is None or self.replayed is None:
            return None
        return self.replayed - logged

    @property
    def replays(self) -> bool | None:
        """Whether the loss in the log comes back; None if it is not known."""
        if self.moved is None:
            return None
        return abs(self.moved) <= self._tolerance

    @property
    def _tolerance(self) -> float:
        """How far the losses of two devices may be apart."""
        share = 1e-3 if self.settings["precision"] == "float32" else 1e-2
        return 5e-4 + share * (self.replayed or 0.0)

    @property
    def trained_under(self) -> str:
        """The rule under which the loss in the log comes back, or ''.

        Nothing is asked of a loss that comes back without any.
        """
        if self.replays is not False or not self.validation:
            return ""
        moved = self.moved or 0.0
        apart = {
            rule: abs(rise.mean + moved) / (self._tolerance + 3 * rise.error)
            for rule, rise in self.validation.rules.items()
        }
        nearest = min(apart, key=lambda rule: apart[rule], default="")
        return nearest if nearest and apart[nearest] < 1 else ""

    @property
    def poor(self) -> float:
        """How little the validation loss is below that of words alone, 0 to 1.

        0 where it is 0.35 nats a token below Kneser-Ney's trigram, or more.
        """
        rungs = self.data.ladder if self.data else {}
        if not rungs or self.replayed is None:
            return 0.0
        below = rungs["trigram"] - self.replayed
        return min(max((0.35 - below) / 0.25, 0.0), 1.0)

    @property
    def looks_well(self) -> bool:
        """Whether images matter and captions show it."""
        looks, said = self.validation, self.said
        if not looks or not said:
            return False
        return (
            looks.gap.z > 5
            and looks.gap.mean > 0.2
            and said.cider_d > said.shuffled + 0.2
        )

    def to_json(self) -> dict[str, Any]:
        """Returns JSON values."""
        return dataclasses.asdict(self)
