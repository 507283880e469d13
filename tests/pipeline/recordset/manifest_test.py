"""Manifest: a round trip, its digest, and every way to break it."""

import dataclasses
from typing import Any

import pytest

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import records

SHARD = manifest_lib.Shard("train-0", "train", 3, 9, 100, "ab" * 32)
MANIFEST = manifest_lib.Manifest(
    encoder={"architecture": "é", "mean": [1.5, 2.0]},
    grid=records.GridSpec(4, 6, "bfloat16"),
    shards=(SHARD, dataclasses.replace(SHARD, file="test-0", split="test")),
    vocabulary_sha256="cd" * 32,
    rejected={"unreadable": 2},
    settings={"min_count": 1, "nested": {"a": None}},
)


def test_dump_and_load_are_inverse() -> None:
    again = manifest_lib.Manifest.load(MANIFEST.dump())
    assert again == MANIFEST
    assert again.dump() == MANIFEST.dump()


def test_digests_do_not_depend_on_the_order_of_keys() -> None:
    pairs = {"b": 1, "a": [1, {"d": "é", "c": 2}]}
    turned = {"a": [1, {"c": 2, "d": "é"}], "b": 1}
    assert manifest_lib.digest(pairs) == manifest_lib.digest(turned)
    assert manifest_lib.digest(pairs) == (
        "0fa395c8fd4378ad73a5df5622ec6e766111c2be243ee97cf72e7e841a9578b9"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"encoder": {"architecture": "e", "mean": [1.5, 2.0]}},
        {"grid": records.GridSpec(4, 6)},
        {"shards": MANIFEST.shards[:1]},
        {"shards": (dataclasses.replace(SHARD, sha256="00" * 32),)},
        {"vocabulary_sha256": "ce" * 32},
        {"rejected": {}},
        {"settings": {"min_count": 2}},
        {"card_sha256": "ef" * 32},
        {"schema": 3},
    ],
)
def test_the_digest_knows_all_content(change: dict[str, Any]) -> None:
    changed = dataclasses.replace(MANIFEST, **change)
    assert changed.digest != MANIFEST.digest


def test_a_changed_manifest_is_refused() -> None:
    text = MANIFEST.dump().replace('"records": 3', '"records": 4', 1)
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        manifest_lib.Manifest.load(text)
    found = str(caught.value)
    assert found.startswith("damaged manifest: digest ")
    assert found.endswith(f", it says {MANIFEST.digest[:12]}")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", "null", '"x"', "{}", '{"digest": "x"}', "\ufffd\0"],
)
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(
        manifest_lib.RecordSetError, match="^damaged manifest: "
    ):
        manifest_lib.Manifest.load(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"bfloat16"', '"bfloat17"'),
        ('"file"', '"fill"'),
        (f'"{MANIFEST.digest}"', "7"),
        ('"rejected": {', '"rejected": 1, "more": {'),
    ],
)
def test_a_manifest_that_holds_other_fields_is_refused(
    old: str, new: str
) -> None:
    assert old in MANIFEST.dump()
    with pytest.raises(
        manifest_lib.RecordSetError, match="^damaged manifest: "
    ):
        manifest_lib.Manifest.load(MANIFEST.dump().replace(old, new))


def test_a_manifest_of_before_the_data_card_keeps_its_digest() -> None:
    row = dataclasses.asdict(MANIFEST) | {"schema": 1}
    del row["card_sha256"]
    digest = manifest_lib.digest(row)
    text = manifest_lib.canonical_json(row | {"digest": digest})
    old = manifest_lib.Manifest.load(text)
    assert old.card_sha256 is None
    assert old.digest == digest
    assert old.dump() == text


def test_another_schema_is_refused_by_number() -> None:
    other = dataclasses.replace(MANIFEST, schema=99)
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        manifest_lib.Manifest.load(other.dump())
    assert str(caught.value) == (
        "manifest schema 99, this version reads 1 and 2: make the record set "
        "anew"
    )


def test_an_unknown_split_is_answered_with_those_there_are() -> None:
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        MANIFEST.shards_of("dev")
    assert str(caught.value) == (
        "no split 'dev' in the record set; it has test, train"
    )
