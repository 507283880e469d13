"""What one worker has done so far, as Beam metrics and in a file.

A cluster shows Beam metrics. A runner on the launcher's own machine reports
metrics only at its end. There the counts also lie in files of a folder, which
the launcher adds up while the job runs.
"""

import os
import struct
import uuid
import weakref
from typing import Any

from apache_beam import metrics

NAMESPACE = "progress"
COUNTERS = (
    "images",
    "rejects",
    "bytes",
    "images_skipped",
    "captions_read",
    "captions_written",
    "captions_skipped",
)

FORMAT = f"<{len(COUNTERS)}q"


class Counters:
    """What one worker has done so far.

    A pickled copy begins at zero. One thread at a time may use a counter.
    """

    def __init__(self, folder: str = ""):
        """Counts into a file of `folder`, if this machine has that folder."""
        self._folder, self._descriptor = folder, -1
        self._counts = dict.fromkeys(COUNTERS, 0)
        self._metrics = {
            name: metrics.Metrics.counter(NAMESPACE, name) for name in COUNTERS
        }

    def __reduce__(self) -> Any:
        """Makes a copy in another process begin at zero, in its own file."""
        return Counters, (self._folder,)

    def add(self, **counts: int) -> None:
        """Raises some of `COUNTERS`."""
        for name, number in counts.items():
            self._metrics[name].inc(number)
            self._counts[name] += number
        if self._descriptor < 0 and os.path.isdir(self._folder):
            path = os.path.join(self._folder, uuid.uuid4().hex)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
            weakref.finalize(self, os.close, self._descriptor)
        if self._descriptor >= 0:
            packed = struct.pack(FORMAT, *self._counts.values())
            os.pwrite(self._descriptor, packed, 0)
