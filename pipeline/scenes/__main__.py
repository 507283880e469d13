r"""Renders the embedded data set of scenes: images, captions and their truth.

  python -m pipeline.scenes --output=data/scenes
  python -m pipeline.scenes --output=data/mismatched --fault=mismatched

`pipeline.main` takes it with --annotations=data/scenes/captions.jsonl
--images=data/scenes.
"""

import dataclasses
import logging
import sys
from pathlib import Path

from pipeline import interruption, startup

with interruption.told("scenes"), startup.packages("scenes"):
    from absl import app, flags
    from absl import logging as absl_logging

    from pipeline import command_line
    from pipeline.scenes import dataset

# What each flag is for; the help shows them in this order.
_TASK, _SCENES, _FAULT = _TASKS = "What to do", "The scenes", "A planted defect"


def _define_flags() -> None:
    default = dataset.SceneConfig()
    flags.DEFINE_string(
        "output", None, "Folder to write.", required=True, module_name=_TASK
    )
    flags.DEFINE_bool(
        "overwrite", False, "Replace other settings' scenes.", module_name=_TASK
    )
    for name in ("images", "validation", "test", "composition"):
        split = "train" if name == "images" else name
        number, text = getattr(default, name), f"Images of the {split} split."
        flags.DEFINE_integer(
            name, number, text, lower_bound=0, module_name=_SCENES
        )
    flags.DEFINE_integer(
        "seed", default.seed, "Chooses other images.", module_name=_SCENES
    )
    flags.DEFINE_enum(
        "fault",
        default.fault,
        dataset.FAULTS,
        "redundant: one caption five times; mismatched: the captions of "
        "neighbours, swapped; templated: little, in one pattern; blank: "
        "images of plain grey.",
        module_name=_FAULT,
    )
    share = "Share of the train and validation images it strikes."
    flags.DEFINE_float(
        "fault_share", default.fault_share, share, 0, 1, module_name=_FAULT
    )


def main(argv: list[str]) -> None:
    """Writes the data set; one clear line and exit code 1 when it can't."""
    if len(argv) > 1:
        sys.exit(f"scenes: unexpected argument {argv[1]!r}")
    absl_logging.get_absl_handler().setFormatter(
        logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    )
    logging.getLogger("pipeline").setLevel(logging.INFO)
    values = flags.FLAGS.flag_values_dict()
    fields = [field.name for field in dataclasses.fields(dataset.SceneConfig)]
    config = dataset.SceneConfig(**{name: values[name] for name in fields})
    output = Path(values["output"])
    try:
        written = dataset.write(output, config, overwrite=values["overwrite"])
    except (OSError, ValueError) as error:
        sys.exit(f"scenes: {error}")
    print(f"{output}: {'complete' if written else 'already complete'}")


def run() -> None:
    """Entry point of `python -m pipeline.scenes`."""
    _define_flags()
    parse = command_line.parser("scenes", __doc__, _TASKS)
    with interruption.told("scenes"):
        app.run(main, flags_parser=parse)


if __name__ == "__main__":
    run()
