"""Templates escape what they are given, and miss nothing in silence."""

from pathlib import Path

import jinja2
import pytest
from markupsafe import Markup

from pipeline.pages import template

NASTY = "<script>alert(\"1\")</script> & 'more'"


@pytest.fixture
def module(tmp_path: Path) -> str:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "one.html").write_text(
        "{% macro said(text) -%}<p title='{{ text }}'>{{ text }}</p>"
        "{%- endmacro %}\n"
        "{% macro broken() %}{{ nothing }}{% endmacro %}\n"
    )
    (folder / "one.css").write_text(".a{color:red}")
    return str(tmp_path / "module.py")


def test_text_is_escaped_and_markup_is_not(module: str) -> None:
    said = template.macros(module, "one.html").said(NASTY)
    assert isinstance(said, Markup)
    assert "<script>" not in said
    escaped = "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;more"
    assert said.count(escaped) == 2
    inner = template.macros(module, "one.html").said(Markup("<b>x</b>"))
    assert "><b>x</b></p>" in inner


def test_a_value_that_is_not_given_is_an_error(module: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'nothing' is undefined"):
        template.macros(module, "one.html").broken()


def test_a_missing_template_is_named(module: str) -> None:
    with pytest.raises(jinja2.TemplateNotFound, match="two.html"):
        template.macros(module, "two.html")


def test_a_sheet_is_read_beside_the_module(module: str) -> None:
    assert template.css(module, "one.css") == ".a{color:red}"
