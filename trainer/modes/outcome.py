"""How a mode ended: what to print, and the exit code."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a mode has to say.

    Attributes:
      text: for standard output.
      exit_code: of the process.
    """

    text: str
    exit_code: int = 0
