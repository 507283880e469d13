"""Where two settings differ."""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A value in which two settings differ.

    Attributes:
      path: names that lead to the value, the outermost first.
      old: the value in the first settings; None where they have none.
      new: the value in the second settings; None where they have none.
    """

    path: tuple[str, ...]
    old: Any
    new: Any

    @property
    def name(self) -> str:
        """The whole path, such as `optimizer.learning_rate`."""
        return ".".join(self.path)

    def __str__(self) -> str:
        """Formats the change, such as `num_shards 2 -> 3`."""
        return f"{self.path[-1]} {self.old!r} -> {self.new!r}"


def differences(
    old: dict[str, Any], new: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Yields where two settings differ, sorted by name.

    Args:
      old: names -> JSON values; inner mappings are compared name by name.
      new: as `old`.
      path: names that lead to both.
    """
    for name in sorted({*old, *new}):
        here, before, after = (*path, name), old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from differences(before, after, here)
        elif before != after:
            yield Difference(here, before, after)
