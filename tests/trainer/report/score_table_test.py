"""Scores as lines of text."""

from pipeline.scoring import cider
from trainer.evaluation import baselines
from trainer.report import glossary, score_table


def test_a_line_tells_value_interval_and_floors():
    text = score_table.table(
        {
            "cider_d": baselines.Score(0.52, 0.14, 0.06, 0.81, (0.5, 0.541)),
            "other": baselines.Score(1.0, 2.0, 3.0),
        },
        glossary.Glossary([cider.CiderDMetric()]),
        system="system",
    )
    head, first, second = text.splitlines()
    assert head.split() == [
        *("system", "95", "%", "interval"),
        *("constant", "shuffled", "people"),
    ]
    assert first.split() == [
        *("CIDEr-D", "0.520", "0.500", "to", "0.541"),
        *("0.140", "0.060", "0.810"),
    ]
    assert second.split() == ["Other", "1.000", "-", "2.000", "3.000", "-"]
    assert len(head) == len(first) == len(second) <= 80
