"""A run's identity: kept as JSON, and compared field by field."""

import dataclasses
import json

import pytest

from tests.support.identities import IDENTITY
from trainer.run.identity import RunIdentity

FOLD = {"count": 5, "number": 1}


def test_an_identity_comes_back_from_its_text():
    assert RunIdentity.load(IDENTITY.dump()) == IDENTITY
    folded = dataclasses.replace(IDENTITY, fold=FOLD)
    assert RunIdentity.load(folded.dump()) == folded


def test_a_run_without_a_fold_does_not_mention_one():
    assert "fold" not in json.loads(IDENTITY.dump())


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({}, []),
        ({"seed": 4}, ["seed: 1 there, 4 here"]),
        (
            {"batching": {"batch_images": 4, "seed": 2}},
            ["batching.batch_images: 8 there, 4 here"],
        ),
        (
            {"seed": 3, "batching": {"batch_images": 8, "seed": 5}},
            ["batching.seed: 2 there, 5 here", "seed: 1 there, 3 here"],
        ),
        (
            {"captioner": {"units": 8, "heads": 7}},
            ["captioner.heads: None there, 7 here"],
        ),
        ({"fold": FOLD}, ["fold: None there, {'count': 5, 'number': 1} here"]),
    ],
)
def test_differences_are_told_by_field(changes, differences):
    asked = dataclasses.replace(IDENTITY, **changes)
    assert asked.differences(IDENTITY) == differences


@pytest.mark.parametrize("off", [None, 0.0, False])
def test_a_setting_that_is_off_is_no_difference_to_a_run_without(off):
    settings = {**IDENTITY.captioner, "later": off}
    asked = dataclasses.replace(IDENTITY, captioner=settings)
    assert asked.differences(IDENTITY) == []


def test_an_older_run_does_not_know_its_captioners_class():
    asked = dataclasses.replace(IDENTITY, captioner_class="UpDown")
    assert asked.differences(IDENTITY) == []
    other = dataclasses.replace(IDENTITY, captioner_class="Merge")
    assert asked.differences(other) == [
        "captioner_class: Merge there, UpDown here"
    ]


def test_an_older_run_does_not_know_its_search():
    asked = dataclasses.replace(IDENTITY, search={"beams": 3})
    assert asked.differences(IDENTITY) == []
    older = dataclasses.replace(IDENTITY, search={"beams": 5})
    assert asked.differences(older) == ["search.beams: 5 there, 3 here"]


def test_tuples_are_what_json_makes_of_them():
    one, other = (
        dataclasses.replace(IDENTITY, captioner={"names": names})
        for names in (("GPU:0",), ["GPU:0"])
    )
    assert one.differences(other) == []


def test_a_field_that_an_older_run_lacks_is_none():
    row = json.loads(IDENTITY.dump())
    del row["loss_scale"]
    assert RunIdentity.load(json.dumps(row)).loss_scale is None
