"""The rows of `metrics.jsonl`, and the best of them."""

import json
import math

import pytest

from trainer.run import directory, metrics_file


def test_there_are_no_metrics_before_training(tmp_path):
    assert metrics_file.read_metrics(str(tmp_path)) == []


def test_the_best_row_is_the_first_of_the_best_and_ignores_nan():
    values = [0.1, math.nan, 0.7, 0.7, 0.1]
    rows = [
        {"step": step, "validation/cider_d": value, "validation/loss": value}
        for step, value in enumerate(values)
    ]

    def best(name, higher):
        return metrics_file.best_row(rows, name, higher_is_better=higher)

    assert best("cider_d", True) is rows[2]
    assert best("loss", False) is rows[0]
    assert best("bleu_4", True) is None


def test_a_row_that_owes_nothing_is_the_best_of_such_rows_alone():
    rows = [
        {"step": 1, "validation/cider_d": 0.9, "validation/collapsed": 1},
        {"step": 2, "validation/cider_d": 0.8, "validation/collapsed": 1},
        {"step": 3, "validation/cider_d": 0.2, "validation/collapsed": 0},
        {
            "step": 4,
            "validation/cider_d": 0.1,
            "validation/collapsed": math.nan,
        },
    ]

    def best(*rows):
        return metrics_file.best_row(rows, "cider_d", higher_is_better=True)

    assert best(*rows) is rows[2]
    assert best(*rows[:2]) is rows[0]
    assert best(rows[0], rows[3]) is rows[3]


def test_rows_are_json_whatever_the_values(tmp_path):
    row = {
        "step": 3,
        "train/loss": math.nan,
        "train/norm": math.inf,
        "a/b": 0.5,
    }
    line = metrics_file.dump(row)
    assert json.loads(line, parse_constant=pytest.fail) == {
        "step": 3,
        "train/loss": None,
        "train/norm": None,
        "a/b": 0.5,
    }
    (tmp_path / "metrics.jsonl").write_text(line)
    (found,) = metrics_file.read_metrics(str(tmp_path))
    assert math.isnan(found["train/loss"])
    assert (found["step"], found["a/b"]) == (3, 0.5)


def test_an_older_versions_nan_is_read(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "a/b": NaN}\n')
    (row,) = metrics_file.read_metrics(str(tmp_path))
    assert math.isnan(row["a/b"])


@pytest.mark.parametrize("damage", ["{", "[1]", '{"step": 1}x'])
def test_a_damaged_row_is_named_by_file_and_line(tmp_path, damage):
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"step": 1}}\n{damage}\n{{"step": 3}}\n')
    with pytest.raises(directory.RunError) as error:
        metrics_file.read_metrics(str(tmp_path))
    assert str(error.value).startswith(f"{path}, line 2, is damaged (")


def test_a_last_row_that_was_cut_is_left_out(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"ste')
    assert metrics_file.read_metrics(str(tmp_path)) == [{"step": 1}]
