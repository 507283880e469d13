"""PyTorch's legacy tensor file: arrays come out, and no code runs."""

import os
import pickle
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from pipeline.encoders import torch_file


class Attack:
    """Runs a shell command when unpickled by the plain reader."""

    def __reduce__(self) -> tuple:
        return os.system, ("touch attacked",)


def hostile() -> bytes:
    return pickle.dumps(Attack(), protocol=2)


def test_a_hostile_pickle_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        pickle.UnpicklingError, match="system, which is refused"
    ):
        torch_file.decode_tensors(hostile())
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize(
    "name",
    [
        "builtins eval",
        "torch load",
        "torch._utils _rebuild_tensor",
        "os system",
    ],
)
def test_any_other_global_is_refused(name: str) -> None:
    module, attribute = name.split()
    data = f"c{module}\n{attribute}\n.".encode()
    message = re.escape(f"asks for {module}.{attribute}, which is refused")
    with pytest.raises(pickle.UnpicklingError, match=message):
        torch_file.decode_tensors(data)


def legacy_file(
    values: list[float],
    *,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
) -> bytes:
    """Writes one tensor 'w' as PyTorch did before version 1.6."""

    def literal(value: object) -> bytes:
        return pickle.dumps(value, 2)[2:-1]

    storage = literal("7") + literal("cpu") + literal(len(values)) + b"NtQ"
    view = literal(offset) + literal(shape) + literal(strides) + b"\x89"
    header = 3 * pickle.dumps(0, 2)
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(("
        + literal("storage")
        + b"ctorch\nFloatStorage\n"
        + storage
        + view
        + b"tR"
    )
    named = b"\x80\x02}(" + literal("w") + tensor + b"u."
    numbers = struct.pack(f"<q{len(values)}f", len(values), *values)
    return header + named + pickle.dumps(["7"], 2) + numbers


def test_strided_tensors_are_read_in_their_order() -> None:
    values = [9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    file = legacy_file(values, offset=1, shape=(2, 3), strides=(1, 2))
    tensors = torch_file.decode_tensors(file)
    np.testing.assert_array_equal(tensors["w"], [[1, 3, 5], [2, 4, 6]])
    assert tensors["w"].flags.c_contiguous


def test_a_tensor_cannot_reach_beyond_its_storage() -> None:
    file = legacy_file([1.0, 2.0], offset=1, shape=(2,), strides=(1,))
    with pytest.raises(ValueError, match="buffer"):
        torch_file.decode_tensors(file)
