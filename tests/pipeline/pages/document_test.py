"""The file around a page."""

import base64

from markupsafe import Markup

from pipeline.pages import document

NASTY = "<script>alert('x')</script>\"&"


def test_nothing_from_outside_is_let_in() -> None:
    text = document.document("title", Markup("<main></main>"), rules=".own{}")
    assert text.startswith("<!doctype html>")
    assert "default-src 'none'; img-src data:" in text
    assert text.index("--paper") < text.index(".own{}") < text.index("<main>")


def test_text_is_escaped() -> None:
    parts = [
        document.document(NASTY, ""),
        document.section(NASTY, NASTY, ""),
        document.pairs([(NASTY, NASTY)], "facts"),
    ]
    for part in parts:
        assert "<script" not in part
        assert "&lt;script&gt;" in part


def test_no_pairs_are_nothing() -> None:
    assert document.pairs([], "facts") == ""


def test_data_is_held_by_the_page() -> None:
    uri = document.data_uri(b"\x00\xffpng", "image/png")
    kind, _, data = uri.partition(";base64,")
    assert kind == "data:image/png"
    assert base64.b64decode(data) == b"\x00\xffpng"
