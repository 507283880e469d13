"""What was left out of a record set, and why."""

import dataclasses
import json
from collections.abc import Iterable

from pipeline.files import beam_files
from pipeline.recordset import shard_files

# The side output that carries them.
REJECTS = "rejects"
PATTERN = "rejects-*.jsonl"


@dataclasses.dataclass(frozen=True)
class Reject:
    """An input that was left out, and why."""

    image_id: str
    source: str
    reason: str
    detail: str


def write_rejects(
    output: str, number: int, num_shards: int, rows: Iterable[Reject]
) -> list[str]:
    """Writes one `rejects-*.jsonl`; returns the reason of each row."""
    ordered = sorted(rows, key=dataclasses.astuple)
    lines = [json.dumps(dataclasses.asdict(row)) + "\n" for row in ordered]
    name = shard_files.shard_name("rejects", number, num_shards) + ".jsonl"
    beam_files.write_text(output, name, "".join(lines))
    return [row.reason for row in ordered]
