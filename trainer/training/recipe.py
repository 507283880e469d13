"""How a captioner is trained: all that decides an update but the devices."""

import dataclasses
from typing import Any

import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.training import (
    caption_reward,
    caption_weights,
    setup,
    train_step,
    weight_average,
)
from trainer.training import grounding as grounding_lib
from trainer.training import hard_attention as hard_attention_lib
from trainer.training import loss as loss_lib
from trainer.training import loss_scale as loss_scale_lib
from trainer.training import objective as objective_lib
from trainer.training import optimizer as optimizer_lib
from trainer.training import self_critical as self_critical_lib


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The settings of an update, and how its parts are put together.

    Attributes:
      batching: of the training examples.
      optimizer: with its schedule.
      loss: what training minimises.
      loss_scale: used if the precision is mixed_float16.
      grounding: what makes the captioner need its image.
      self_critical: rewards the captioner's own samples; None for training on
        true captions alone.
      hard_attention: draws one place of the grid for each word; None for soft
        attention alone.
      microbatches: parts in which a replica computes its batch one after the
        other to save memory; the update is the same.
      jit_compile: compile each replica's forward and backward pass with XLA,
        as on a TPU always.
    """

    batching: Batching
    optimizer: optimizer_lib.AdamW
    loss: loss_lib.CaptionLoss
    loss_scale: loss_scale_lib.DynamicScale
    grounding: grounding_lib.Grounding = grounding_lib.Grounding()
    self_critical: self_critical_lib.SelfCritical | None = None
    hard_attention: hard_attention_lib.HardAttention | None = None
    microbatches: int = 1
    jit_compile: bool = False

    def for_batch(self) -> "Recipe":
        """The recipe with its learning rate scaled to its batch."""
        images = self.batching.batch_images
        return dataclasses.replace(
            self, optimizer=self.optimizer.for_batch(images)
        )

    def until(self, num_steps: int) -> "Recipe":
        """The recipe with a schedule that ends after that many updates."""
        return dataclasses.replace(
            self, optimizer=self.optimizer.until(num_steps)
        )

    def rates(self, first_step: int, num_steps: int) -> str:
        """The learning rates of a run's updates, for people."""
        optimizer = self.optimizer
        end = float(optimizer.rate(tf.constant(num_steps - 1)))
        said = f"learning rate {optimizer.learning_rate:g}"
        if first_step:
            now = float(optimizer.rate(tf.constant(first_step)))
            said += f", {now:.3g} at step {first_step + 1}"
        said += f", {end:.3g} at the last step, {num_steps}"
        if num_steps <= optimizer.warmup_steps:
            said += (
                f": the warm-up, AdamW.warmup_steps = {optimizer.warmup_steps},"
                " does not end before"
            )
        return said

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that decide an update's numbers; fixed during a run."""
        names = ("batching", "optimizer", "loss", "loss_scale")
        grounded = self.grounding != grounding_lib.Grounding()
        added = {
            "grounding": self.grounding if grounded else None,
            "self_critical": self.self_critical,
            "hard_attention": self.hard_attention,
        }
        return {
            **{name: dataclasses.asdict(getattr(self, name)) for name in names},
            **{
                name: dataclasses.asdict(part) if part else None
                for name, part in added.items()
            },
        }

    def objective(
        self, record_set: record_set_lib.RecordSet
    ) -> objective_lib.Objective:
        """What is minimised; counts the train captions if it needs to."""
        length, power = self.batching.max_length, self.loss.repeat_power
        truth = objective_lib.TeacherForcing(
            self.loss,
            self.grounding,
            self.hard_attention,
            caption_weights.CaptionWeights.of(record_set, length, power)
            if power
            else None,
        )
        if not self.self_critical:
            return truth
        frequencies = caption_reward.DocumentFrequencies.of(record_set, length)
        return self_critical_lib.PolicyGradient(
            self.self_critical, caption_reward.CiderDReward(frequencies), truth
        )

    def data(
        self, record_set: record_set_lib.RecordSet
    ) -> batches.CaptionDataset:
        """The train split in the order of training."""
        return batches.CaptionDataset(
            record_set, "train", self.batching, shuffle=True
        )

    def build(
        self,
        given: setup.Setup,
        record_set: record_set_lib.RecordSet,
        devices: tf.distribute.Strategy,
        *,
        workers: int,
    ) -> train_step.TrainStep:
        """Makes captioner and optimizer under the strategy, and their step.

        Args:
          given: names the captioner's constructor.
          record_set: decides the sizes of grid and vocabulary.
          devices: the strategy to train under.
          workers: processes that the devices belong to.

        Raises:
          ValueError: the streams can't be shared evenly by the replicas, or a
            replica's streams by the microbatches.
        """
        replicas = devices.num_replicas_in_sync
        streams = self.batching.replica_streams(replicas, workers)
        if self.microbatches < 1 or streams % self.microbatches:
            raise ValueError(
                "`microbatches` must divide the streams of a replica, got "
                f"{self.microbatches} microbatches and {streams} streams"
            )
        sizes = record_set.manifest.grid, record_set.vocabulary
        decay, average = self.optimizer.average_decay, None
        with devices.scope():
            model = given.build(*sizes)
            if decay:
                mean = given.build(*sizes)
                average = weight_average.WeightAverage(mean, decay)
            adamw = self.optimizer.build(model.trainable_variables)
        half = given.devices.precision == "mixed_float16"
        scale = self.loss_scale if half else None
        return train_step.TrainStep(
            strategy=devices,
            captioner=model,
            optimizer=adamw,
            objective=self.objective(record_set),
            loss_scale=loss_scale_lib.LossScale(scale),
            seed=given.seed,
            microbatches=self.microbatches,
            average=average,
            jit_compile=self.jit_compile,
        )
