"""The rows of `metrics.jsonl`, and the best of them."""

import math

from trainer.run import metrics_file


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
