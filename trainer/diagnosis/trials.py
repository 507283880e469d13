"""Short trainings of fresh captioners, with the run's settings or others.

A captioner that can learn at all tells a few images apart after a hundred
updates. Where the run's own settings fail at that and one changed setting does
not, that setting is the cause.
"""

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from trainer.data import batches as batches_lib
from trainer.data.batching import Batching
from trainer.diagnosis import path_swaps
from trainer.diagnosis.evidence import Trial
from trainer.evaluation.estimate import Estimate
from trainer.run import identity as identity_lib
from trainer.training import grounding as grounding_lib
from trainer.training import hard_attention as hard_attention_lib
from trainer.training import loss as loss_lib
from trainer.training import loss_scale as loss_scale_lib
from trainer.training import optimizer as optimizer_lib
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib

_IMAGES, _CAPTIONS, _UPDATES = 32, 2, 120


@dataclasses.dataclass(frozen=True)
class Change:
    """A setting of a run, and the value to try in its place.

    Attributes:
      part: field of the identity that holds it.
      name: of the setting there.
      value: to try.
    """

    part: str
    name: str
    value: Any

    def binding(self, captioner: str) -> str:
        """The line to paste into a gin file.

        Args:
          captioner: name of the captioner's class.
        """
        owner = {
            "captioner": captioner,
            "optimizer": "AdamW",
            "loss": "CaptionLoss",
        }[self.part]
        return f"{owner}.{self.name} = {self.value!r}"


class Laboratory:
    """Trains fresh captioners on a few images of a run."""

    def __init__(
        self,
        setup: setup_lib.Setup,
        record_set: record_set_lib.RecordSet,
        identity: identity_lib.RunIdentity,
        length: int,
    ):
        """Draws the images.

        Args:
          setup: names the captioner's constructor and the devices.
          record_set: what the run was trained on.
          identity: what it was trained with.
          length: tokens of a caption, END included.
        """
        self._setup, self._record_set = setup, record_set
        self._identity = identity
        self._batching = Batching(
            batch_images=_IMAGES,
            captions_per_image=_CAPTIONS,
            max_length=length,
            num_streams=1,
        )
        data = batches_lib.CaptionDataset(
            record_set, "train", self._batching, shuffle=False
        )
        self._batch = data.first_images(_IMAGES)

    def run(self, changes: Sequence[Change] = ()) -> Trial:
        """Trains with the run's settings but for some, and swaps images."""
        settings, hard = self._changed(changes), self._identity.hard_attention
        setup = dataclasses.replace(
            self._setup,
            captioner=functools.partial(
                self._setup.captioner, **settings["captioner"]
            ),
        )
        recipe = recipe_lib.Recipe(
            batching=self._batching,
            optimizer=optimizer_lib.AdamW(**settings["optimizer"]),
            loss=loss_lib.CaptionLoss(**settings["loss"]),
            loss_scale=loss_scale_lib.DynamicScale(**settings["loss_scale"]),
            grounding=grounding_lib.Grounding(
                **(self._identity.grounding or {})
            ),
            hard_attention=hard_attention_lib.HardAttention(**hard)
            if hard
            else None,
        ).until(_UPDATES)
        devices = tf.distribute.get_strategy()
        step = recipe.build(setup, self._record_set, devices, workers=1)
        step.train(self._forever(), tf.constant(_UPDATES))
        swaps = path_swaps.measure(step.captioner, self._batch)
        name = type(step.captioner).__name__
        return Trial(
            tuple(change.binding(name) for change in changes),
            float(swaps.own.mean()),
            Estimate.of(swaps.rises["image"]),
        )

    def _changed(self, changes: Sequence[Change]) -> Mapping[str, Any]:
        identity = self._identity
        settings = {
            part: dict(getattr(identity, part))
            for part in ("captioner", "optimizer", "loss", "loss_scale")
        }
        settings["optimizer"]["average_decay"] = 0.0
        for change in changes:
            settings[change.part][change.name] = change.value
        return settings

    def _forever(self) -> Iterator[batches_lib.Batch]:
        one = {**self._batch, "streams": tf.zeros([1], tf.int64)}
        return iter(tf.data.Dataset.from_tensors(one).repeat())
