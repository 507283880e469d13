"""The table of settings is up to date, and leaves no cell empty."""

import pathlib
import re

from trainer import settings_table

FILE = pathlib.Path(__file__).parents[2] / "gin" / "SETTINGS.md"


def test_the_file_is_what_the_code_says():
    assert FILE.read_text() == settings_table.table(), (
        "run: python -m trainer.settings_table > gin/SETTINGS.md"
    )


def test_a_row_tells_name_type_default_and_meaning():
    lines = settings_table.table().splitlines()
    start = "| `Search.beams` | a whole number | `3` | number of hypotheses "
    assert f"{start}kept of each image. |" in lines
    start = "| `Setup.records` | text in quotes | needed | folder of the record"
    assert f"{start} set. |" in lines


def test_every_setting_is_explained():
    rows = re.findall(r"^\| `.*", settings_table.table(), re.MULTILINE)
    assert len(rows) > 60
    for row in rows:
        assert all(cell.strip() for cell in row.strip("|").split("|")), row


def test_what_the_code_gives_is_no_setting():
    table = settings_table.table()
    for name in ("train.run_dir", "train.fold", "ShowAttendTell.depth"):
        assert name not in table
