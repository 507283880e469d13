"""PyTorch's legacy file of named tensors -> arrays, without PyTorch."""

import collections
import io
import pickle
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


def decode_tensors(data: bytes) -> dict[str, np.ndarray]:
    """Decodes PyTorch's legacy file of named tensors, without PyTorch.

    The file holds five pickles: magic number, protocol, platform, the tensors
    as views of storages, and the storages' keys in order. Each storage follows
    as an int64 count and its little-endian values.

    Args:
      data: the file's bytes.

    Returns:
      Each tensor's name -> float32 or int64 array, in the file's order.

    Raises:
      pickle.UnpicklingError: a pickle names a class that no tensor needs.
      ValueError: a tensor reaches beyond its storage.
    """
    file = io.BytesIO(data)
    for _ in range(3):
        _TensorUnpickler(file).load()
    views: dict[str, _View] = _TensorUnpickler(file).load()
    dtypes = {view.storage: view.dtype for view in views.values()}
    storages = {}
    for key in _TensorUnpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        storages[key] = file.read(count * dtypes[key].itemsize)
    return {name: view.over(storages) for name, view in views.items()}


class _View(NamedTuple):
    """A tensor as a strided window on a storage, measured in elements."""

    storage: str
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def over(self, storages: Mapping[str, bytes]) -> np.ndarray:
        """Copies the window; NumPy refuses one that leaves the storage."""
        size = self.dtype.itemsize
        window: np.ndarray = np.ndarray(
            self.shape,
            self.dtype,
            buffer=storages[self.storage],
            offset=self.offset * size,
            strides=tuple(stride * size for stride in self.strides),
        )
        return window.copy(order="C")


def _rebuild_tensor(
    storage: tuple[str, np.dtype],
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *_: Any,
) -> _View:
    return _View(*storage, offset, shape, strides)


class _TensorUnpickler(pickle.Unpickler):
    """Loads tensors and nothing else: a pickle could call any function."""

    _GLOBALS = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
    }

    def find_class(self, module: str, name: str) -> Any:
        """Returns one of the four classes that a file of tensors needs."""
        if (module, name) not in self._GLOBALS:
            raise pickle.UnpicklingError(
                f"The weight file asks for {module}.{name}, which is refused: "
                "a file of tensors does not need it."
            )
        return self._GLOBALS[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype]:
        """Returns the key and the dtype of the storage that `pid` refers to."""
        _, dtype, key, *_ = pid
        return key, dtype
