"""TFRecord framing, and a walk over a file that checks every length."""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

import google_crc32c

HEADER_BYTES, _FOOTER_BYTES = 12, 4


class CorruptShard(ValueError):
    """A shard whose bytes are not what its manifest row says."""


def _masked_crc(data: bytes) -> bytes:
    """CRC-32C as TFRecord masks it (tensorflow/core/lib/hash/crc32c.h)."""
    crc = google_crc32c.value(data)
    masked = ((crc >> 15) | (crc << 17)) + 0xA282EAD8
    return struct.pack("<I", masked & 0xFFFFFFFF)


def frame(data: bytes) -> bytes:
    """A record as it lies in a TFRecord file."""
    length = struct.pack("<Q", len(data))
    # `+` would copy the data twice.
    return b"".join([length, _masked_crc(length), data, _masked_crc(data)])


def read_next(file: BinaryIO) -> bytes:
    """Reads the data of the record that begins at the file's position.

    Raises:
      CorruptShard: there is none, or one whose checksums do not fit.
    """
    header = file.read(HEADER_BYTES)
    if _masked_crc(header[:8]) != header[8:]:
        raise CorruptShard("no record begins here")
    (length,) = struct.unpack("<Q", header[:8])
    data = file.read(length)
    if _masked_crc(data) != file.read(_FOOTER_BYTES):
        raise CorruptShard("a record does not fit its checksum")
    return data


def walk(file: BinaryIO, size: int, name: str) -> Iterator[int]:
    """Yields the offset of each record, reading headers only.

    TensorFlow ends silently at a cut header, and a crafted length crashes it.
    So this walk must pass before TensorFlow opens a shard.

    Args:
      file: seekable, at its beginning.
      size: bytes in the file.
      name: for the message.

    Raises:
      CorruptShard: a header is cut or damaged, or a record is longer than the
        rest of the file.
    """
    offset = 0
    while offset < size:
        file.seek(offset)
        end = _end(file.read(HEADER_BYTES), offset, size, name)
        yield offset
        offset = end


def read(
    take: Callable[[int], bytes], size: int, name: str
) -> Iterator[tuple[int, bytes | None]]:
    """Reads every record in one pass.

    Args:
      take: reads so many bytes of the file, from its beginning on.
      size: bytes in the file.
      name: for the message.

    Yields:
      The offset of a record, and its data; None where the checksum does not
      fit.

    Raises:
      CorruptShard: as `walk` does.
    """
    offset = 0
    while offset < size:
        end = _end(take(HEADER_BYTES), offset, size, name)
        data = take(end - offset - HEADER_BYTES - _FOOTER_BYTES)
        sound = _masked_crc(data) == take(_FOOTER_BYTES)
        yield offset, data if sound else None
        offset = end


def _end(header: bytes, offset: int, size: int, name: str) -> int:
    """Where the record ends that begins at `offset` with `header`."""
    if len(header) < HEADER_BYTES:
        raise CorruptShard(f"{name}: cut inside a header at byte {offset}")
    if _masked_crc(header[:8]) != header[8:]:
        raise CorruptShard(f"{name}: damaged header at byte {offset}")
    (length,) = struct.unpack("<Q", header[:8])
    end = int(offset + HEADER_BYTES + length + _FOOTER_BYTES)
    if end > size:
        raise CorruptShard(
            f"{name}: the record at byte {offset} is {length} bytes long, "
            f"but the file ends at {size}"
        )
    return end
