"""Training starts, warns or refuses by the record set's data card."""

import dataclasses
import functools
import hashlib
from pathlib import Path

import pytest

from pipeline.card import data_card
from pipeline.recordset import record_set as record_set_lib
from tests.support import card_sample, fixtures
from trainer.data import card_gate

WARNED = dataclasses.replace(
    card_sample.LEAKED, findings=card_sample.LEAKED.findings[1:]
)


@pytest.fixture
def record_set(tmp_path: Path) -> record_set_lib.RecordSet:
    return fixtures.write_record_set(tmp_path / "records")


def judge(
    record_set: record_set_lib.RecordSet, card: data_card.DataCard
) -> record_set_lib.RecordSet:
    """Puts a card into a record set."""
    text = card.dump()
    Path(record_set.path, data_card.CARD_FILE).write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return dataclasses.replace(
        record_set,
        manifest=dataclasses.replace(record_set.manifest, card_sha256=digest),
    )


# One caption in 30,000 has 37 words, none has more.
LONGEST = 37
admit = functools.partial(card_gate.admit, max_length=LONGEST + 1)


def test_healthy_data_is_admitted_without_a_word(
    record_set: record_set_lib.RecordSet,
) -> None:
    assert admit(judge(record_set, card_sample.HEALTHY)) == []


def test_a_record_set_without_a_card_is_admitted_with_a_note(
    record_set: record_set_lib.RecordSet,
) -> None:
    (line,) = admit(record_set)
    assert line == f"{record_set.path} has no data card: nothing is judged"


def test_a_warning_is_told_with_its_advice(
    record_set: record_set_lib.RecordSet,
) -> None:
    (line,) = admit(judge(record_set, WARNED))
    assert line == (
        "warn: repeated-images: 20 % of the images have a near-duplicate. "
        "(0.2, warn above 0.1) Leave near-duplicates out."
    )


def test_a_stop_refuses_and_says_how_to_go_on(
    record_set: record_set_lib.RecordSet,
) -> None:
    with pytest.raises(card_gate.RefusedDataError) as caught:
        admit(judge(record_set, card_sample.LEAKED))
    assert str(caught.value) == (
        f"{record_set.path} is not fit to train on: leaked-split: 40 % of "
        "dev's images have a near-duplicate in train. (0.4, stop above 0.2) "
        "Split anew with all near-duplicates on one side. See its "
        "data_card.html. To train all the same: "
        "--gin_param=\"train.waived = ['leaked-split']\""
    )


def test_all_stops_are_named(record_set: record_set_lib.RecordSet) -> None:
    first, other, _ = card_sample.LEAKED.findings
    both = (first, dataclasses.replace(other, level="stop"))
    card = dataclasses.replace(card_sample.LEAKED, findings=both)
    with pytest.raises(card_gate.RefusedDataError) as caught:
        admit(judge(record_set, card))
    assert "Also: repeated-images. See" in str(caught.value)
    assert str(caught.value).endswith(
        "train.waived = ['leaked-split', 'repeated-images']\""
    )


def test_a_waived_stop_is_told_and_admitted(
    record_set: record_set_lib.RecordSet,
) -> None:
    record_set = judge(record_set, card_sample.LEAKED)
    lines = admit(record_set, ["leaked-split"])
    assert [line.split(":")[0] for line in lines] == ["waived", "warn"]


def test_an_unknown_name_lists_the_names(
    record_set: record_set_lib.RecordSet,
) -> None:
    record_set = judge(record_set, card_sample.LEAKED)
    with pytest.raises(card_gate.RefusedDataError) as caught:
        admit(record_set, ["leaked-spilt"])
    said, _, names = str(caught.value).partition("; there are ")
    assert said == "train.waived: no finding 'leaked-spilt'"
    assert {"cut-captions", "leaked-split"} < set(names.split(", "))


def test_a_rule_that_came_after_a_card_may_be_waived(
    record_set: record_set_lib.RecordSet,
) -> None:
    record_set = judge(record_set, card_sample.LEAKED)
    admit(record_set, ["leaked-split", "wrong-pairs"])


def test_captions_that_are_cut_are_told_with_their_share(
    record_set: record_set_lib.RecordSet,
) -> None:
    record_set = judge(record_set, card_sample.HEALTHY)
    # 22 words and END need 23 tokens.
    assert card_gate.admit(record_set, max_length=23) == []
    with pytest.raises(card_gate.RefusedDataError) as caught:
        card_gate.admit(record_set, max_length=22)
    assert (
        "cut-captions: 16.7% of the train captions have more words than "
        "Batching.max_length = 22 leaves room for, and are learned without "
        "their end. (0.167, stop above 0.1) Raise MAX_LENGTH. See"
    ) in str(caught.value)
    (line,) = card_gate.admit(record_set, ["cut-captions"], max_length=22)
    assert line.startswith("waived: cut-captions: 16.7% of the train captions")


def test_few_cut_captions_are_a_warning(
    record_set: record_set_lib.RecordSet,
) -> None:
    lengths = ((8, 29700), (22, 300))
    train = dataclasses.replace(
        card_sample.FACTS.splits["train"], caption_lengths=lengths
    )
    facts = dataclasses.replace(card_sample.FACTS, splits={"train": train})
    card = dataclasses.replace(card_sample.HEALTHY, facts=facts)
    (line,) = card_gate.admit(judge(record_set, card), max_length=22)
    assert line.startswith("warn: cut-captions: 1.0% of the train captions")
    assert line.endswith("(0.01, warn above 0.001) Raise MAX_LENGTH.")
