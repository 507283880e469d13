"""How many there are of something, and the first of them: for one line."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import apache_beam as beam


@dataclasses.dataclass(frozen=True)
class Tally:
    """How many names there are.

    Attributes:
      count: of all of them.
      first: in the order of the alphabet; '' where there is none.
    """

    count: int = 0
    first: str = ""


def _add(tallies: Iterable[Tally]) -> Tally:
    count, first = 0, ""
    for tally in tallies:
        count += tally.count
        first = min(filter(None, (first, tally.first)), default="")
    return Tally(count, first)


class TallyNames(beam.PTransform):
    """Names -> one `Tally`, also where there are none."""

    def expand(self, names: Any) -> Any:
        """Builds the stages of this transform."""
        return (
            names
            | beam.Map(lambda name: Tally(1, name))
            | beam.CombineGlobally(_add)
        )
