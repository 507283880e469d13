"""How the job meets a Beam runner: its flags, its logs, its errors."""

import logging
import re
from collections.abc import Iterable, Sequence

from absl import flags
from absl import logging as absl_logging
from apache_beam.options.pipeline_options import (
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)


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
    # Workers import what they run; the main module stays with its flags.
    options.view_as(SetupOptions).save_main_session = False
    return options


def check_reach(
    options: PipelineOptions, paths: Iterable[tuple[str, str]]
) -> None:
    """Refuses a job of Dataflow that its workers could not do.

    Args:
      options: of Beam.
      paths: flag and path of all that workers read or write.

    Raises:
      ValueError: a path of this machine, or no way to this package.
    """
    if "dataflow" not in options.view_as(StandardOptions).runner.lower():
        return
    for flag, path in paths:
        if "://" not in path:
            raise ValueError(
                f"--{flag}={path}: Dataflow's workers cannot see a path of "
                "this machine; copy it to a bucket, and give its gs:// URL"
            )
    if not (
        options.view_as(SetupOptions).setup_file
        or options.view_as(WorkerOptions).sdk_container_image
    ):
        raise ValueError(
            "Dataflow's workers need this package: add --setup_file=./setup.py,"
            " or --sdk_container_image with an image that has it"
        )


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
    # Of Dataflow: where to watch the job, and what happens to it.
    service = logging.getLogger("apache_beam.runners.dataflow")
    service.setLevel(logging.INFO)
    client = service.getChild("internal.apiclient")
    client.addFilter(lambda record: "console" in str(record.msg))
    service.getChild("dataflow_runner").addFilter(
        lambda record: record.levelno < logging.ERROR
    )
    for name in ("pipeline", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)


_TELLING = (ValueError, OSError, RuntimeError, flags.Error)


def cause(error: Exception) -> str:
    """The one line a user needs of an error that a runner has wrapped."""
    found = re.findall(r"\w+Error: ([^\n]+)", str(error))
    line = found[-1] if found else str(error)
    if not found and not isinstance(error, _TELLING):
        line = f"{type(error).__name__}: {line}"
    return " ".join(re.sub(r" \[while running .*", "", line).split())
