"""The time of an update beside that of its matrix products alone.

  python -m benchmarks.train_step
  python -m benchmarks.train_step --captioner=Transformer --captions=1
  python -m benchmarks.train_step --precision=mixed_bfloat16

Both run in turns, on random numbers, with Flickr8k's grid. The products are
those of the update's graph, forward and backward, in their shapes: nothing that
computes them can be faster.
"""

import argparse

import keras
import numpy as np
import tensorflow as tf

from benchmarks import products
from pipeline.recordset import vocabulary
from trainer import configurable
from trainer.devices import strategy
from trainer.training import (
    loss,
    loss_scale,
    objective,
    optimizer,
    train_step,
)

LOCATIONS, DEPTH, STREAMS = 49, 1280, 8
CAPTIONERS = {each.__name__: each for each in configurable.CAPTIONERS}


def batch_of(asked: argparse.Namespace) -> dict[str, tf.Tensor]:
    """Random captions without padding."""
    draw = np.random.default_rng(1)
    shape = [asked.images, asked.captions, asked.length]
    words = draw.integers(vocabulary.END, asked.vocabulary, shape)
    grid = draw.normal(size=[asked.images, LOCATIONS, DEPTH])
    return {
        "grid": tf.constant(grid, tf.float16),
        "tokens": tf.constant(words, tf.int32),
        "weights": tf.ones(shape),
        "streams": tf.range(STREAMS, dtype=tf.int64),
    }


def step_of(asked: argparse.Namespace) -> train_step.TrainStep:
    """The update of a captioner with its usual sizes, dropout and all."""
    model = CAPTIONERS[asked.captioner](
        vocabulary_size=asked.vocabulary,
        locations=LOCATIONS,
        depth=DEPTH,
        log_unigram=np.zeros(asked.vocabulary, np.float32),
        units=asked.units,
    )
    return train_step.TrainStep(
        strategy=tf.distribute.get_strategy(),
        captioner=model,
        optimizer=optimizer.AdamW().build(model.trainable_variables),
        objective=objective.TeacherForcing(loss.CaptionLoss()),
        loss_scale=loss_scale.LossScale(None),
        seed=1,
        jit_compile=asked.jit_compile,
    )


def main() -> None:
    """Prints medians, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--captioner", choices=CAPTIONERS, default="ShowAttendTell"
    )
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--captions", type=int, default=5)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--jit_compile", action="store_true")
    parser.add_argument(
        "--precision", choices=strategy.PRECISIONS, default="float32"
    )
    asked = parser.parse_args()
    keras.config.set_dtype_policy(asked.precision)
    batch, step = batch_of(asked), step_of(asked)
    update = step.over(iter(tf.data.Dataset.from_tensors(batch).repeat()))
    found = products.made_by(
        step.reduced_gradients,
        batch,
        tf.constant(0, tf.int64),
        tf.constant(1.0),
    )
    whole, told = products.compare(lambda: update(1), found, asked.rounds)
    captions = asked.images * asked.captions
    print(
        f"{asked.captioner}: an update {whole:.3f} s, "
        f"{captions / whole:.1f} captions/s; {told}"
    )


if __name__ == "__main__":
    main()
