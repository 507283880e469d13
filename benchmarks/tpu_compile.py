"""What the TPU compiler makes of each device program of the shipped runs.

  python -m benchmarks.tpu_compile

Needs `pip install '.[tpu_compile]'`, or the interpreter of an environment that
has it in TPU_COMPILER_PYTHON; no TPU. Memory is of one core, with arguments and
results both; flops are of one core and step, as the compiler counts them, where
a loop's body counts once.
"""

import pathlib
import tempfile

from tests.support import tpu_compiles

_LINE = "{:<10}{:<12}{:<6}{:<10}{:>8}{:>10}{:>16}{:>13}"


def main() -> None:
    """Prints a line for each run, program and chip."""
    if reason := tpu_compiles.missing():
        raise SystemExit(reason)
    heads = ("run", "program", "chip", "compiles", "MB", "GFLOP")
    print(_LINE.format(*heads, "products", "all-reduces"))
    for run in tpu_compiles.RUNS:
        with tempfile.TemporaryDirectory() as folder:
            for row in tpu_compiles.rows(pathlib.Path(folder), run):
                print(_line(row), flush=True)


def _line(row: dict) -> str:
    names = (row["run"], row["program"], row["chip"])
    if "refused" in row:
        return _LINE.format(*names, "no", "", "", "", "") + row["refused"]
    numbers = (f"{row['bytes'] / 1e6:.0f}", f"{row['flops'] / 1e9:.2f}")
    if "unread" in row:
        return _LINE.format(*names, "yes", *numbers, "unread", "unread")
    products = [f"{count} {kind}" for kind, count in row["products"].items()]
    return _LINE.format(
        *names,
        "no: sizes" if row["dynamic"] else "yes",
        *numbers,
        ", ".join(products) or "none",
        row["all_reduces"],
    )


if __name__ == "__main__":
    main()
