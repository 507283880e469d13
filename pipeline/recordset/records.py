"""CaptionedImage <-> bytes: what the job writes and training reads."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import tensorflow as tf
from google.protobuf import message

from pipeline.recordset import tfrecord

# Fields with any number of values; the others have one.
_SEVERAL = ("captions", "views")
GRID_DTYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


@dataclasses.dataclass(frozen=True)
class GridSpec:
    """Shape and storage of every grid in a record set.

    Attributes:
      locations: of the image, the first axis.
      depth: features at each location, the second axis.
      dtype: one of `GRID_DTYPES`.

    Raises:
      ValueError: `dtype` is not one that can be stored.
    """

    locations: int
    depth: int
    dtype: str = "float16"

    def __post_init__(self) -> None:
        """Validates the storage type."""
        if self.dtype not in GRID_DTYPES:
            raise ValueError(
                f"`dtype` must be one of {sorted(GRID_DTYPES)}, "
                f"got {self.dtype!r}"
            )

    @property
    def num_bytes(self) -> int:
        """Length of a stored grid."""
        itemsize = np.dtype(GRID_DTYPES[self.dtype]).itemsize
        return self.locations * self.depth * itemsize

    def from_bytes(self, stored: bytes) -> np.ndarray:
        """The inverse of `to_bytes`: raw bytes -> float32 [locations, depth].

        Raises:
          ValueError: another number of bytes.
        """
        if len(stored) != self.num_bytes:
            raise ValueError(
                f"a grid of {len(stored)} bytes, {self.num_bytes} are needed "
                f"for {self.locations} x {self.depth} of {self.dtype}"
            )
        grid: np.ndarray = np.frombuffer(stored, GRID_DTYPES[self.dtype])
        # NumPy takes several times as long to widen float16.
        wide = np.asarray(tf.cast(grid, tf.float32))
        return wide.reshape(self.locations, self.depth)

    def narrow(self, grids: tf.Tensor | np.ndarray) -> np.ndarray:
        """Rounds floats to the storage type.

        Args:
          grids: floats of any shape.

        Returns:
          The same shape in `dtype`. Values that it cannot hold become infinite,
          which `to_bytes` refuses.
        """
        # NumPy takes eight times as long to narrow to float16.
        return np.asarray(tf.cast(grids, self.dtype))

    def to_bytes(self, grid: np.ndarray) -> bytes:
        """Float [locations, depth], of `dtype` or to be narrowed -> raw bytes.

        Raises:
          ValueError: another shape, or a value that is not finite or would
            overflow the storage type.
        """
        if grid.shape != (self.locations, self.depth):
            raise ValueError(
                f"grid shape {grid.shape} is not {(self.locations, self.depth)}"
            )
        dtype = np.dtype(GRID_DTYPES[self.dtype])
        stored = grid if grid.dtype == dtype else self.narrow(grid)
        largest = np.array(ml_dtypes.finfo(dtype).max, dtype).view(np.uint16)
        # Without the sign bit, only infinities and NaN have larger bits.
        if (stored.view(np.uint16) & 0x7FFF).max() > largest:
            raise ValueError(f"grid has values that {self.dtype} cannot hold")
        return stored.tobytes()


@dataclasses.dataclass(frozen=True)
class CaptionedImage:
    """One image as it is stored.

    Attributes:
      image_id: unique in the record set.
      source: where the image was read, relative to the image root.
      captions: text.
      grid: raw bytes of [locations, depth]; see `GridSpec`.
      thumbnail: a JPEG, or empty when thumbnails are turned off.
      views: name -> grid of another view of the image, stored as `grid` is.
    """

    image_id: str
    source: str
    captions: tuple[str, ...]
    grid: bytes
    thumbnail: bytes = b""
    views: Mapping[str, bytes] = dataclasses.field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """A serialised `tf.train.Example`; equal records give equal bytes."""
        values = {
            "image_id": [self.image_id.encode()],
            "source": [self.source.encode()],
            "captions": [text.encode() for text in self.captions],
            "grid": [self.grid],
            "thumbnail": [self.thumbnail],
        }
        # A record without views has no such fields.
        if self.views:
            values["view_names"] = [name.encode() for name in self.views]
            values["views"] = list(self.views.values())
        example = tf.train.Example()
        features = example.features.feature
        for name, value in values.items():
            # Filled in place: a constructor would copy the messages.
            features[name].bytes_list.value.extend(value)
        return example.SerializeToString(deterministic=True)

    @classmethod
    def from_bytes(cls, data: bytes) -> "CaptionedImage":
        """The inverse of `to_bytes`, outside the graph.

        Raises:
          CorruptShard: the bytes are no such record.
        """
        try:
            features = tf.train.Example.FromString(data).features.feature
            values = {
                name: list(features[name].bytes_list.value)
                for name in ("image_id", "source", "grid", "thumbnail")
            }
            (image_id,), (source,), (grid,), (thumbnail,) = values.values()
            captions, names, views = (
                features[name].bytes_list.value
                for name in ("captions", "view_names", "views")
            )
            return cls(
                image_id=image_id.decode(),
                source=source.decode(),
                captions=tuple(text.decode() for text in captions),
                grid=grid,
                thumbnail=thumbnail,
                views={
                    name.decode(): view
                    for name, view in zip(names, views, strict=True)
                },
            )
        except (message.DecodeError, ValueError) as error:
            raise tfrecord.CorruptShard(
                f"not a record of an image: {error}"
            ) from error


def parse(serialised: tf.Tensor, spec: GridSpec) -> dict[str, Any]:
    """The inverse of `CaptionedImage.to_bytes`, in the graph.

    Args:
      serialised: string [], a record, or string [n].
      spec: of the record set, from its manifest.

    Returns:
      `image_id`, `source`, `thumbnail`: string [] or [n]; `captions`: string
      [k] or ragged [n, (k)]; `grid`: [locations, depth] or [n, locations,
      depth] of the stored dtype.
    """
    row = fields(serialised, "image_id", "source", "thumbnail", "grid")
    return {**row, "grid": decode_grids(row["grid"], spec)}


def fields(serialised: tf.Tensor, *names: str) -> dict[str, Any]:
    """Parses some fields of records.

    Args:
      serialised: string [], a record, or string [n].
      *names: of the fields besides `captions`.

    Returns:
      Name -> string [] or [n], raw bytes; `captions`, and `views` if they are
      named: string [k] or ragged [n, (k)].
    """
    one = tf.io.FixedLenFeature([], tf.string)
    several = tf.io.RaggedFeature(tf.string, row_splits_dtype=tf.int64)
    features = {
        name: several if name in _SEVERAL else one
        for name in (*names, "captions")
    }
    return tf.io.parse_example(serialised, features)


def decode_grids(stored: tf.Tensor, spec: GridSpec) -> tf.Tensor:
    """String [...] of raw bytes -> [..., locations, depth] of `spec.dtype`."""
    # decode_raw knows no bfloat16: the bits are read as integers and cast.
    bits = tf.io.decode_raw(stored, tf.uint16)
    grid = tf.bitcast(bits, tf.as_dtype(spec.dtype))
    shape = [-1 if size is None else size for size in stored.shape]
    return tf.reshape(grid, [*shape, spec.locations, spec.depth])
