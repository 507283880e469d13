"""Jinja2 templates: every value is escaped unless it is markup already."""

import functools
import pathlib
from typing import Any

import jinja2


def macros(module: str, name: str) -> Any:
    """Returns the macros of a template; each returns markup when called.

    Args:
      module: `__file__` of the caller; its folder `templates` is searched.
      name: the file's, such as `card.html`.

    Raises:
      jinja2.TemplateNotFound: there is no such file.
    """
    return _compiled(pathlib.Path(module).parent / "templates", name)


@functools.cache
def _compiled(folder: pathlib.Path, name: str) -> Any:
    """Compiles a file once, though several modules share it."""
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(folder),
    )
    return environment.get_template(name).module


def css(module: str, name: str) -> str:
    """Returns the text of a style sheet.

    Args:
      module: `__file__` of the caller; its folder `templates` is searched.
      name: the file's, such as `card.css`.
    """
    folder = pathlib.Path(module).parent / "templates"
    return folder.joinpath(name).read_text(encoding="utf-8")
