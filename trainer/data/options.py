"""The options of every input pipeline: a fixed order, and no autotuning."""

import tensorflow as tf


def steady() -> tf.data.Options:
    """Options for a pipeline whose parallelism is set by hand.

    Autotuning can make the end of a training wait. Its thread sleeps between
    two looks at the pipeline, for up to a minute. Destroying the iterator wakes
    the thread before marking it as cancelled, so that it can go back to sleep
    for as long again.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return options
