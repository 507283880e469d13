"""Two systems' scores as lines of text."""

from pipeline.scoring import cider, hallucination
from trainer.evaluation.bootstrap import Difference
from trainer.report import difference_table, glossary

WORDS = glossary.Glossary(
    [cider.CiderDMetric(), hallucination.HallucinationMetric()]
)


def line(name: str, row: difference_table.Row) -> str:
    return difference_table.table({name: row}, WORDS).splitlines()[1]


def test_a_real_difference_names_the_better_one():
    up = difference_table.Row(0.5, 0.6, Difference(0.1, 0.05, 0.15, 0.001))
    told = line("cider_d", up)
    assert told.split()[:7] == [
        *("CIDEr-D", "0.500", "0.600", "+0.100"),
        *("+0.050", "to", "+0.150"),
    ]
    assert told.endswith("0.0010  B is better")
    # Of hallucination, less is better.
    assert line("chair_i", up).endswith("A is better")


def test_what_may_be_chance_is_no_difference():
    row = difference_table.Row(0.5, 0.6, Difference(0.1, -0.05, 0.25, 0.2))
    assert line("cider_d", row).endswith("no difference shown")


def test_what_has_no_sums_is_not_judged():
    row = difference_table.Row(0.5, 0.6, None)
    assert line("other", row).split() == [
        "Other",
        "0.500",
        "0.600",
        "+0.100",
        "-",
    ]
