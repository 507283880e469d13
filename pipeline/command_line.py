"""The command line of each program: its flags by task, its help, its errors."""

import os
import re
import signal
import sys
from collections.abc import Callable, Sequence

from absl import flags

from pipeline.interruption import SIGNALLED
from pipeline.printable import printable

# How absl says that a required flag is missing.
_MISSING = re.compile(r"flag --(\w+)=None: .*")
_HELP = frozenset({"--help", "-help", "--helpshort", "-h", "-?"})


def parser(
    program: str, about: str, tasks: Sequence[str], *, known_only: bool = False
) -> Callable[[list[str]], list[str]]:
    """Makes the parser of a program's flags.

    Args:
      program: begins the line of an error.
      about: what the program is for, with examples.
      tasks: the headings of the flags in the help; a flag names its own as
        absl's `module_name`.
      known_only: leave unknown flags to the program.

    Returns:
      A function from `sys.argv` to what is left of it. It exits with 0 after
      printing the help, and with 1 and one line after a mistake.
    """

    def parse(argv: list[str]) -> list[str]:
        if not _HELP.isdisjoint(argv[1:]):
            parts = [about.strip(), *map(flags.FLAGS.module_help, tasks)]
            show("\n".join(parts))
            sys.exit()
        try:
            return flags.FLAGS(argv, known_only=known_only)
        except flags.Error as error:
            text = _MISSING.sub(r"--\1 is needed; see --help", str(error))
            sys.exit(f"{program}: {printable(text)}")

    return parse


def show(text: str) -> None:
    """Prints to standard output; ends the process if its reader has left.

    `| head` leaves early: that is no error, and gets the exit code that the
    shell gives to a process which SIGPIPE ended.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # What is buffered still would be flushed at the end, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(SIGNALLED + signal.SIGPIPE)
