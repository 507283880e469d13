"""Keeps known start-up notes of TensorFlow and Beam off standard error.

TensorFlow's libraries write them to the file descriptor, before they look at
any log level. This file is also the program that the descriptor is led through:
a process of its own, which outlives a crash and loses no last words.
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator

# Each by its own words: any other line may be worth reading.
_LOGGED = (
    r"oneDNN custom operations are on\. ",
    # The CPU has no such arithmetic, and other code does it.
    r"oneDNN supports DT_HALF only on platforms with ",
    r"Could not find cuda drivers on your machine, GPU will not be used\.",
    # 303: no driver is installed. One that fails tells of another error.
    r"failed call to cuInit: .* UNKNOWN ERROR \(303\)",
    # TensorFlow 2.20 with CUDA's libraries.
    r"Unable to register cu(FFT|DNN|BLAS) factory: Attempting to register ",
    r"computation placer already registered\. ",
)
_NOTE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog\(\) is called "
    r"|WARNING:root:apitools not found, and bigquery client libraries are not "
    rf"|[IWE]0000 \S+ +\d+ [\w./]+:\d+\] ({'|'.join(_LOGGED)})"
)


@contextlib.contextmanager
def without_notes() -> Iterator[None]:
    """Drops the known notes of what is done meanwhile; all else is passed on.

    At once, and also where an exception or a fatal signal ends it. TensorFlow
    that is imported here logs no INFO and no WARNING of C++ from then on.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if sys.stderr is None:  # Closed by who started this program.
        yield
        return
    sys.stderr.flush()
    # In a session of its own: Ctrl-C ends what writes, and that ends this.
    passing = subprocess.Popen(
        [sys.executable, "-I", "-S", os.path.abspath(__file__)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert passing.stdin
    own = os.dup(2)
    os.dup2(passing.stdin.fileno(), 2)
    passing.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(own, 2)
        os.close(own)
        passing.wait()


@without_notes()
def find_devices() -> None:
    """Has TensorFlow look for devices; it tells of them the first time."""
    import tensorflow as tf

    tf.config.list_physical_devices()


@without_notes()
def compute_in_half() -> None:
    """Computes in float16, of which TensorFlow tells the first time.

    On the CPU, where stored grids are read. No strategy of several processes
    can be opened after it.
    """
    import tensorflow as tf

    with tf.device("CPU:0"):
        tf.cast(tf.zeros([1], tf.float16), tf.float32)


def is_note(line: str) -> bool:
    """Whether a line of standard error is a known note, of no fault."""
    return bool(_NOTE.match(line))


def _pass_on() -> None:
    for line in sys.stdin.buffer:
        if not is_note(line.decode(errors="replace")):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


if __name__ == "__main__":
    _pass_on()
