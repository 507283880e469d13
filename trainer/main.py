r"""Trains, evaluates and serves captioners.

  python -m trainer.main --mode=train --gin_file=gin/run_flickr8k.gin \
    --gin_param="RECORDS = 'data/mine/records'" --run_dir=runs/mine
  python -m trainer.main --mode=train ... --num_workers=2
  python -m trainer.main --mode=config --gin_file=gin/run_flickr8k.gin
  python -m trainer.main --mode=range_test --gin_file=... --run_dir=runs/rates
  python -m trainer.main --mode=cross_validate --gin_file=... --run_dir=...
  python -m trainer.main --mode=evaluate --run_dir=runs/mine
  python -m trainer.main --mode=diagnose --run_dir=runs/mine
  python -m trainer.main --mode=diagnose --captions=results.json \
    --references=captions.jsonl
  python -m trainer.main --mode=score --captions=results.json \
    --references=captions.jsonl
  python -m trainer.main --mode=compare --run_dir=runs/a --run_dir=runs/b
  python -m trainer.main --mode=caption --run_dir=runs/mine photo.jpg folder \
    --output=captions.jsonl
  python -m trainer.main --mode=status --run_dir=runs

`eyewitness-trainer` is `python -m trainer.main`. gin/SETTINGS.md lists what a
gin file and --gin_param can set.
"""

import logging
import sys

from pipeline import interruption, startup

with (
    interruption.told("trainer"),
    startup.without_notes(),
    startup.packages("trainer"),
):
    from absl import app, flags

    # TensorFlow looks for devices once flags are parsed, so look before.
    app.call_after_init(startup.find_devices)

    import tensorflow as tf
    from absl import logging as absl_logging

    from pipeline import command_line
    from trainer import config, configurable
    from trainer.devices import heartbeat, launcher
    from trainer.loop import stop_signal
    from trainer.modes import compare, diagnose_captions, score
    from trainer.modes.outcome import Outcome

# What each flag is for; the help shows them in this order.
_TASK, _SETTINGS, _TRAIN, _RESULTS, _COMPARE, _CAPTION = _TASKS = (
    "What to do",
    "Settings",
    "--mode=train",
    "--mode=score and --mode=diagnose of any system",
    "--mode=compare",
    "--mode=caption",
)

_MODE = flags.DEFINE_enum(
    "mode",
    None,
    [*configurable.MODES, "score", "compare", "config", "status"],
    "What to do. range_test: find a learning rate. cross_validate: train on k "
    "folds of the train split. config: show all settings of a run, and where "
    "each was set; --run_dir is not needed. diagnose: say why captions are all "
    "alike; with --gin_param='diagnose.cure = True', mend it beside the run. "
    "score: score the captions of any system. compare: say of two evaluated "
    "runs whether their scores truly differ. status: list runs.",
    required=True,
    module_name=_TASK,
)
_RUN_DIR = flags.DEFINE_multi_string(
    "run_dir",
    [],
    "Folder of the run: checkpoints, curves, configuration, scores, page. "
    "status: or a folder of runs. compare: twice, for two runs.",
    module_name=_TASK,
)
_GIN_FILE = flags.DEFINE_multi_string(
    "gin_file",
    [],
    "Configuration files, later ones winning. evaluate and caption read the "
    "configuration of the run itself first.",
    module_name=_SETTINGS,
)
_GIN_PARAM = flags.DEFINE_multi_string(
    "gin_param",
    [],
    "A binding over the files, such as 'NUM_STEPS = 9'.",
    module_name=_SETTINGS,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "JSONL file to write; standard output if not set. score, compare, and "
    "diagnose with --captions: JSON file to write.",
    module_name=_CAPTION,
)

_CAPTIONS = flags.DEFINE_string(
    "captions",
    None,
    "Captions of any system, to score, or to diagnose in place of a run: "
    "COCO's results format, or one {'image_id', 'caption'} a line.",
    module_name=_RESULTS,
)
_REFERENCES = flags.DEFINE_string(
    "references",
    None,
    "What people say of their images: COCO's captions format, or lines of "
    "{'id', 'captions'}.",
    module_name=_RESULTS,
)
_SPLIT = flags.DEFINE_string(
    "split",
    None,
    "The split, where both runs were evaluated on several.",
    module_name=_COMPARE,
)
_NUM_WORKERS = flags.DEFINE_integer(
    "num_workers",
    1,
    "Processes of this host, each with an equal part of every batch. "
    "When one is lost, all stop.",
    lower_bound=1,
    module_name=_TRAIN,
)

