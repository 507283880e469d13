"""Compiles lowered programs with XLA's own TPU compiler, without a TPU.

  python tests/support/tpu_compiler.py --chip=v5e --replicas=4 FILE...

Needs `pip install '.[tpu-compile]'`, if need be in an environment of its own:
it imports neither TensorFlow nor this package. It prints a JSON object for each
program. Its entry points are private ones of jaxlib, so the version is pinned.
"""

import argparse
import json
import os
import pathlib
import re
from typing import Any

# Without these the library asks Google's metadata server who it is, for long.
os.environ.update(
    TPU_SKIP_MDS_QUERY="1",
    TPU_ACCELERATOR_TYPE="v5litepod-4",
    TPU_WORKER_HOSTNAMES="localhost",
    TPU_WORKER_ID="0",
    ALLOW_MULTIPLE_LIBTPU_LOAD="1",
    JAX_PLATFORMS="cpu",
)

import numpy as np  # noqa: E402
from jax._src.interpreters import mlir  # noqa: E402
from jax._src.lib.mlir import ir  # noqa: E402
from jax.experimental import topologies  # noqa: E402
from jaxlib import xla_client  # noqa: E402

# Four cores of each; a v3 chip has two.
TOPOLOGIES = {"v3": "v3:2x1", "v5e": "v5e:2x2", "v6e": "v6e:2x2"}
# What the compiler makes of sizes that only the data tell.
_DYNAMIC = ("SliceToDynamic", "PadToStatic", "SetDimensionSize")


def without_copies(module: ir.Module) -> ir.Module:
    """Drops `mhlo.copy`, which the TPU compiler's input has no word for."""

    def drop(operation: Any) -> Any:
        if operation.name != "mhlo.copy":
            return ir.WalkResult.ADVANCE
        operation.results[0].replace_all_uses_with(operation.operands[0])
        operation.erase()
        return ir.WalkResult.SKIP

    module.operation.walk(drop, ir.WalkOrder.POST_ORDER)
    return module


def compiled(proto: bytes, devices: list[Any]) -> Any:
    """An executable, as many replicas as devices.

    Raises:
      RuntimeError: the compiler refuses; says why.
    """
    options = xla_client.CompileOptions()
    options.num_replicas, options.num_partitions = len(devices), 1
    options.device_assignment = xla_client.DeviceAssignment.create(
        np.array([[device.id] for device in devices])
    )
    with mlir.make_ir_context():
        stable = xla_client._xla.mlir.hlo_to_stablehlo(proto)
        module = without_copies(ir.Module.parse(stable))
        wanted = xla_client.DeviceList(tuple(devices))
        return devices[0].client.compile(module, wanted, options)


def report(executable: Any) -> dict[str, Any]:
    """What the compiler made, in bytes, operations and counts.

    jaxlib can't read the reduction that a v6e makes beside its other work: the
    counts of such a program are left out, and `unread` says why.
    """
    memory = executable.get_compiled_memory_stats()
    row = {
        "bytes": memory.argument_size_in_bytes
        + memory.output_size_in_bytes
        - memory.alias_size_in_bytes
        + memory.temp_size_in_bytes
        + memory.generated_code_size_in_bytes,
        "flops": executable.cost_analysis().get("flops", 0),
    }
    try:
        text = executable.hlo_modules()[0].to_string()
    except RuntimeError as error:
        return row | {"unread": str(error).splitlines()[0]}
    products = re.findall(r"= (\w+)\[\S* (?:convolution|dot)\(", text)
    called = set(re.findall(r'custom_call_target="([^"]+)"', text))
    return row | {
        "products": {kind: products.count(kind) for kind in set(products)},
        "all_reduces": len(re.findall(r" all-reduce(?:-start)?\(", text)),
        "dynamic": sorted(called & set(_DYNAMIC)),
    }


def main() -> None:
    """Prints a line for each program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chip", choices=TOPOLOGIES, required=True)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("programs", type=pathlib.Path, nargs="+")
    asked = parser.parse_args()
    topology = topologies.get_topology_desc(
        platform="tpu", topology_name=TOPOLOGIES[asked.chip]
    )
    devices = list(topology.devices)[: asked.replicas]
    for path in asked.programs:
        row = {"program": path.name, "chip": asked.chip}
        try:
            row |= report(compiled(path.read_bytes(), devices))
        except RuntimeError as error:
            row["refused"] = str(error).splitlines()[0]
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
