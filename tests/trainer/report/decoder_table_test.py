"""The table of decoders, and what a good score costs."""

import json

from pipeline.scoring import cider
from trainer.evaluation.decoder_comparison import Comparison, Row, Spread
from trainer.report import decoder_table, glossary

PEOPLE = Spread(0.01, 0.0, 200, 0.98, 11.0)
BEAM = Row(
    "beam search, 3 beams", {"cider_d": 2.9}, Spread(0.05, 1e-3, 50, 0.4, 9.0)
)
DRAWN = Row("sampling", {"cider_d": 1.75}, Spread(0.01, 0.0, 190, 0.95, 10.5))
WORDS = glossary.Glossary([cider.CiderDMetric()])


def test_rows_stand_beside_people_in_columns():
    lines = decoder_table.text(
        Comparison([BEAM, DRAWN], PEOPLE), WORDS
    ).splitlines()
    assert lines[0].split() == [
        "decoder",
        "CIDEr-D",
        "mode",
        "share",
        "collision",
        "words",
        "different",
        "new",
    ]
    assert lines[1].split()[-6:] == [
        "2.900",
        "5.0%",
        "1.0e-03",
        "9.0",
        "50",
        "40%",
    ]
    assert lines[3].split() == [
        "people",
        "1.0%",
        "0.0e+00",
        "11.0",
        "200",
        "98%",
    ]
    assert len(set(map(len, lines[:4]))) == 1


def test_the_best_score_is_said_with_what_it_costs():
    said = decoder_table.text(Comparison([DRAWN, BEAM], PEOPLE), WORDS)
    assert said.splitlines()[-1] == (
        "Beam search, 3 beams, says 25% as many different words as people, and "
        "40% of its captions are new (people's 98%): the best CIDEr-D, 2.90. "
        "Sampling, says 95% as many different words as people, and 95% of its "
        "captions are new (people's 98%): 1.75."
    )
    said = decoder_table.text(Comparison([BEAM, BEAM], PEOPLE), WORDS)
    assert said.endswith("the best CIDEr-D, and the most different words.")


def test_json_holds_the_same():
    row = json.loads(decoder_table.to_json(Comparison([BEAM], PEOPLE)))
    assert row["rows"][0]["scores"] == {"cider_d": 2.9}
    assert row["people"]["distinct_words"] == 200
