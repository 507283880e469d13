"""Where all that was read went: compared, judged and told."""

import dataclasses
import itertools
from collections.abc import Mapping

import pytest

from pipeline.job.ledger import Ledger, Limits, Tally
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.rejects import Reject, Remark
from pipeline.recordset.manifest import RecordSetError


def tally(count: int, *, entries: int = 0, captions: int = 0) -> Tally:
    return Tally(count, entries, captions, ("a.jpg", "is bad"))


def of_a_table(left_out: Mapping[str, Tally]) -> Ledger:
    """40 images with 200 captions, each in a row, but for what is left out."""
    lost = left_out.values()
    return Ledger(
        read={"rows": 200, "captions": 200},
        left_out=left_out,
        entries=200 - sum(tally.entries for tally in lost),
        captions=200 - sum(tally.captions for tally in lost),
        images=40,
    )


WHOLE = of_a_table({})


@pytest.mark.parametrize("unit", ["rows", "captions"])
@pytest.mark.parametrize("change", [-1, 1])
def test_nothing_is_lost_or_won_without_a_reason(
    unit: str, change: int
) -> None:
    WHOLE.check()
    read = {**WHOLE.read, unit: 200 + change}
    with pytest.raises(RecordSetError) as caught:
        dataclasses.replace(WHOLE, read=read).check()
    assert str(caught.value).startswith(
        f"{unit} were lost: {200 + change} read, 200 accounted for"
    )


@pytest.mark.parametrize(
    ("reason", "lost", "told"),
    [
        # The unit's own share is judged: 3 of 200, not 3 of 43.
        ("blank-caption", tally(3, captions=3), ""),
        ("blank-caption", tally(11, captions=11), "11 of 200 captions were"),
        ("malformed-row", tally(10, entries=10), ""),
        ("malformed-row", tally(11, entries=11), "11 of 200 rows were"),
        ("unreadable", tally(2, captions=10), ""),
        ("unreadable", tally(3, captions=15), "3 of 43 images were"),
        ("no-such-image", tally(40, captions=40), "40 of 80 images were"),
        ("annotation-without-image", tally(190, captions=190), ""),
        ("unlisted", tally(39, entries=190, captions=190), ""),
        ("over-limit", tally(190, entries=190, captions=190), ""),
        ("unread-column", tally(90), ""),
    ],
)
def test_each_unit_has_its_share(reason: str, lost: Tally, told: str) -> None:
    ledger = of_a_table({reason: lost})
    ledger.check()
    if not told:
        ledger.judge(Limits(0.05), "it")
        return
    with pytest.raises(DataSetError) as caught:
        ledger.judge(Limits(0.05), "it")
    assert str(caught.value).startswith(told)
    assert f"{reason} {lost.count} (first a.jpg: is bad)" in str(caught.value)
    assert str(caught.value).endswith("; see it")


def test_a_wrong_place_of_the_images_is_called_that() -> None:
    left_out = {
        "no-such-image": tally(42, captions=42),
        "unreadable": tally(1, captions=1),
    }
    with pytest.raises(DataSetError) as caught:
        of_a_table(left_out).judge(Limits(0.05), "it")
    assert str(caught.value) == (
        "--images names the wrong place: 42 of 83 images are not there (first "
        "a.jpg: is bad); see it"
    )


@pytest.mark.parametrize(
    ("unreadable", "advice"),
    [
        (0, "run the same command again, which asks the servers again"),
        (2, "run the same command again, which asks the servers again"),
        (3, "mend it"),
    ],
)
def test_what_was_unanswered_is_asked_for_again(
    unreadable: int, advice: str
) -> None:
    left_out = {"unanswered": tally(9, captions=9)}
    if unreadable:
        left_out["unreadable"] = tally(unreadable, captions=unreadable)
    with pytest.raises(DataSetError) as caught:
        of_a_table(left_out).judge(Limits(0.05), "it", mended="mend it")
    assert str(caught.value).endswith(f"; see it, and {advice}")


