"""The options of every input pipeline: a fixed order, and no autotuning."""

import tensorflow as tf


def steady() -> tf.data.Options:
    """Options for a pipeline whose parallelism is set by hand.

    Autotuning would end late: its thread looks again every few milliseconds
    first, then ever more rarely, up to a minute. Destroying the iterator wakes
    it before marking it as cancelled, so that it can go to sleep once more and
    keep the end of a training waiting.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return options
