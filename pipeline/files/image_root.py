"""Where an image's bytes come from: a root that no source can leave."""

import dataclasses
import functools
import os
import re
import urllib.parse
from typing import Any

from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files, download
from pipeline.images.decode import RejectedImage

_MAX_ENCODED = 8
_CHUNK = 1 << 16
_URL = re.compile(r"https?://", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)

# The reason of an image that is not where --images leads.
NO_SUCH_IMAGE = "no-such-image"
# A pattern is the user's own word that what it finds may be read.
_LEADS_OUT = "a link leads out of --images; --images='.../**' follows links"


class RejectedSource(RejectedImage):
    """A source that is not read.

    Its reasons: `outside-root`, `too-many-bytes`, `truncated` and
    `unreadable`.
    """


@dataclasses.dataclass(frozen=True)
class ImageRoot:
    """The folder of a data set's images, on any of Beam's file systems.

    Attributes:
      path: of the folder.
      allow_hosts: whose URLs are read; see `download.fetch`.
    """

    path: str
    allow_hosts: tuple[str, ...] = ()

    def read(
        self,
        source: str,
        *,
        max_bytes: int,
        offset: int = 0,
        length: int = -1,
    ) -> bytes:
        """The bytes of an image.

        Args:
          source: a path relative to the root, or a URL of http or https.
          max_bytes: above which nothing is read to its end.
          offset: of the image in its file, in bytes.
          length: of the image in bytes; -1 reads to the file's end.

        Raises:
          RejectedImage: the source leaves the root, is not allowed, is too
            large or cut short.
          OSError: it cannot be read; BeamIOError from a remote file system.
          ValueError: its path holds a null byte.
        """
        if _URL.match(source):
            return download.fetch(
                source, allow_hosts=self.allow_hosts, max_bytes=max_bytes
            )
        path = self._locate(source)
        if length > max_bytes:
            raise RejectedSource(
                "too-many-bytes", f"{length} bytes, the limit is {max_bytes}"
            )
        # Nothing is decompressed here, so `max_bytes` bounds what is read.
        with beam_files.open_file(path) as file:
            stream = file if length < 0 else _narrow(file, length)
            stream.seek(offset)
            if length < 0:
                data = _read_to_end(stream, max_bytes + 1)
            else:
                data = bytes(stream.read(length))
        if len(data) > max_bytes:
            raise RejectedSource(
                "too-many-bytes", f"more than {max_bytes} bytes"
            )
        if len(data) < length:
            raise RejectedSource(
                "truncated", f"{len(data)} of {length} bytes are there"
            )
        return data

    @functools.cached_property
    def _real(self) -> str:
        return os.path.realpath(self.path)

    def _locate(self, source: str) -> str:
        """The path to open; a local one has its symbolic links resolved."""
        fault = _climbs(source)
        if fault:
            raise RejectedSource("outside-root", fault)
        path = FileSystems.join(self.path, source)
        if FileSystems.get_scheme(self.path) is not None:
            return path
        root, real = self._real, os.path.realpath(path)
        if os.path.commonpath([root, real]) != root:
            raise RejectedSource("outside-root", _LEADS_OUT)
        return _regular(real)


class FoundImages(ImageRoot):
    """The same for sources that were found where the user's names lead.

    None of them comes out of the data, so links are followed, and a name is
    opened as it is.
    """

    def _locate(self, source: str) -> str:
        path = FileSystems.join(self.path, source)
        return path if FileSystems.get_scheme(path) else _regular(path)


def _regular(path: str) -> str:
    if os.path.exists(path) and not os.path.isfile(path):
        raise RejectedSource("unreadable", "is not a regular file")
    return path


def _read_to_end(stream: Any, most: int) -> bytes:
    """Reads at most `most` bytes, in chunks: one read would allocate all."""
    chunks = []
    while most > 0 and (chunk := stream.read(min(most, _CHUNK))):
        chunks.append(bytes(chunk))
        most -= len(chunk)
    return b"".join(chunks)


def _narrow(file: Any, length: int) -> Any:
    """Makes a bucket's file fetch `length` bytes instead of 16 MB."""
    if hasattr(file, "_chunk_size"):  # Google's client has no public way.
        file._chunk_size = length
    return getattr(file, "raw", file)


def _climbs(source: str) -> str:
    """How a source would leave any root, or ''."""
    decoded = source
    for _ in range(_MAX_ENCODED):  # Each server on the way may decode once.
        decoded = urllib.parse.unquote(decoded)
    if urllib.parse.unquote(decoded) != decoded:
        return "is percent-encoded over and over"
    parts = decoded.replace("\\", "/").split("/")
    if ".." in parts:
        return "climbs with '..'"
    if _SCHEME.match(decoded.replace("\\", "/")):
        return "names a place of its own; paths are relative to --images"
    if parts[1:] and not parts[0]:
        return "is absolute; paths are relative to --images"
    return ""