def test_what_the_data_set_leaves_out_lends_rejects_no_weight() -> None:
    left_out = {
        "over-limit": tally(190, entries=190, captions=190),
        "malformed-row": tally(1, entries=1),
    }
    with pytest.raises(DataSetError, match="^1 of 10 rows were rejected"):
        of_a_table(left_out).judge(Limits(0.05), "")


def test_a_shard_is_never_one_of_many() -> None:
    read = {"shards": 10_000, "images": 40, "captions": 40}
    lost = {"malformed-shard": tally(1)}
    ledger = Ledger(read, lost, entries=40, captions=40, images=40)
    ledger.check()
    with pytest.raises(DataSetError, match="^1 of 10000 shards were rejected"):
        ledger.judge(Limits(0.05), "")
    ledger.judge(Limits(0.05, shard_share=0.001), "")


def test_several_units_are_told_together() -> None:
    left_out = {
        "malformed-row": tally(50, entries=50),
        "unreadable": tally(20, captions=100),
    }
    with pytest.raises(DataSetError) as caught:
        of_a_table(left_out).judge(Limits(0.05), "")
    rows, images, _ = str(caught.value).split("; ")
    assert rows.startswith("50 of 200 rows")
    assert images.startswith("20 of 60 images")


def test_a_line_tells_each_unit() -> None:
    left_out = {
        "blank-caption": tally(3, captions=3),
        "unlisted": Tally(2, 10, 10, ("b\x1b.jpg", "no split list names it")),
        "unreadable": tally(1, captions=5),
        "unread-column": tally(2),
    }
    assert list(of_a_table(left_out).lines("it")) == [
        "left out: 3 of 200 captions: blank-caption 3 (first a.jpg: is bad)",
        (
            "left out: 3 of 43 images: unlisted 2 (first b\\x1b.jpg: no split "
            "list names it), unreadable 1 (first a.jpg: is bad)"
        ),
        "left out: 2 columns: unread-column 2 (first a.jpg: is bad)",
        "rejects: see it",
    ]
    assert list(WHOLE.lines("it")) == []


def test_remarks_come_first_and_in_order() -> None:
    remarks = [Remark("splits: b\x1b"), Remark("ids: a")]
    left_out = {"unread-column": tally(2)}
    ledger = dataclasses.replace(of_a_table(left_out), remarks=remarks)
    assert list(ledger.lines("it")) == [
        "ids: a",
        "splits: b\\x1b",
        "left out: 2 columns: unread-column 2 (first a.jpg: is bad)",
    ]


def test_a_ledger_comes_back() -> None:
    ledger = of_a_table({"unreadable": tally(1, captions=5)})
    ledger = dataclasses.replace(ledger, remarks=(Remark("ids: none"),))
    assert Ledger.load(ledger.dump()) == ledger


@pytest.mark.parametrize(("sample", "expected"), [(40, 4), (10, 16)])
def test_a_sample_speaks_for_the_whole(sample: int, expected: int) -> None:
    lost = [
        Reject(str(number), "a.jpg", "empty", "", entries=0, captions=1)
        for number in range(4)
    ]
    left_out = {"empty": tally(2, entries=2)}
    foreseen = of_a_table(left_out).foresee(lost, sample)
    assert foreseen.left_out["empty"].count == 2 + expected
    assert foreseen.images == 40 - expected
    message = f"^{2 + expected} of 42 images were rejected"
    with pytest.raises(DataSetError, match=message):
        foreseen.judge(Limits(0.05), "")


def test_tallies_add_up_in_any_order() -> None:
    parts = [Tally(1, 1, number, (f"{number}", "")) for number in (3, 1, 2)]
    for order in itertools.permutations(parts):
        halves = [Tally.merge(order[:2]), Tally.merge(order[2:])]
        assert Tally.merge(halves) == Tally(3, 3, 6, ("1", ""))
