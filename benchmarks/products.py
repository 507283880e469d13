"""Matrix products alone: what a program can't be faster than."""

import functools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# Operation -> its attributes that transpose the first and second input.
TRANSPOSES = {
    "MatMul": ("transpose_a", "transpose_b"),
    "BatchMatMulV2": ("adj_x", "adj_y"),
    "BatchMatMulV3": ("adj_x", "adj_y"),
}
Product = tuple[tuple[int, ...], bool, tuple[int, ...], bool, tf.DType]


def made_by(program: Callable[..., Any], *given: Any) -> list[Product]:
    """Shapes, transpositions and dtype of every product of a program's graph.

    Args:
      program: without loops in the graph.
      *given: its arguments.
    """
    traced = tf.function(program).get_concrete_function(*given)
    found = []
    for op in traced.graph.get_operations():
        if op.type in TRANSPOSES:
            shapes = (tuple(each.shape.as_list()) for each in op.inputs)
            turned = (op.get_attr(name) for name in TRANSPOSES[op.type])
            (a, b), (turn_a, turn_b) = shapes, turned
            found.append((a, turn_a, b, turn_b, op.inputs[0].dtype))
    return found


def flops(product: Product) -> int:
    """Multiplications and additions."""
    a, _, b, turn_b, _ = product
    return 2 * int(np.prod(a)) * (b[-2] if turn_b else b[-1])


def alone(products: Sequence[Product]) -> Callable[[], Any]:
    """A function that makes the products of random numbers, and no more.

    Each has numbers of its own: equal products would be made once.
    """
    turns = [(turn_a, turn_b) for _, turn_a, _, turn_b, _ in products]
    inputs = [
        [
            tf.cast(tf.random.stateless_normal(shape, [1, n]), dtype)
            for shape in (a, b)
        ]
        for n, (a, _, b, _, dtype) in enumerate(products)
    ]

    @tf.function
    def make(inputs):  # noqa: ANN001, ANN202
        made = [
            tf.matmul(a, b, transpose_a=turn_a, transpose_b=turn_b)
            for (a, b), (turn_a, turn_b) in zip(inputs, turns, strict=True)
        ]
        # What nobody reads would not be made.
        return [each[..., 0, 0] for each in made]

    return functools.partial(make, inputs)


def seconds(call: Callable[[], Any]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def in_turns(
    first: Callable[[], float], second: Callable[[], float], rounds: int
) -> tuple[float, float, float]:
    """Times two programs in turns, after one turn that does not count.

    Args:
      first: runs once, and returns the seconds.
      second: likewise.
      rounds: turns that count.

    Returns:
      Medians of the first's seconds, the second's, and first over second.
    """
    pairs = [(first(), second()) for _ in range(rounds + 1)][1:]
    one, other = (statistics.median(each) for each in zip(*pairs, strict=True))
    return one, other, statistics.median(a / b for a, b in pairs)


def compare(
    program: Callable[[], Any], found: Sequence[Product], rounds: int
) -> tuple[float, str]:
    """Times a program and its products alone, in turns.

    Returns:
      The program's median seconds, and what the products say of it.
    """
    whole, bare, ratio = in_turns(
        functools.partial(seconds, program),
        functools.partial(seconds, alone(found)),
        rounds,
    )
    work = sum(map(flops, found)) / bare / 1e9
    return whole, (
        f"its {len(found)} products alone {bare:.3f} s, {work:.0f} GFLOP/s; "
        f"ratio {ratio:.2f}"
    )
