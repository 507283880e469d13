"""Lowers a run's device programs to XLA's HLO by TensorFlow.

  python -m tests.support.device_programs --output=programs --run=flickr8k

The programs are the trainer's own: those that `strategy.run` gets on each
replica, and the search. The loop around them stays on the host.
"""

import argparse
import dataclasses
import functools
import pathlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

import gin
from pipeline.recordset import records, vocabulary
from trainer import config
from trainer.decoding import generator, step
from trainer.devices import strategy
from trainer.evaluation import split_loss
from trainer.training import (
    loss_scale,
    objective,
    train_step,
    weight_average,
)

GRID = records.GridSpec(locations=49, depth=1280)
# Flickr8k's as in the README; COCO's, of words said five times, rounded up.
VOCABULARY = {"flickr8k": 2538, "coco": 10_000}


@dataclasses.dataclass(frozen=True)
class Program:
    """One function, lowered.

    Attributes:
      name: of it.
      lowered: stage of the compiler -> what it makes of the function.
    """

    name: str
    lowered: Callable[..., Any]

    @functools.cached_property
    def text(self) -> str:
        """HLO, before any optimisation."""
        return self.lowered(stage="hlo")

    @functools.cached_property
    def proto(self) -> bytes:
        """The same as a serialised `HloModuleProto`."""
        return self.lowered(stage="hlo_serialized")


def lower(
    name: str, function: Callable[..., Any], arguments: Sequence[Any]
) -> Program:
    """Takes a function with the variables that it reads and assigns.

    Lowering it raises `tf.errors.OpError` or ValueError where it has an
    operation that XLA does not know.
    """
    # A bound `tf.function` can't be traced as one itself.
    compiled = tf.function(
        lambda *given: function(*given), jit_compile=True, autograph=False
    )
    return Program(name, compiled.experimental_get_compiler_ir(*arguments))


def one_of(replicas: int) -> tf.distribute.Strategy:
    """A CPU that takes itself for one of so many replicas.

    What they reduce is summed one by one, as `TPUStrategy` does.
    """
    cpu = tf.distribute.OneDeviceStrategy("CPU:0")

    def reduce(
        reduction: tf.distribute.ReduceOp,
        values: Sequence[tf.Tensor],
        options: Any = None,
    ) -> list[tf.Tensor]:
        assert reduction is tf.distribute.ReduceOp.SUM
        return [
            tf.raw_ops.CollectiveReduceV2(
                input=value,
                group_size=replicas,
                group_key=1,
                instance_key=number,
                ordering_token=[],
                merge_op="Add",
                final_op="Id",
            )
            for number, value in enumerate(values)
        ]

    # As on a GPU under XLA: without `merge_call`, which no device can run.
    cpu.extended._use_merge_call = lambda: False
    cpu.extended._replica_ctx_all_reduce = reduce
    return cpu


def faults(program: Program) -> list[str]:
    """Lines of HLO that no accelerator should be given.

    Dimensions that only the data tell (`<=`), and calls out of the program.
    """
    outside = re.compile(
        r"\[[^\]]*<=| (custom-call|infeed|outfeed|send|recv)\("
    )
    lines = program.text.splitlines()
    return [line.strip() for line in lines if outside.search(line)]


def products(program: Program) -> list[str]:
    """Types of the factors of each matrix product, such as `bf16,bf16`."""
    pairs = re.findall(r" dot\((\w+)\[[^)]*?, (\w+)\[[^)]*\)", program.text)
    return [",".join(pair) for pair in pairs]


