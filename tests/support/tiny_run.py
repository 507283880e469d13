"""The shipped configuration of a run of three steps.

Its captions are short: a graph is as large as they are long.
"""

from trainer import config


def load(records, *bindings):
    """Reads the files of the demo, made tiny, and bindings over them."""
    config.load(
        ["gin/run_demo.gin", "gin/tiny.gin"],
        [
            f"RECORDS = '{records}'",
            "evaluate.truth = None",
            "evaluate.split = 'validation'",
            "Devices.kind = 'one_device'",
            "MAX_LENGTH = 8",
            *bindings,
        ],
    )
