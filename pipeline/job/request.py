"""What a run was asked for: the same goes on, another is refused."""

import dataclasses
import json
from typing import Any

from apache_beam.io.filesystems import FileSystems

from pipeline.card import suspicious_pairs
from pipeline.files import beam_files, ownership
from pipeline.job import ledger
from pipeline.readers import rejects
from pipeline.recordset import manifest, record_set, shard_files, tfrecord
from pipeline.recordset.differences import differences

REQUEST_FILE = "request.json"

_MADE_LAST = (
    ledger.LEDGER_FILE,
    manifest.MANIFEST_FILE,
    manifest.CARD_FILE,
    manifest.CARD_PAGE_FILE,
    suspicious_pairs.FILE,
    rejects.PATTERN,
)
# Side files go first: a shard without one counts as unfinished.
_SHARDS = (f"*{shard_files.SIDE}", f"*{shard_files.RECORDS}")


class RequestError(ValueError):
    """A request that an output folder does not allow."""


@dataclasses.dataclass(frozen=True)
class Request:
    """Everything that decides the bytes, apart from the images themselves.

    Attributes:
      inputs: sha256 of the caption file and of its split lists.
      settings: as the manifest records them; no paths.
      encoder: the encoder's fingerprint.
    """

    inputs: dict[str, str]
    settings: dict[str, Any]
    encoder: dict[str, Any]

    @property
    def digest(self) -> str:
        """Equal for equal requests."""
        return manifest.digest(dataclasses.asdict(self))


def claim(output: str, request: Request, *, overwrite: bool) -> str | None:
    """Takes an output folder for a request.

    An unfinished or damaged record set of the same request keeps its shards,
    and loses the files that are made last. With `overwrite`, every file of a
    record set is removed.

    Returns:
      The folder's owner, as `ownership.take` names it; None if the record
      set is already complete.

    Raises:
      RequestError: the folder holds another request's record set and
        `overwrite` is false.
      OSError: the folder cannot be written.
    """
    path = FileSystems.join(output, REQUEST_FILE)
    asked = json.loads(json.dumps(dataclasses.asdict(request)))
    earlier = FileSystems.exists(path)
    if earlier and not overwrite:
        _refuse_another(output, _earlier(path), asked)
        if _complete(output):
            return None
    # First of all, so that an earlier owner publishes nothing any more.
    owner = ownership.take(output)
    beam_files.sweep(output)
    if earlier:
        _clear(output, _MADE_LAST + (_SHARDS if overwrite else ()))
    text = manifest.canonical_json(asked)
    beam_files.write_text(output, REQUEST_FILE, text)
    return owner


def _earlier(path: str) -> dict[str, Any]:
    try:
        return dict(json.loads(beam_files.read_bytes(path)))
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"{path} is damaged: replace the record set with --overwrite"
        ) from error


def _refuse_another(
    output: str, earlier: dict[str, Any], asked: dict[str, Any]
) -> None:
    if earlier != asked:
        changed = ", ".join(map(str, differences(earlier, asked)))
        raise RequestError(
            f"{output} was made otherwise ({changed}): choose another "
            "--output, or replace it with --overwrite"
        )


def _complete(output: str) -> bool:
    """Whether there is a manifest, and all that it lists."""
    try:
        record_set.open_record_set(output, beam_files.BEAM)
    except (manifest.RecordSetError, tfrecord.CorruptShard):
        return False
    return True


def _clear(output: str, names: tuple[str, ...]) -> None:
    """Removes files by pattern, in this order."""
    for name in names:
        for path in beam_files.listed(output, name):
            beam_files.delete(path)
