"""What captioners share that attend to the places of a projected grid."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from trainer.captioners import attention, recurrent
from trainer.captioners import dropout as dropout_lib


class Memory(NamedTuple):
    """What is computed once per image, in the compute dtype.

    Attributes:
      values: [images, locations, units], the projected grid.
      keys: [images, locations, attention units], the keys of its attention.
    """

    values: tf.Tensor
    keys: tf.Tensor


class Overview(NamedTuple):
    """What is computed once per image where each word reads the mean too.

    Attributes:
      grid: values and keys.
      mean_in: [images, ...], what the gates get of the values' mean.
    """

    grid: Memory
    mean_in: tf.Tensor


class GridReader(recurrent.Recurrent):
    """Projects the grid once per image, for any number of hypotheses.

    The grid is projected to `units`, because every word would else compute with
    the encoder's depth of 1,280. Each location has a learned embedding, so that
    attention can tell left from right.
    """

    def __init__(
        self, name: str, settings: dict[str, Any], locations: int, depth: int
    ):
        """Makes the weights that read the grid.

        Args:
          name: of the model.
          settings: with `units`, `attention_units` and those of `Recurrent`.
          locations: number of the grid's locations.
          depth: number of features of a location.
        """
        super().__init__(name, settings)
        units, keys = settings["units"], settings["attention_units"]
        self.value = keras.layers.Dense(units, name="value")
        self.value_norm = keras.layers.LayerNormalization(name="value_norm")
        self.place = keras.layers.Embedding(locations, units, name="place")
        self.key = keras.layers.Dense(keys, name="key")
        self.attend = attention.AdditiveAttention(keys, name="attend")
        self.value.build([None, locations, depth])
        self.value_norm.build([None, locations, units])
        self.place.build([None])
        self.key.build([None, locations, units])
        self.attend.build(units, keys)

    def _project(
        self, grid: tf.Tensor, dropout: dropout_lib.StreamDropout | None
    ) -> Memory:
        """Projects the grid, [images, locations, depth] of any float dtype."""
        grid = self._seen(grid)
        values = tf.nn.relu(self.value_norm(self.value(grid)))
        if dropout:
            values = dropout(values, recurrent.Mask.GRID)
        values += self.place(tf.range(grid.shape[1]))
        return Memory(values, self.key(values))
