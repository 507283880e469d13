"""The range test on a tiny record set."""

import json

import pytest

from tests.support.tiny_run import load
from trainer import config, configurable
from trainer.run import directory


def test_range_test_suggests_a_rate_and_leaves_no_run(records, tmp_path):
    load(records, "range_test.num_steps = 5", "range_test.high = 0.5")
    said = configurable.MODES["range_test"](str(tmp_path))
    assert said.startswith("suggested: AdamW.learning_rate = ")
    assert said.endswith(f". Page: {tmp_path}/range_test.html")
    assert "\n" not in said
    rows = [
        json.loads(row)
        for row in (tmp_path / "range_test.jsonl").read_text().splitlines()
    ]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0]["rate"] == pytest.approx(1e-5)
    assert rows[-1]["rate"] == pytest.approx(0.5)
    assert {path.name for path in tmp_path.iterdir()} == {
        "range_test.jsonl",
        "range_test.html",
    }
    with pytest.raises(config.ConfigError, match="no trained captioner in"):
        config.saved(str(tmp_path))


def test_range_test_stops_where_the_loss_is_out_of_hand(records, tmp_path):
    load(
        records,
        "range_test.low = 1.0",
        "range_test.high = 1e30",
        "AdamW.clip_norm = 1e9",
    )
    said = configurable.MODES["range_test"](str(tmp_path))
    assert "; the loss diverged at " in said
    rows = (tmp_path / "range_test.jsonl").read_text().splitlines()
    assert len(rows) < 200


@pytest.mark.parametrize("mode", ["range_test", "cross_validate"])
def test_a_trainings_directory_is_not_taken(records, run, mode):
    load(records)
    before = sorted(run[0].iterdir())
    with pytest.raises(directory.RunError, match="belongs to a training"):
        configurable.MODES[mode](str(run[0]))
    assert sorted(run[0].iterdir()) == before
