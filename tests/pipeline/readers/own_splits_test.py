"""Splits of images: named as usual, checked before all else, or by hash."""

import dataclasses
from typing import Any

import apache_beam as beam
import pytest

from pipeline.readers import own_splits
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import REJECTS
from pipeline.recordset import splits
from tests.support import pipes


class Read(beam.PTransform):
    """Begin -> (references, rejects): those that it was given."""

    def __init__(self, references: list[Reference]):
        super().__init__()
        self._references = references

    def expand(self, begin: Any) -> Any:
        return (
            begin
            | beam.Create(self._references)
            | beam.FlatMap(lambda part: [part]).with_outputs(
                REJECTS, main="good"
            )
        )


def image(name: str, split: str = "", captions: int = 1) -> Reference:
    return Reference(name, name, ("x",) * captions, split)


def settled(
    parts: list[Reference],
    expected: list[Reference],
    *told: str,
    whole: bool = True,
) -> None:
    with pipes.runner() as pipeline:
        read = own_splits.SettleSplits(Read(parts), whole=whole)
        good, rows = pipeline | read
        pipes.check(good, expected)
        pipes.check(pipes.remarks(rows), told, "told")


def test_splits_get_their_usual_names() -> None:
    parts = [
        image("a", "Train", 2),
        image("b", "restval"),
        image("c", "val"),
        image("d", "composition"),
    ]
    names = ("train", "train", "validation", "composition")
    expected = [
        dataclasses.replace(part, split=name)
        for part, name in zip(parts, names, strict=True)
    ]
    told = (
        "splits: composition: 1 captions of composition; train: 2 captions of "
        "Train, 1 captions of restval; validation: 1 captions of val"
    )
    settled(parts, expected, told)


def test_usual_names_need_no_word() -> None:
    parts = [image("a", "train"), image("b", "test")]
    settled(parts, parts)


def test_a_data_set_without_splits_is_told() -> None:
    told = "splits: the data has none, so each image's id decides"
    settled([image("a")], [image("a")], told)
    settled([], [])


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("val", "test"), "nothing is in the split train "),
        (("train", ""), "no split is known of 1 captions, but of the rest "),
        (("", "x"), "no split is known of 1 captions, but of the rest "),
        (
            tuple(f"s{number}" for number in range(51)),
            "the data set has more than 50 splits, such as 's",
        ),
    ],
)
def test_a_data_set_that_cannot_be_split_ends_the_job(
    names: tuple[str, ...], told: str
) -> None:
    parts = [image(f"{at}.jpg", name) for at, name in enumerate(names)]
    with pytest.raises(Exception, match=told):
        settled(parts, [])


def test_some_images_may_have_no_split_and_are_told() -> None:
    parts = [image("a", "test"), image("b")]
    told = "splits: by their ids: 1 captions; test: 1 captions of test"
    settled(parts, parts, told, whole=False)


def test_a_name_may_be_kept() -> None:
    parts = [image("a", "train"), image("b", "dev")]
    with pipes.runner() as pipeline:
        read = own_splits.SettleSplits(Read(parts), kept=["dev"])
        good, _ = pipeline | read
        pipes.check(good, parts)


@pytest.mark.parametrize("whole", [False, True])
def test_an_image_is_in_one_split(whole: bool) -> None:
    parts = [image("a", "train"), image("a", "val"), image("b", "Val")]
    parts += [image("b", "dev"), image("c", "test")]
    with pipes.runner() as pipeline:
        good, rejects = (
            pipeline
            | beam.Create(parts)
            | own_splits.AgreeOnSplits(whole=whole)
        )
        names = good | beam.Map(lambda part: part.image_id) | beam.Distinct()
        pipes.check(names, ["b", "c"])
        expected = [("a", "in-two-splits")]
        if whole:
            expected += [("b", "repeated-entry"), ("b", "repeated-caption")]
        pipes.check(pipes.reasons(rejects), expected, "no")


def test_an_id_of_several_images_is_told() -> None:
    parts = [Reference("1", name, (name,), "train") for name in ("a", "b")]
    with pipes.runner() as pipeline:
        good, rows = pipeline | beam.Create(parts) | own_splits.AgreeOnSplits()
        pipes.check(
            good, [Reference(name, name, (name,), "train") for name in "ab"]
        )
        told = (
            "ids: 1 stand for several images each, such as 1 of a and b: these "
            "images go by their paths instead"
        )
        pipes.check(pipes.remarks(rows), [told], "told")


def test_adding_images_moves_no_other() -> None:
    rule = splits.SplitRule(validation_share=0.2, test_share=0.2)
    few = [Reference(f"{number}", "a.jpg", ("x",)) for number in range(40)]
    more = [Reference(f"new-{number}", "a.jpg", ("x",)) for number in range(40)]
    expected = [
        dataclasses.replace(part, split=rule.assign(part.image_id, ""))
        for part in few
    ]
    assert {part.split for part in expected} == {"train", "validation", "test"}
    with pipes.runner() as pipeline:
        assigned = (
            pipeline
            | beam.Create([*more, *few])
            | own_splits.AssignSplits(rule)
            | beam.Filter(lambda part: not part.image_id.startswith("new"))
        )
        pipes.check(assigned, expected)
