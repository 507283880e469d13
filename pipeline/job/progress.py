"""How far a job is: what its workers have counted so far."""

import collections
import shutil
import struct
import tempfile
from pathlib import Path

from pipeline import progress_line
from pipeline.shards import counters


class Board:
    """What all workers of this machine have counted, and a line that says it.

    Use it as a context manager.

    Attributes:
      counters: hand these to the workers; they count into files.
    """

    def __init__(self) -> None:
        """Makes the folder of the counters' files."""
        self._folder = Path(tempfile.mkdtemp(prefix="progress-"))
        self.counters = counters.Counters(str(self._folder))
        self._images, self._captions = (
            progress_line.Pace(),
            progress_line.Pace(),
        )

    def __enter__(self) -> "Board":
        """Returns the board; workers may count from its creation on."""
        return self

    def __exit__(self, *_: object) -> None:
        """Removes the folder."""
        shutil.rmtree(self._folder)

    def totals(self) -> collections.Counter[str]:
        """Returns the sum of each counter over all workers."""
        sums: collections.Counter[str] = collections.Counter()
        for file in self._folder.iterdir():
            packed = file.read_bytes()
            if packed:
                counts = struct.unpack(counters.FORMAT, packed)
                sums.update(dict(zip(counters.COUNTERS, counts, strict=True)))
        return sums

    def line(self) -> str:
        """Formats the progress, with rate and time left where they are known.

        Returns:
          Such as `812 images, 3 rejected, 103.2 MB, 108.2 images/s, 40 s left`;
          empty until a caption has been read.
        """
        sums = self.totals()
        captions = sums["captions_written"]
        rate = self._images.rate(sums["images"] + sums["rejects"])
        pace = self._captions.rate(captions)
        if not sums["captions_read"]:
            return ""
        if not sums["images"] + sums["rejects"] + sums["images_skipped"]:
            return f"{sums['captions_read']} captions read"
        parts = [f"{sums['images']} images, {sums['rejects']} rejected"]
        if sums["images_skipped"]:
            parts.append(f"{sums['images_skipped']} finished earlier")
        parts.append(f"{sums['bytes'] / 1e6:.1f} MB")
        if rate:
            parts.append(f"{rate:.1f} images/s")
        done = captions + sums["captions_skipped"]
        left = progress_line.time_left(sums["captions_read"] - done, pace)
        return ", ".join(parts) + left