# These read the run's own gin file first; the other modes need one.
_OF_A_RUN = ("evaluate", "diagnose", "caption")
# These take no settings: whose configuration they read.
_UNCONFIGURED = {"status": "each run's own", "score": "no", "compare": "no"}
_USER_ERRORS = (ValueError, OSError, RuntimeError, FloatingPointError)


def _run(arguments: list[str]) -> str | Outcome:
    mode, files = _MODE.value, list(_GIN_FILE.value)
    # As of any flag, the last one counts.
    run_dir = _RUN_DIR.value[-1] if _RUN_DIR.value else ""
    if mode != "caption" and arguments:
        raise config.ConfigError(f"not a flag: {arguments[0]!r}; see --help")
    if mode in _UNCONFIGURED and (files or _GIN_PARAM.value):
        raise config.ConfigError(
            f"--mode={mode} reads {_UNCONFIGURED[mode]} configuration: leave "
            "out --gin_file and --gin_param"
        )
    if mode == "score" or (mode == "diagnose" and _CAPTIONS.value):
        return _of_results(mode)
    if mode == "compare":
        return compare.compare(_RUN_DIR.value, _SPLIT.value, _OUTPUT.value)
    if mode != "config" and not run_dir:
        raise config.ConfigError(f"--mode={mode} needs --run_dir")
    if mode == "status":
        return configurable.list_runs(run_dir)
    if mode in _OF_A_RUN or (mode == "config" and run_dir and not files):
        files = [configurable.MODES_FILE, config.saved(run_dir), *files]
    if not files:
        raise config.ConfigError(
            f"--mode={mode} needs --gin_file, such as gin/run_scenes.gin"
        )
    statements = config.load(files, _GIN_PARAM.value)
    with config.placed(statements):
        if mode == "config":
            return config.operative(
                configurable.MODES,
                statements,
                given=configurable.GIVEN,
                names={part: name for name, part in configurable.PARTS.items()},
            )
        given = (arguments, _OUTPUT.value) if mode == "caption" else ()
        return configurable.MODES[mode](run_dir, *given)


def _told(said: str | Outcome) -> int:
    """Prints what a mode says; returns the exit code."""
    ended = Outcome(said) if isinstance(said, str) else said
    if ended.text:
        # Standard output holds nothing but the captions, one JSON a line.
        if _MODE.value == "caption" and not _OUTPUT.value:
            print(ended.text, file=sys.stderr)
        else:
            command_line.show(ended.text)
    return ended.exit_code


def _of_results(mode: str) -> str | Outcome:
    """Scores or diagnoses the captions of any system."""
    if not _CAPTIONS.value:
        raise config.ConfigError(f"--mode={mode} needs --captions")
    if not _REFERENCES.value:
        raise config.ConfigError("--captions needs --references")
    run = (
        score.score if mode == "score" else diagnose_captions.diagnose_captions
    )
    return run(_CAPTIONS.value, _REFERENCES.value, _OUTPUT.value)


def _launch() -> int:
    """Starts this command as several workers; returns the exit code."""
    if _MODE.value != "train":
        raise config.ConfigError("--num_workers is for --mode=train alone")
    # As this process was started: `-m` would import a `trainer.py` of the
    # working folder, which a console script does not.
    command = [sys.executable, *sys.orig_argv[1:], "--num_workers=1"]
    return launcher.launch(command, _NUM_WORKERS.value)


def main(argv: list[str]) -> None:
    """Runs a mode.

    Exits with 1 and one line on standard error after an error, with 143 (130)
    after SIGTERM (SIGINT) stopped a training, which is saved, and after a
    diagnosis with 3 or 4 where something is wrong.
    """
    absl_logging.get_absl_handler().setFormatter(
        logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    )
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger("trainer").setLevel(logging.INFO)
    heartbeat.start()
    try:
        if _NUM_WORKERS.value > 1:
            sys.exit(_launch())
        sys.exit(_told(_run(argv[1:])))
    except stop_signal.Preempted as stop:
        print(f"trainer: {_line(stop)}", file=sys.stderr)
        sys.exit(stop.exit_code)
    except tf.errors.UnavailableError as error:
        sys.exit(f"trainer: another worker is gone: {error.message}")
    except _USER_ERRORS as error:
        sys.exit(f"trainer: {_line(error)}")


def _line(error: Exception) -> str:
    """The error's message without the lines that gin adds about the call."""
    return str(error).split("\n  In call to configurable")[0]


def run() -> None:
    """Entry point of the console script."""
    parse = command_line.parser("trainer", __doc__, _TASKS)
    with interruption.told("trainer"):
        app.run(main, flags_parser=parse)


if __name__ == "__main__":
    run()
