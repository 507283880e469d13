"""One update of all replicas, and the loss of a split."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.captioners import contract, dropout
from trainer.data import batches as batches_lib
from trainer.loop import loop
from trainer.training import loss_scale as loss_scale_lib
from trainer.training import objective as objective_lib
from trainer.training import optimizer as optimizer_lib
from trainer.training import weight_average


class TrainStep:
    """Updates a captioner's weights, alike on any number of replicas.

    Each replica sums its losses; one all-reduce adds gradients, losses and
    token counts; the sum is divided by the global count of real tokens. So
    neither padding nor an empty replica changes the update.

    Attributes:
      strategy: whose replicas make the update.
      captioner: whose weights are updated.
      optimizer: updates the weights.
      loss_scale: multiplies the loss while gradients are in float16.
      average: running mean of the captioner's weights, or None.
      step: int64 variable [], updates made so far; decides batch and masks.
      skipped: int64 variable [], updates skipped because their gradients were
        not finite.
    """

    def __init__(
        self,
        *,
        strategy: tf.distribute.Strategy,
        captioner: contract.Captioner,
        optimizer: optimizer_lib.ReducedAdamW,
        objective: objective_lib.Objective,
        loss_scale: loss_scale_lib.LossScale,
        seed: int,
        microbatches: int = 1,
        average: weight_average.WeightAverage | None = None,
        jit_compile: bool = False,
    ):
        """Binds parts that were made under the strategy's scope.

        Args:
          strategy: see the class.
          captioner: see the class.
          optimizer: see the class.
          objective: what is minimised, summed over a batch.
          loss_scale: see the class.
          seed: of dropout.
          microbatches: parts in which a replica computes its batch one after
            the other to save memory; the update is the same. Divides the
            replica's streams.
          average: see the class.
          jit_compile: compile a replica's forward and backward pass with XLA.
        """
        self.strategy, self.captioner = strategy, captioner
        self.average = average
        self.loss_scale, self._microbatches = loss_scale, microbatches
        self.optimizer, self._seed = optimizer, seed
        self._objective = objective
        # Keras variables wrap TensorFlow's, which are read in the graph.
        self._weights = [v.value for v in captioner.trainable_variables]
        # XLA accepts no variable of another device, so weights go in by value.
        self._compute = (
            tf.function(self._accumulated, jit_compile=True)
            if jit_compile
            else self._accumulated
        )
        # Created outside strategy.scope(), so that int(step) always works.
        self.step = tf.Variable(0, False, name="step", dtype=tf.int64)
        self.skipped = tf.Variable(0, False, name="skipped", dtype=tf.int64)

    @property
    def outcome(self) -> keras.Model:
        """The captioner to validate and save: the average, if there is one."""
        return self.average.captioner if self.average else self.captioner

    @property
    def captioners(self) -> list[contract.Captioner]:
        """The captioner, and the one that holds the mean if there is one."""
        return [self.captioner, *([self.outcome] if self.average else [])]

    def over(self, batches: Iterator[Any]) -> Callable[[int], loop.Updates]:
        """Binds the batches; the loop calls the result.

        Args:
          batches: distributed; see `batches.CaptionDataset`.

        Returns:
          A function from a number of updates, which it makes, to their outcome.
        """

        def make_updates(count: int) -> loop.Updates:
            """Makes that many updates."""
            made = self.train(batches, tf.constant(count))
            scalars, losses, sound, took, waited = made
            broken = np.flatnonzero(~sound.numpy())
            return loop.Updates(
                {name: float(value) for name, value in scalars.items()},
                tuple(losses.numpy().tolist()),
                int(broken[0]) if len(broken) else None,
                tuple(took.numpy().tolist()),
                tuple(waited.numpy().tolist()),
            )

        return make_updates

    @tf.function(reduce_retracing=True)
    def train(
        self, batches: Iterator[Any], num_steps: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], *tuple[tf.Tensor, ...]]:
        """Makes several updates in one graph.

        The clock is read on the host, between the replicas' programs.

        Args:
          batches: distributed; see `batches.CaptionDataset`.
          num_steps: int32 [].

        Returns:
          A tuple of
            scalars, float32 [] each: `loss` in nats per token and
              `gradient_norm` before clipping, means over the updates; `tokens`,
              their sum; `loss_scale` and `skipped` after the last update;
            the loss of each update, float32 [num_steps], nats per token;
            whether each update is sound, bool [num_steps]: its loss and
              gradients are finite, or may become so with a smaller loss scale;
            seconds from the end of the update before to the end of each,
              float64 [num_steps];
            seconds of these that this worker waited for the batch, float64
              [num_steps].
        """
        loss, tokens, norm = tf.zeros([]), tf.zeros([]), tf.zeros([])
        losses = tf.TensorArray(tf.float32, num_steps)
        sound = tf.TensorArray(tf.bool, num_steps)
        took = tf.TensorArray(tf.float64, num_steps)
        waited = tf.TensorArray(tf.float64, num_steps)
        free = tf.timestamp()
        for number in tf.range(num_steps):
            batch = next(batches)
            # The next batch may arrive while an update still runs.
            arrived = _time_after(batch)
            waited = waited.write(number, tf.maximum(arrived - free, 0))
            hopeful = self.loss_scale.can_fall()
            # Read the clock before the update starts.
            with tf.control_dependencies([arrived]):
                new_loss, new_tokens, new_norm = self._update(batch)
            losses = losses.write(number, new_loss)
            numbers = tf.math.is_finite(new_norm) | hopeful
            sound = sound.write(number, tf.math.is_finite(new_loss) & numbers)
            loss += new_loss
            tokens += new_tokens
            norm += new_norm
            done = _time_after(self.skipped.read_value())
            took = took.write(number, done - free)
            free = done
        count = tf.cast(num_steps, tf.float32)
        scalars = {
            "loss": loss / count,
            "tokens": tokens,
            "gradient_norm": norm / count,
            "loss_scale": self.loss_scale.factor.read_value(),
            "skipped": tf.cast(self.skipped.read_value(), tf.float32),
        }
        arrays = (losses, sound, took, waited)
        return scalars, *(array.stack() for array in arrays)

    def _update(self, batch: Any) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Makes one update.

        Returns:
          Loss in nats per token, tokens, and the gradients' global norm;
          float32 [] each.
        """
        step, scale = (
            self.step.read_value(),
            self.loss_scale.factor.read_value(),
        )
        results = self.strategy.run(
            self.reduced_gradients, (batch, step, scale)
        )
        gradients, loss, tokens, norm = results
        finite = tf.math.is_finite(self._first(norm))

        def apply() -> tf.Tensor:
            """Applies the gradients; returns int64 [], zero skipped."""
            self.strategy.run(self.apply, (gradients,))
            return tf.constant(0, tf.int64)

        # The gradients are reduced: all replicas skip the update, or none does.
        skipped = tf.cond(finite, apply, lambda: tf.constant(1, tf.int64))
        self.skipped.assign_add(skipped)
        self.loss_scale.update(finite)
        self.step.assign_add(1)
        return self._first(loss), self._first(tokens), self._first(norm)

    def _first(self, value: Any) -> tf.Tensor:
        return self.strategy.experimental_local_results(value)[0]

    def apply(self, gradients: list[tf.Tensor]) -> None:
        """On one replica: updates the weights, then their mean.

        Args:
          gradients: reduced, float32, shaped as the weights.
        """
        variables = self.captioner.trainable_variables
        self.optimizer.apply(gradients, variables)
        if self.average:
            self.average.update(variables, self.optimizer.iterations)

    def reduced_gradients(
        self, batch: batches_lib.Batch, step: tf.Tensor, scale: tf.Tensor
    ) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]:
        """On one replica: computes gradients, and reduces them over all.

        Args:
          batch: of this replica; see `batches.CaptionDataset`.
          step: int64 [], updates made before this one.
          scale: float32 [], factor of the loss.

        Returns:
          Equal on every replica: the gradients of the mean loss over all real
          tokens, float32, shaped as the weights; that mean in nats; the number
          of tokens; the gradients' global norm. The last three are float32 [].
        """
        weights = [weight.read_value() for weight in self._weights]
        sums = self._compute(weights, batch, step, scale)
        replica = tf.distribute.get_replica_context()
        *gradients, cross_entropy, tokens = replica.all_reduce(
            tf.distribute.ReduceOp.SUM, sums
        )
        count = tf.maximum(tokens, 1.0)
        gradients = [part / (count * scale) for part in gradients]
        norm = tf.linalg.global_norm(gradients)
        return gradients, cross_entropy / count, tokens, norm

    def _accumulated(
        self,
        weights: list[tf.Tensor],
        batch: batches_lib.Batch,
        step: tf.Tensor,
        scale: tf.Tensor,
    ) -> list[tf.Tensor]:
        """The sums of a replica's microbatches."""
        if self._microbatches == 1:
            return self._sums(weights, batch, step, scale)
        # Parts are cut between streams, so that dropout masks stay the same.
        parts = batches_lib.in_parts(batch, self._microbatches)

        def add(number: tf.Tensor, sums: list[tf.Tensor]) -> Any:
            """Adds the sums of a part, by its number, int32 []."""
            part = {name: value[number] for name, value in parts.items()}
            new = self._sums(weights, part, step, scale)
            return number + 1, [a + b for a, b in zip(sums, new, strict=True)]

        zeros = [tf.zeros(weight.shape) for weight in weights]
        zeros += [tf.zeros([]), tf.zeros([])]
        _, sums = tf.while_loop(
            lambda number, _: number < self._microbatches,
            add,
            (tf.constant(0), zeros),
        )
        return list(sums)

    def _sums(
        self,
        weights: list[tf.Tensor],
        batch: batches_lib.Batch,
        step: tf.Tensor,
        scale: tf.Tensor,
    ) -> list[tf.Tensor]:
        """Gradients of the scaled loss, cross entropy and real tokens."""
        masks = dropout.StreamDropout(
            self.captioner.dropout_rate, self._seed, step, batch["streams"]
        )
        variables = self.captioner.trainable_variables
        values = zip(variables, weights, strict=True)
        with tf.GradientTape() as tape, keras.StatelessScope(values):
            tape.watch(weights)
            total, cross_entropy = self._objective(self.captioner, batch, masks)
            total *= scale
        gradients = tape.gradient(total, weights, unconnected_gradients="zero")
        gradients = [tf.convert_to_tensor(part) for part in gradients]
        return [*gradients, cross_entropy, tf.reduce_sum(batch["weights"])]


def _time_after(values: Any) -> tf.Tensor:
    """Seconds since 1970, float64 [], read after all values are computed."""
    with tf.control_dependencies(tf.nest.flatten(values, True)):
        return tf.timestamp()
