"""The data card's tables and bars."""

import dataclasses
import xml.etree.ElementTree as ElementTree

from pipeline.card.page import tables
from tests.support import card_sample

FACTS = card_sample.FACTS


def lines(text: str) -> dict[str, str]:
    rows = ElementTree.fromstring(text).iter("tr")
    return {row.findtext("th", ""): row.findtext("td", "") for row in rows}


def test_a_split_is_told_in_numbers_and_shares() -> None:
    said = lines(tables.split("dev", FACTS.splits["dev"]))
    assert said["Images"] == "1,000"
    assert said["Words per caption"] == "10.8"
    assert said["Unknown words"] == "2.78%"
    assert said["Near-duplicates in train"] == "3 (0.30%)"


def test_train_has_no_near_duplicates_in_train() -> None:
    said = lines(tables.split("train", FACTS.splits["train"]))
    assert said["Near-duplicates"] == "14 (0.23%)"
    assert "Near-duplicates in train" not in said


def test_an_empty_split_is_told() -> None:
    train = FACTS.splits["train"]
    none = dataclasses.replace(train.repeats, repeated_within=0)
    empty = dataclasses.replace(train, captions=0, words=0, repeats=none)
    assert lines(tables.split("train", empty))["Words per caption"] == "0.0"


def test_the_ladder_goes_down_and_says_what_it_was_counted_on() -> None:
    assert FACTS.ladder is not None
    text = tables.ladder(FACTS.ladder)
    assert list(lines(text).values()) == ["7.84", "5.13", "3.56", "3.36"]
    assert "Counted on 6,000 train images, measured on 1,000 of dev" in text


def test_floors_stand_together_and_what_is_unknown_is_left_out() -> None:
    assert FACTS.floors is not None
    text = tables.floors(dataclasses.replace(FACTS.floors, human=None))
    assert lines(text) == {
        "Permuted images": "0.060",
        "Best constant caption": "0.130",
        "Nearest image's caption": "0.280",
    }
    assert "On 500 images of dev, with captions of 2,000 train images" in text


def test_features_are_told_as_far_as_they_are_known() -> None:
    known = lines(tables.features(FACTS.features))
    assert known["Dispersion between images"] == "0.31"
    unknown = dataclasses.replace(FACTS.features, dispersion=None, cosine=None)
    assert len(lines(tables.features(unknown))) == len(known) - 2


def test_the_number_of_a_finding_stands_in_its_table() -> None:
    train = FACTS.splits["train"]
    repeats = dataclasses.replace(train.repeats, repeated_within=6000)
    faulty = dataclasses.replace(
        train, repeats=repeats, repeated_images=900, blank_images=180
    )
    said = lines(tables.split("train", faulty))
    assert said["Repeated for their image"] == "6,000 (20.00%)"
    assert said["Near-duplicates"] == "900 (15.00%)"
    assert said["Images of one colour"] == "180 (3.00%)"
    assert said["Captions per image"] == "5.0"
    features = dataclasses.replace(
        FACTS.features, dispersion=4.3e-4, constant=210, non_finite=9
    )
    said = lines(tables.features(features))
    assert said["Dispersion between images"] == "0.00043"
    assert said["Constant grids"] == "210 (3.00%)"
    assert said["Left out, not finite"] == "9 (0.13%)"
    often = dataclasses.replace(train.repeats, mode_share=0.21)
    assert "The first is 21.00% of all captions." in tables.frequent(often)


def test_reasons_and_captions_go_by_falling_count_and_are_escaped() -> None:
    reasons = {"<b>few": 1, "many": 1200, "also few": 1}
    assert lines(tables.rejected(reasons)) == {
        "many": "1,200",
        "<b>few": "1",
        "also few": "1",
    }
    repeats = FACTS.splits["train"].repeats
    assert lines(tables.frequent(repeats)) == {
        "a dog runs through the grass": "6",
        "two dogs playing": "4",
    }
