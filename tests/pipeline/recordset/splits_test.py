"""Splits never change, whatever else is in the data set."""

import collections
from typing import Any

import pytest

from pipeline.recordset import splits

IDS = [f"image-{number}.jpg" for number in range(4000)]
RULE = splits.SplitRule(validation_share=0.1, test_share=0.2)


def test_hashes_are_stable_for_ever() -> None:
    place = splits.unit_hash("eyewitness", "image-0.jpg")
    assert place == 0.38120391444198554
    assert splits.unit_hash("shard", "hund-\u00e4.jpg") == 0.36669448531199533


def test_hashes_lie_in_the_unit_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Largest:
        def __init__(self, data: bytes):
            assert data

        def digest(self) -> bytes:
            return b"\xff" * 32

    monkeypatch.setattr(splits.hashlib, "sha256", Largest)
    assert splits.unit_hash("salt", "key") < 1
    assert splits.shard_of("key", 8) == 7


def test_splits_are_stable_for_ever() -> None:
    assert [RULE.assign(name, "") for name in IDS[:10]] == [
        "train",
        "test",
        "test",
        "train",
        "validation",
        "train",
        "test",
        "train",
        "test",
        "validation",
    ]


def test_shards_are_stable_for_ever() -> None:
    found = [splits.shard_of(name, 16) for name in IDS[:8]]
    assert found == [9, 15, 11, 13, 5, 15, 3, 13]


def test_order_in_a_shard_is_stable_and_total() -> None:
    ordered = sorted(IDS[:8], key=splits.record_order)
    assert [IDS.index(name) for name in ordered] == [1, 5, 0, 3, 6, 2, 4, 7]
    assert splits.record_order("a") != splits.record_order("b")


def test_shares_are_kept() -> None:
    counts = collections.Counter(RULE.assign(name, "") for name in IDS)
    assert counts["validation"] / len(IDS) == pytest.approx(0.1, abs=0.02)
    assert counts["test"] / len(IDS) == pytest.approx(0.2, abs=0.02)
    shards = collections.Counter(splits.shard_of(name, 8) for name in IDS)
    assert sorted(shards) == list(range(8))
    assert min(shards.values()) > 400


def test_a_larger_share_only_moves_images_out_of_train() -> None:
    larger = splits.SplitRule(validation_share=0.1, test_share=0.3)
    for name in IDS:
        before, after = RULE.assign(name, ""), larger.assign(name, "")
        assert after == before or (before, after) == ("train", "test")


def test_splits_of_the_data_set_are_kept() -> None:
    for own in ("train", "validation", "test", "dev"):
        assert {RULE.assign(name, own) for name in IDS[:200]} == {own}


def test_holdout_takes_from_the_train_split_only() -> None:
    rule = splits.SplitRule(holdout_share=0.25)
    counts = collections.Counter(rule.assign(name, "train") for name in IDS)
    assert set(counts) == {"train", "validation"}
    share = counts["validation"] / len(IDS)
    assert share == pytest.approx(0.25, abs=0.03)
    assert {rule.assign(name, "test") for name in IDS[:200]} == {"test"}


def test_another_salt_gives_other_splits() -> None:
    other = splits.SplitRule(validation_share=0.1, test_share=0.2, salt="b")
    moved = sum(RULE.assign(name, "") != other.assign(name, "") for name in IDS)
    assert moved > len(IDS) / 4


@pytest.mark.parametrize(
    "name", ["validation_share", "test_share", "holdout_share"]
)
@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_is_checked_by_name(name: str, share: float) -> None:
    given: dict[str, Any] = {name: share}
    with pytest.raises(ValueError) as caught:
        splits.SplitRule(**given)
    assert str(caught.value) == f"`{name}` must lie in [0, 1), got {share}"


def test_some_images_are_left_for_training() -> None:
    with pytest.raises(ValueError) as caught:
        splits.SplitRule(validation_share=0.5, test_share=0.5)
    assert str(caught.value) == (
        "`validation_share` + `test_share` must leave images for training, "
        "got 0.5 + 0.5"
    )


def test_folds_are_equal_parts_and_runs_of_the_record_order() -> None:
    folds = [
        splits.fold_of(name, 5) for name in sorted(IDS, key=splits.record_order)
    ]
    assert folds == sorted(folds)
    sizes = [folds.count(fold) / len(IDS) for fold in range(5)]
    assert all(0.15 < size < 0.25 for size in sizes)
