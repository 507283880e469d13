"""Values by key, shuffled in buckets: few large elements, not many small ones.

At each stage, Beam takes some ten microseconds for an element; a dictionary
takes a tenth of one for an entry. A bucket is a share of the keys. With as many
buckets as shards, it is no larger than what one shard contributes.
"""

import collections
import zlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import apache_beam as beam

Key = TypeVar("Key", bound=Hashable)


def scatter(
    table: Mapping[Key, Any], count: int
) -> Iterator[tuple[int, dict[Key, Any]]]:
    """Yields (bucket, its part of the table), equal keys in equal buckets."""
    parts: dict[int, dict[Key, Any]] = collections.defaultdict(dict)
    for key, value in table.items():
        # The built-in hash of a string differs between processes.
        parts[zlib.crc32(str(key).encode()) % count][key] = value
    yield from parts.items()


class Merge(beam.PTransform):
    """(bucket, table) -> (bucket, one table of all that came for it)."""

    def __init__(self, merge: Callable[[Iterable[Any]], Any]):
        """Keeps the function that merges the values of one key."""
        super().__init__()
        self._merge = merge

    def expand(self, tables: Any) -> Any:
        """Builds the stages of this transform."""
        merge = self._merge
        return (
            tables
            | beam.GroupByKey()
            | "Merge tables"
            >> beam.MapTuple(
                lambda bucket, several: (bucket, _merged(several, merge))
            ).with_output_types(tuple[Any, Any])
        )


def _merged(
    tables: Iterable[Mapping[Key, Any]],
    merge: Callable[[Iterable[Any]], Any],
) -> dict[Key, Any]:
    values: dict[Key, list[Any]] = collections.defaultdict(list)
    for table in tables:
        for key, value in table.items():
            values[key].append(value)
    # Most keys have one value.
    return {
        key: merge(several) if len(several) > 1 else several[0]
        for key, several in values.items()
    }
