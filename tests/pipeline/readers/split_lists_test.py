"""Split lists: they name images as they like, and what they miss is told."""

import apache_beam as beam
import pytest

from pipeline.readers import split_lists
from pipeline.readers.reference import Reference
from tests.support import pipes


def joined(
    images: list[str], entries: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    references = [Reference(name, name, ("x",)) for name in images]
    with pipes.runner() as pipeline:
        parts = pipeline | "Images" >> beam.Create(references)
        listed = pipeline | "Lists" >> beam.Create(entries)
        good, _ = (parts, listed) | split_lists.JoinSplits()
        names = good | beam.Map(lambda part: (part.image_id, part.split))
        pipes.check(names, expected.items())


@pytest.mark.parametrize("image", ["1.jpg", "b/1.jpg", "1.JPG", "a/b/1.png"])
@pytest.mark.parametrize("entry", ["1", "1.jpg", "a/b/1", "c/a/b/1.jpeg"])
def test_folders_and_endings_may_differ(image: str, entry: str) -> None:
    joined([image], [(entry, "train")], {image: "train"})


def test_the_closest_entry_is_right() -> None:
    images = ["a/1.jpg", "b/1.jpg", "1.jpg", "1.png"]
    entries = [(name, f"s{at}") for at, name in enumerate(images)]
    expected = dict(entries)
    joined(images, entries, expected)


def test_lists_that_name_no_image_end_the_job() -> None:
    told = (
        "the split lists name no image of the captions, such as '2.jpg'; 1 of "
        "their entries name none that has captions, such as '0002.jpg'"
    )
    with pytest.raises(Exception, match=told):
        joined(["2.jpg"], [("0002.jpg", "train")], {})
