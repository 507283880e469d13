"""Starts a program: known notes stay silent, a missing package is one line.

TensorFlow's libraries write notes straight to file descriptor 2, before any
log level is read. So the descriptor is led through a filter: a second process
that runs this file, and that still passes on the last words of a crashed one.
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator

# Only lines with exactly these words are dropped: others may be worth reading.
_LOGGED = (
    r"oneDNN custom operations are on\. ",
    # The CPU lacks float16 arithmetic; TensorFlow computes it another way.
    r"oneDNN supports DT_HALF only on platforms with ",
    r"Could not find cuda drivers on your machine, GPU will not be used\.",
    # 303 means that no driver is installed; a broken driver gives another code.
    r"failed call to cuInit: .* UNKNOWN ERROR \(303\)",
    # Written by TensorFlow 2.20 when CUDA's libraries are installed.
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
    """Drops known notes that the block writes to standard error.

    Every other line is passed on at once, also when an exception or a fatal
    signal ends the block. If TensorFlow is imported in the block, its C++ code
    logs neither INFO nor WARNING from then on.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if sys.stderr is None:  # It was closed before this program started.
        yield
        return
    sys.stderr.flush()
    # In its own session Ctrl-C does not reach the filter. It ends when the last
    # writer closes the pipe, and so loses nothing.
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


@contextlib.contextmanager
def packages(program: str) -> Iterator[None]:
    """Ends the program in one line if the block misses a package."""
    try:
        yield
    except ModuleNotFoundError as error:
        sys.exit(
            f"{program}: no package {error.name!r} in {sys.executable}: "
            "activate the environment that Eyewitness is installed in "
            "(README.md, Install)"
        )


@without_notes()
def find_devices() -> None:
    """Lets TensorFlow look for devices now, which writes notes once."""
    import tensorflow as tf

    tf.config.list_physical_devices()


@without_notes()
def compute_in_half() -> None:
    """Casts one float16 value on the CPU, which writes a note the first time.

    Stored grids are cast there later. Call it after opening a tf.distribute
    strategy of several processes, which is refused once an op has run.
    """
    import tensorflow as tf

    with tf.device("CPU:0"):
        tf.cast(tf.zeros([1], tf.float16), tf.float32)


def is_note(line: str) -> bool:
    """Whether a line of standard error is a known note, not a fault."""
    return bool(_NOTE.match(line))


def _pass_on() -> None:
    for line in sys.stdin.buffer:
        if not is_note(line.decode(errors="replace")):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


if __name__ == "__main__":
    _pass_on()
