"""The side file of a shard, which marks it as finished and describes it."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipeline.card.shard_statistics import ShardFacts
from pipeline.files import beam_files, download
from pipeline.readers import reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import manifest, record_set, shard_files


@dataclasses.dataclass(frozen=True)
class WrittenShard:
    """A finished shard.

    Attributes:
      row: of the manifest.
      rejects: inputs that were left out.
      facts: for the data card.
    """

    row: manifest.Shard
    rejects: tuple[Reject, ...]
    facts: ShardFacts

    @classmethod
    def join(
        cls,
        side: dict[str, Any],
        merged: list[reference.Reference],
        captions: Mapping[str, int],
    ) -> "WrittenShard":
        """Joins a side file with the shard's references.

        Args:
          side: as `read` gives it.
          merged: one for each image, in the order of the records.
          captions: image id -> how many it has, for all that reached the shard.
        """
        row = manifest.Shard(**side["row"])
        rejects = tuple(
            Reject(**lost, entries=0, captions=captions[lost["image_id"]])
            for lost in side["rejects"]
        )
        lost = {reject.image_id for reject in rejects}
        captioned = [
            (part.image_id, part.captions)
            for part in merged
            if part.image_id not in lost
        ]
        facts = ShardFacts.join(row, side["offsets"], side["card"], captioned)
        return cls(row, rejects, facts)


def write(output: str, name: str, side: dict[str, Any]) -> None:
    """Writes the side file of the shard `name`, which marks it as finished."""
    beam_files.write_text(output, f"{name}{shard_files.SIDE}", json.dumps(side))


def read(output: str, name: str, key: str) -> dict[str, Any] | None:
    """Reads the side file of the shard `name`.

    Returns:
      Its content; None where there is none, where it is damaged or has another
      key, where the shard is not as it says, or where it lacks an image that
      may be there this time.
    """
    path = FileSystems.join(output, f"{name}{shard_files.SIDE}")
    try:
        side = dict(json.loads(beam_files.read_bytes(path)))
        lost = {reject["reason"] for reject in side["rejects"]}
        if side["key"] != key or download.UNANSWERED in lost:
            return None
        row = manifest.Shard(**side["row"])
        record_set.check_shard(output, row, beam_files.BEAM)
    except (OSError, BeamIOError, ValueError, KeyError, TypeError):
        return None
    return side
