"""The data card's file: a round trip, and damaged files."""

import json
from pathlib import Path

import pytest

from pipeline.card import data_card
from tests.support import card_sample


@pytest.mark.parametrize("card", [card_sample.HEALTHY, card_sample.LEAKED])
def test_a_card_comes_back_from_its_file(
    card: data_card.DataCard, tmp_path: Path
) -> None:
    (tmp_path / data_card.CARD_FILE).write_text(card.dump())
    loaded = data_card.load(str(tmp_path))
    assert loaded == card
    assert loaded.dump() == card.dump()


def test_the_gravest_finding_is_the_level() -> None:
    assert card_sample.HEALTHY.level == "ok"
    assert card_sample.LEAKED.level == "stop"


def test_a_missing_card_is_told(tmp_path: Path) -> None:
    with pytest.raises(data_card.DataCardError, match=r"card\.json: missing"):
        data_card.load(str(tmp_path))


def test_another_schema_is_told() -> None:
    row = json.loads(card_sample.HEALTHY.dump()) | {"schema": 99}
    with pytest.raises(data_card.DataCardError, match="schema 99, this"):
        data_card.parse(json.dumps(row))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 1}', "\0"])
def test_damage_is_told(text: str) -> None:
    with pytest.raises(data_card.DataCardError, match="damaged data card"):
        data_card.parse(text)