class Run:
    """The device programs of a gin file, in 16 bits where matrices multiply."""

    def __init__(
        self,
        files: Sequence[str],
        parameters: Sequence[str] = (),
        *,
        vocabulary_size: int,
        replicas: int = 1,
        microbatches: int = 1,
    ):
        """Parses the files, whose names `configurable` registers, and builds
        what they bind; no data is read.
        """
        config.load(files, parameters)
        devices = strategy.Devices(
            kind="one_device", names=("CPU:0",), precision="mixed_bfloat16"
        )
        devices.open()
        setup, self._batching = _bound("train.setup"), _bound("Recipe.batching")
        self._search, self._replicas = setup.search, replicas
        words = {f"word{n}": 9 for n in range(vocabulary_size - 4)}
        self._vocabulary = vocabulary.Vocabulary.from_counts(
            words, num_captions=9, num_words=9 * len(words)
        )
        self._replica = one_of(replicas)
        adamw = _bound("Recipe.optimizer")
        decay = adamw.average_decay
        with self._replica.scope():
            self._model, mean = (
                setup.build(GRID, self._vocabulary) for _ in range(2)
            )
            optimizer = adamw.build(self._model.trainable_variables)
        self._step = train_step.TrainStep(
            strategy=self._replica,
            captioner=self._model,
            optimizer=optimizer,
            objective=objective.TeacherForcing(
                _bound("Recipe.loss"), _bound("Recipe.grounding")
            ),
            loss_scale=loss_scale.LossScale(None),
            seed=1,
            microbatches=microbatches,
            average=weight_average.WeightAverage(mean, decay)
            if decay
            else None,
        )

    def gradients(self) -> Program:
        """Forward, backward, and the sum over the replicas."""
        step, scale = tf.constant(3, tf.int64), tf.constant(1.0)
        return self._lower(
            "gradients", self._step.reduced_gradients, self._batch, step, scale
        )

    def apply(self) -> Program:
        """Clipping, AdamW and the mean of the weights."""
        weights = self._model.trainable_variables
        gradients = [tf.zeros(weight.shape) for weight in weights]
        return self._lower("apply", self._step.apply, gradients)

    def evaluation(self) -> Program:
        """The loss of a split's batch."""
        measure = split_loss.LossOfSplit(
            strategy=self._replica, captioner=self._model
        )
        return self._lower("evaluation", measure.replica_sums, self._batch)

    def decoding(self, beams: int) -> Program:
        """Greedy search where there is one beam."""
        search = dataclasses.replace(self._search, beams=beams)
        name = f"beam-{beams}" if beams > 1 else "greedy"
        return self.searching(search, name)

    def searching(self, search: step.Decoder, name: str) -> Program:
        """Captions of a batch by any decoder."""
        searcher = generator.CaptionGenerator(
            self._model, self._vocabulary, search
        )
        grid = self._grid(search.batch_images)
        return self._lower(name, searcher.decode, grid)

    def every(self) -> list[Program]:
        """All of them, by the search's beams and by one."""
        return [
            self.gradients(),
            self.apply(),
            self.evaluation(),
            self.decoding(1),
            self.decoding(max(self._search.beams, 2)),
        ]

    def _lower(
        self, name: str, function: Callable[..., Any], *arguments: Any
    ) -> Program:
        lowered = []

        def replica(*own: Any) -> None:
            lowered.append(lower(name, function, own))

        self._replica.run(replica, arguments)
        return lowered[0]

    @property
    def _batch(self) -> dict[str, tf.Tensor]:
        """A replica's share of what `batches.CaptionDataset` gives."""
        batching = self._batching
        images = batching.batch_images // self._replicas
        shape = [images, batching.captions_per_image, batching.max_length]
        streams = batching.num_streams // self._replicas
        return {
            "grid": self._grid(images),
            "tokens": tf.ones(shape, tf.int32),
            "weights": tf.ones(shape),
            "streams": tf.range(streams, dtype=tf.int64),
        }

    def _grid(self, images: int) -> tf.Tensor:
        return tf.zeros([images, GRID.locations, GRID.depth], GRID.dtype)


def _bound(name: str) -> Any:
    """What the configuration binds to a name, such as `Recipe.loss`, made."""
    return gin.query_parameter(name).scoped_configurable_fn()


def main() -> None:
    """Writes a file for each program of a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--run", choices=VOCABULARY, required=True)
    parser.add_argument("--replicas", type=int, default=1)
    asked = parser.parse_args()
    run = Run(
        [f"gin/run_{asked.run}.gin"],
        vocabulary_size=VOCABULARY[asked.run],
        replicas=asked.replicas,
    )
    asked.output.mkdir(parents=True, exist_ok=True)
    for program in run.every():
        asked.output.joinpath(program.name).write_bytes(program.proto)


if __name__ == "__main__":
    main()
