"""How the job meets a Beam runner: its flags, its logs, its errors."""

import logging
import re
from collections.abc import Sequence

from absl import logging as absl_logging
from apache_beam.options.pipeline_options import PipelineOptions


def parse_options(argv: Sequence[str]) -> PipelineOptions:
    """Beam's own flags; an unknown one is an error, not a silent default.

    Raises:
      ValueError: something that is not a flag, or that Beam does not know.
    """
    # `--overwrite false` would leave `false` over, and overwrite.
    for argument in argv:
        if not argument.startswith("--"):
            raise ValueError(
                f"not a flag: {argument!r}; flags are written --name=value"
            )
    options = PipelineOptions(list(argv))
    known = options.get_all_options()
    every = options.get_all_options(retain_unknown_options=True)
    unknown = sorted(set(every) - set(known))
    if unknown:
        raise ValueError(
            f"unknown flag --{unknown[0]}: see `python -m pipeline.main --help`"
        )
    # DirectRunner would first try to download and run a Prism binary.
    if not any(flag.startswith("--runner") for flag in argv):
        options = PipelineOptions([*argv, "--runner=FnApiRunner"])
    return options


def set_log_levels() -> None:
    """Shows the job's progress, and of Beam and absl what has to be known."""
    absl_logging.get_absl_handler().setFormatter(
        logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    )
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    # It prints the traceback of every error that the one line tells.
    runner = logging.getLogger("apache_beam.runners.common")
    runner.setLevel(logging.CRITICAL)
    for name in ("pipeline", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)


def cause(error: Exception) -> str:
    """The one line a user needs of an error that a runner has wrapped."""
    found = re.findall(r"\w+Error: ([^\n]+)", str(error))
    line = found[-1] if found else str(error)
    return " ".join(re.sub(r" \[while running .*", "", line).split())
