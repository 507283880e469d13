"""What stands beside a shard: its completion mark, and what it tells others."""

import dataclasses
import json
from typing import Any

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipeline.card.shard_statistics import ShardFacts
from pipeline.files import beam_files
from pipeline.readers import reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import manifest, record_set, shard_files


@dataclasses.dataclass(frozen=True)
class WrittenShard:
    """A finished shard.

    Attributes:
      row: of the manifest.
      rejects: what was left out.
      facts: what it tells the data card.
    """

    row: manifest.Shard
    rejects: tuple[Reject, ...]
    facts: ShardFacts

    @classmethod
    def join(
        cls, side: dict[str, Any], merged: list[reference.Reference]
    ) -> "WrittenShard":
        """Joins a side file with the shard's images, in the records' order."""
        row = manifest.Shard(**side["row"])
        rejects = tuple(Reject(**reject) for reject in side["rejects"])
        lost = {reject.image_id for reject in rejects}
        captioned = [
            (part.image_id, part.captions)
            for part in merged
            if part.image_id not in lost
        ]
        facts = ShardFacts.join(row, side["offsets"], side["card"], captioned)
        return cls(row, rejects, facts)


def write(output: str, name: str, side: dict[str, Any]) -> None:
    """Marks the shard `name` as finished."""
    beam_files.write_text(output, f"{name}{shard_files.SIDE}", json.dumps(side))


def read(output: str, name: str, key: str) -> dict[str, Any] | None:
    """The side file of the shard `name`.

    Returns:
      None where there is none, it is damaged or of another key, or the shard
      is not as it says.
    """
    path = FileSystems.join(output, f"{name}{shard_files.SIDE}")
    try:
        side = dict(json.loads(beam_files.read_bytes(path)))
        if side["key"] != key:
            return None
        row = manifest.Shard(**side["row"])
        record_set.check_shard(output, row, beam_files.BEAM)
    except (OSError, BeamIOError, ValueError, KeyError, TypeError):
        return None
    return side
