"""Facts survive JSON, and unknown or missing ones are refused."""

import dataclasses
import json

import pytest

from pipeline.card import facts
from tests.support import card_sample


@pytest.mark.parametrize("without", [{}, {"ladder": None, "floors": None}])
def test_json_gives_the_facts_back(without: dict[str, None]) -> None:
    one = dataclasses.replace(card_sample.FACTS, **without)
    assert facts.Facts.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_an_unknown_fact_is_refused() -> None:
    row = card_sample.FACTS.to_json() | {"mood": 1}
    with pytest.raises(TypeError, match="mood"):
        facts.Facts.from_json(row)
