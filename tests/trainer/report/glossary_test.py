"""The words for scores come from the metrics."""

from pipeline.scoring import bleu, cider
from tests.support import toys
from trainer.evaluation import scorers
from trainer.report import glossary

METRICS = (
    bleu.BleuMetric(),
    cider.CiderDMetric(),
    *scorers.statement_metrics({}),
    toys.Wordiness(),
)


def test_a_metric_brings_its_own_words():
    words = glossary.Glossary(METRICS)
    for metric in METRICS:
        assert words.term(metric.name) is metric
    assert words.label("bleu_4") == "BLEU-4"
    assert words.label("wordiness") == "Wordiness"
    assert not words.term("wordiness").higher_is_better


def test_what_is_no_metric_has_words_and_less_of_it_is_better():
    words = glossary.Glossary()
    for name in ("loss", "mode_share", "collision_probability", "collapsed"):
        assert words.term(name).definition.endswith(".")
        assert not words.term(name).higher_is_better
    assert words.label("mode_share") == "Mode share"


def test_an_unknown_score_has_a_label_and_no_definition():
    words = glossary.Glossary()
    assert words.label("true_share") == "True share"
    assert words.definitions(["true_share"]) == []


def test_definitions_come_once_and_in_order():
    names = ["bleu_4", "unheard_of", "cider_d", "bleu_4"]
    found = glossary.Glossary(METRICS).definitions(names)
    assert [label for label, _ in found] == ["BLEU-4", "CIDEr-D"]
    assert "up to 4 words" in found[0][1]
