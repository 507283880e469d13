"""How the job meets a Beam runner: its flags, its logs, its errors."""

import contextlib
import logging
import os
import pathlib
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

import apache_beam as beam
import grpc
from absl import flags
from absl import logging as absl_logging
from apache_beam.options.pipeline_options import (
    DirectOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)

_LOG = logging.getLogger(__name__)
_DEFAULT = "FnApiRunner"
_GRACE_SECONDS = 3.0
_KILLED = (
    "a worker ended before its work was done (killed, or out of memory): run "
    "the same command again, finished shards are kept"
)


class JobError(RuntimeError):
    """A job that failed; its message is the one line that a user needs."""


class _WorkerDied(BaseException):
    """Raised where a runner waits for a dead worker; no runner catches it."""


def parse_options(argv: Sequence[str]) -> PipelineOptions:
    """Parses Beam's own flags; an unknown one is an error.

    Raises:
      ValueError: something that is not a flag, or that Beam does not know.
    """
    # `--overwrite false` would overwrite, and leave `false` as an argument.
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
        options = PipelineOptions([*argv, f"--runner={_DEFAULT}"])
    # Workers import their code. The main module, with its flags, stays here.
    setup = options.view_as(SetupOptions)
    setup.save_main_session = False
    if setup.setup_file:  # Beam changes to its folder, so the path needs one.
        setup.setup_file = os.path.abspath(setup.setup_file)
    return options


def check_reach(
    options: PipelineOptions, paths: Iterable[tuple[str, str]]
) -> None:
    """Refuses a job that Dataflow's workers could not run.

    Args:
      options: of Beam.
      paths: flag and path of all that workers read or write.

    Raises:
      ValueError: a path of this machine, or workers that lack this package.
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
    """Logs the job's progress; of Beam and absl, only what has gone wrong."""
    handler = absl_logging.get_absl_handler()
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    )
    handler.addFilter(_has_no_traceback)
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    # Dataflow's log says where to watch the job, and what happens to it.
    service = logging.getLogger("apache_beam.runners.dataflow")
    service.setLevel(logging.INFO)
    client = service.getChild("internal.apiclient")
    client.addFilter(lambda record: "console" in str(record.msg))
    service.getChild("dataflow_runner").addFilter(
        lambda record: record.levelno < logging.ERROR
    )
    for name in ("pipeline", "__main__"):
        logging.getLogger(name).setLevel(logging.INFO)


def _has_no_traceback(record: logging.LogRecord) -> bool:
    """Drops the tracebacks that Beam logs: the last line has their error."""
    return not record.exc_info and "Traceback" not in record.getMessage()


@contextlib.contextmanager
def keep_terminal(options: PipelineOptions) -> Iterator[TextIO]:
    """Keeps what workers print off the terminal, and yields the terminal.

    Start-up notes and tracebacks go to a file, which is kept if the job fails;
    the log still goes to the terminal. Workers inside this process print
    nothing.
    """
    direct = options.view_as(DirectOptions).direct_running_mode == "in_memory"
    if direct and options.view_as(StandardOptions).runner == _DEFAULT:
        yield sys.stderr
        return
    handler = absl_logging.get_absl_handler().python_handler
    descriptor = os.dup(2)
    with (
        open(descriptor, "w") as terminal,
        tempfile.NamedTemporaryFile(
            prefix="eyewitness-", suffix=".log", delete=False
        ) as prints,
    ):
        _LOG.info("what workers print goes to %s", prints.name)
        stream = handler.setStream(terminal)
        os.dup2(prints.fileno(), 2)
        try:
            yield terminal
        finally:
            os.dup2(descriptor, 2)
            handler.setStream(stream)
    os.remove(prints.name)


def run(job: beam.PTransform, options: PipelineOptions) -> None:
    """Runs a job to its end.

    Raises:
      JobError: it failed, or a worker of it died.
      KeyboardInterrupt: also where Ctrl-C met a worker inside this process.
    """
    try:
        with (
            _own_package_first(),
            _ended_by_dead_workers(),
            beam.Pipeline(options=options) as pipeline,
        ):
            pipeline | job
    except Exception as error:  # Runners raise anything.
        line = cause(error)
        if line == KeyboardInterrupt.__name__:
            raise KeyboardInterrupt from error
        raise JobError(line) from error


@contextlib.contextmanager
def _own_package_first() -> Iterator[None]:
    """Lets worker processes import this package by its place.

    They would else take a `pipeline.py` of the working folder for it.
    """
    home = str(pathlib.Path(__file__).parents[2])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    ours = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _ended_by_dead_workers() -> Iterator[None]:
    """Ends a job whose worker died before it connected.

    Beam waits for such a worker for ever; only the thread that started it sees
    its end.
    """
    died: list[BaseException | None] = []
    # Not SIGINT, which a job in a script's background ignores.
    before = signal.signal(signal.SIGUSR1, _wake)
    ended = threading.Event()
    report = threading.excepthook
    interruption = threading.Thread(
        target=_interrupt, args=(threading.get_ident(), ended), daemon=True
    )

    def tell(failure: threading.ExceptHookArgs) -> None:
        report(failure)
        if failure.thread and failure.thread.name == "run_worker":
            if not died:
                interruption.start()
            died.append(failure.exc_value)

    threading.excepthook = tell
    try:
        try:
            yield
        finally:
            threading.excepthook = report
            ended.set()
            if died:
                interruption.join()
    except _WorkerDied:
        raise JobError(_KILLED) from died[0]
    finally:
        signal.signal(signal.SIGUSR1, before)


def _wake(*_: object) -> None:
    raise _WorkerDied


def _interrupt(waiting: int, ended: threading.Event) -> None:
    """Interrupts the thread that waits for a dead worker.

    It waits a while, because Beam ends the job by itself where the worker was
    connected. It waits until the other workers have connected, because Beam
    could not tell them to end before.
    """
    while not ended.wait(_GRACE_SECONDS):
        names = [thread.name for thread in threading.enumerate()]
        if names.count("run_worker") <= names.count("beam_control_read"):
            # `_thread.interrupt_main` would not end its wait for a lock.
            signal.pthread_kill(waiting, signal.SIGUSR1)
            return


_CLEAR = (ValueError, OSError, RuntimeError, flags.Error)


def cause(error: Exception) -> str:
    """The one line that a user needs of an error that a runner has wrapped."""
    if isinstance(error, grpc.FutureTimeoutError):
        return "no job service answers at --job_endpoint"
    if isinstance(error, grpc.Call):
        return _service_error(error)
    # Where a traceback came along, its lines begin with the errors' names.
    found = re.findall(r"^[\w.]+Error: (.+)", str(error), re.MULTILINE)
    line = found[-1] if found else str(error)
    if not found and not isinstance(error, _CLEAR):
        line = f"{type(error).__name__}: {line}"
    # Beam writes the stage behind an error's first part, wherever that ends.
    line = " ".join(re.sub(r" \[while running '.*?'\]", "", line).split())
    return _KILLED if line == "Channel closed prematurely." else line


def _service_error(call: grpc.Call) -> str:
    if call.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
        return (
            "the job service was waited for no longer than "
            "--job_server_timeout; what it runs may still go on"
        )
    return f"the job service ended the call: {call.details()}"
