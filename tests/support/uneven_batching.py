"""Batches that neither the split nor the replicas divide evenly."""

import tensorflow as tf

from trainer.data.batching import Batching

# 13 images of 1 to 7 captions, of 1 to 6 words: the last batch of an epoch of
# two is not full, and leaves a replica less than the other.
BATCHING = Batching(
    batch_images=8,
    captions_per_image=3,
    max_length=4,
    num_streams=4,
    shuffle_window=4,
)


def replicas(count: int) -> tf.distribute.Strategy:
    if count == 1:
        return tf.distribute.OneDeviceStrategy("CPU:0")
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
