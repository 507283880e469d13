"""The page of an inspection has every sampled record, and fetches nothing."""

import dataclasses
import io

from PIL import Image

from pipeline.modes import inspect_page
from pipeline.modes.inspect import Inspection, Sampled
from pipeline.recordset.records import CaptionedImage
from tests.support.outline import Outline

HOSTILE = "<script>a & 'b'</script>"


def thumbnail() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (9, 7), "red").save(file, "JPEG")
    return file.getvalue()


def sampled(split: str, name: str, data: bytes) -> Sampled:
    image = CaptionedImage(name, f"{name}.jpg", ("a dog", HOSTILE), b"", data)
    return Sampled(split, image, mean=0.25, deviation=1.5)


INSPECTION = Inspection(
    (("record set", "a/b"), ("rejected", "nothing")),
    (
        sampled("test", "one", thumbnail()),
        sampled("train", "two", thumbnail()),
        sampled("train", "three", b""),
    ),
)


def test_records_stand_under_their_split() -> None:
    _, body = inspect_page.render(INSPECTION).split("<main>")
    words = ("a/b", "nothing", ">test<", "one", ">train<", "two", "three")
    places = [body.index(word) for word in words]
    assert places == sorted(places)
    assert body.count("a dog") == 3
    assert "one (one.jpg), thumbnail 0." in body
    assert "grid 0.250 +- 1.500" in body
    assert body.count("no thumbnail in the records") == 1


def test_the_page_holds_its_images_and_runs_nothing() -> None:
    text = inspect_page.render(INSPECTION)
    outline = Outline(text)
    assert outline.open == []
    assert outline.headings == [1, 2, 2]
    assert "script" not in outline.tags
    assert outline.texts.count(HOSTILE) == 3
    links = [v for n, v in outline.attributes if n in ("src", "href")]
    assert len(links) == 3
    assert all(link.startswith("data:") for link in links)


def test_a_page_of_no_records_is_still_a_page() -> None:
    text = inspect_page.render(dataclasses.replace(INSPECTION, samples=()))
    assert "img" not in Outline(text).tags
    assert "nothing" in text
