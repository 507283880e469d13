"""Finds, parses, locks, shows and saves gin files; owns gin's global state."""

import contextlib
import difflib

# gin-config 0.5 uses importlib.util without importing it. Where nothing else
# has imported it, a missing file would end in an AttributeError.
import importlib.util  # noqa: F401
import inspect
import itertools
import logging
import os
import pathlib
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

import gin
from gin import config_parser
from trainer import settings

_LOG = logging.getLogger(__name__)
CONFIG_FILE = "config.gin"
# A relative path in these is meant from the folder of the command. A run is
# evaluated from other folders too.
_PLACES = ("Setup.records", "Consensus.records", "evaluate.truth")
# What makes a file that includes it a run.
_DEFAULTS = "gin/defaults.gin"
_MACRO, _PARAMETER = "gin.macro", "--gin_param"
# What gin raises for a mistake in a file or a parameter.
_MISTAKES = (ImportError, OSError, RuntimeError, SyntaxError, ValueError)


class ConfigError(ValueError):
    """A configuration that can't be used; the message says what to change."""


def home() -> pathlib.Path:
    """The folder that holds `gin/`: the installed package or the checkout."""
    package = pathlib.Path(__file__).resolve().parent
    return package if (package / "gin").is_dir() else package.parent


def find(name: str) -> str:
    """Path of a gin file: in a bucket, in the working directory, or shipped.

    Raises:
      ConfigError: there is none; the message names similar ones.
    """
    if "://" in name and tf.io.gfile.exists(name):
        return name
    for folder in (pathlib.Path.cwd(), home()):
        if (folder / name).is_file():
            return str((folder / name).resolve())
    shipped = sorted(f"gin/{p.name}" for p in (home() / "gin").glob("*.gin"))
    close = difflib.get_close_matches(name, shipped, 3, 0.4) or shipped
    raise ConfigError(f"no gin file {name!r}; there is {', '.join(close)}")


class Statement(NamedTuple):
    """A line that sets something.

    Attributes:
      name: of a macro, or `Part.setting`.
      value: as gin parsed it, with its references.
      file: that holds the line; `--gin_param` for a parameter.
      line: its number there.
    """

    name: str
    value: Any
    file: str
    line: int

    @property
    def place(self) -> str:
        """The file and the line, for people."""
        is_file = self.file != _PARAMETER
        return f"{self.file}:{self.line}" if is_file else self.file


def load(files: Sequence[str], parameters: Sequence[str]) -> list[Statement]:
    """Parses files, then parameters that override them, and locks the result.

    Returns:
      What was set, in the order in which later ones win.

    Raises:
      ConfigError: a file is missing, or has bad syntax or an unknown name, or
        a macro is set that nothing uses.
    """
    gin.add_config_file_search_path(str(home()))
    for name in files:
        find(name)
    try:
        for name in files:
            # Gin's own readers know no buckets.
            with tf.io.gfile.GFile(find(name)) as file:
                gin.parse_config(file)
        gin.parse_config(list(parameters))
        read = {name: list(_statements(name)) for name in files}
        over = list(_parsed("\n".join(parameters), _PARAMETER))
        everything = [*itertools.chain(*read.values()), *over]
        _check_macros(everything)
        for setting in _PLACES:
            _anchor(setting)
        gin.finalize()
    except tokenize.TokenError as error:
        raise ConfigError("a bracket or quote is left open") from error
    except _MISTAKES as error:
        raise ConfigError(_one_line(error)) from error
    for line in _too_early(read):
        _LOG.warning(line)
    return everything


@contextlib.contextmanager
def placed(statements: Iterable[Statement]) -> Iterator[None]:
    """Adds to the error of a wrong setting in the block where it was set.

    Raises:
      ConfigError: a SettingError was raised; names file and line, and macro.
    """
    try:
        yield
    except settings.SettingError as error:
        places = {each.name: each.place for each in statements}
        where = {key: place for key, _, place in _bound(error.part, places)}
        raise ConfigError(f"{where.get(error.key, 'gin')}: {error}") from error


@contextlib.contextmanager
def loaded(
    files: Sequence[str], parameters: Sequence[str] = ()
) -> Iterator[None]:
    """Loads files and parameters for a block, whatever was loaded before.

    gin holds one configuration in a process; after the block it is empty, so
    that another run can be opened.

    Raises:
      ConfigError: as `load` does.
    """
    gin.clear_config()
    try:
        load(files, parameters)
        yield
    finally:
        gin.clear_config()


def _statements(name: str) -> Iterator[Statement]:
    """Yields what a file sets, and what it includes where it does."""
    with tf.io.gfile.GFile(find(name)) as file:
        yield from _parsed(file, name)


def _parsed(text: Any, name: str) -> Iterator[Statement]:
    """Yields what a text or an open file sets."""
    delegate = gin.config.ParserDelegate()
    for each in config_parser.ConfigParser(text, delegate):
        if isinstance(each, config_parser.IncludeStatement):
            yield from _statements(each.filename)
        elif isinstance(each, config_parser.BindingStatement):
            part = f"{each.scope}/" * bool(each.scope) + each.selector
            key = f"{part}.{each.arg_name}" if each.arg_name else part
            yield Statement(key, each.value, name, each.location.line_num)


def _check_macros(statements: Sequence[Statement]) -> None:
    """Refuses a macro that nothing uses, such as a mistyped one.

    A use counts wherever it is written, also where a later file or parameter
    goes past it.

    Raises:
      ConfigError: names the macro, and the ones in use that are like it.
    """
    macros = [each for each in statements if "." not in each.name]
    used = {
        "/".join(reference.scopes)
        for each in statements
        for reference in gin.config.iterate_references(each.value)
        if reference.selector == _MACRO
    }
    # What `save` wrote has lost the uses that parameters went past.
    used.update(
        each.name
        for each in macros
        if os.path.basename(each.file) == CONFIG_FILE
    )
    for each in macros:
        if each.name not in used:
            end = f".{each.name.lower()}"
            close = difflib.get_close_matches(each.name, used, 3, 0.5) or [
                other.name for other in statements if other.name.endswith(end)
            ]
            known = ", ".join(dict.fromkeys(close or sorted(used)))
            raise ConfigError(
                f"{each.place}: nothing uses {each.name!r}; there is {known}"
            )


def _anchor(setting: str) -> None:
    """Makes a relative path absolute, where it was set or in its macro."""
    try:
        value, macro = _resolved(gin.query_parameter(setting))
    except ValueError:  # Nothing sets it.
        return
    if isinstance(value, str) and value and "://" not in value:
        key = f"{macro}/{_MACRO}.value" if macro else setting
        gin.bind_parameter(key, os.path.abspath(value))


def _too_early(read: Mapping[str, Sequence[Statement]]) -> Iterator[str]:
    """Says which files stand before a run that sets the same otherwise."""
    earlier: dict[str, Statement] = {}
    for name, statements in read.items():
        values = {each.name: each.value for each in statements}
        if any(each.file == _DEFAULTS for each in statements):
            lost = [
                each
                for key, each in earlier.items()
                if key in values and values[key] != each.value
            ]
            if lost:
                files = ", ".join(dict.fromkeys(each.file for each in lost))
                yield (
                    f"{name} overrides {len(lost)} settings of {files}, such "
                    f"as {lost[-1].name}: give the run's file first"
                )
        earlier |= {each.name: each for each in statements}


def operative(
    roots: Iterable[str],
    statements: Iterable[Statement],
    *,
    given: Mapping[str, Sequence[str]],
    names: Mapping[Any, str],
) -> str:
    """What the parts that are reached from some of them are made with.

    Args:
      roots: names of parts.
      statements: from `load`; they tell where each value was set.
      given: a part's arguments that no gin file sets.
      names: of parts, by their constructors.

    Returns:
      A gin file of its own; comments name file and line, and the macro.

    Raises:
      ValueError: a value of a wrong type, or out of range.
    """
    places = {each.name: each.place for each in statements}
    blocks = []
    for name in _reached(roots):
        constructor = inspect.unwrap(gin.get_configurable(name))
        settings.check(constructor, name, gin.get_bindings(name))
        lines = []
        for key, value, place in _bound(name, places):
            if key not in given.get(name, ()):
                line = f"{name}.{key} = {settings.written(value, names)}"
                lines.append(f"{line:<45} # {place}")
        blocks.append("\n".join(lines))
    return "\n\n".join(filter(None, blocks))


def _bound(
    name: str, places: Mapping[str, str]
) -> Iterator[tuple[str, Any, str]]:
    """Yields a part's settings: key, value, and where it was set."""
    bound = gin.get_bindings(name, resolve_references=False)
    arguments = inspect.signature(gin.get_configurable(name)).parameters
    for key, argument in arguments.items():
        if key in bound:
            value, macro = _resolved(bound[key])
            place = places[macro or f"{name}.{key}"]
            yield key, value, f"{place} ({macro})" if macro else place
        elif argument.default is not argument.empty:
            yield key, argument.default, "default"


def _reached(roots: Iterable[str]) -> Iterator[str]:
    """Yields names of parts, and of those that their settings refer to."""
    waiting = list(roots)
    for name in waiting:
        yield name
        bound = gin.get_bindings(name, resolve_references=False)
        for reference in gin.config.iterate_references(bound):
            value, _ = _resolved(reference)
            for each in gin.config.iterate_references(value):
                if each.scoped_selector not in waiting:
                    waiting.append(each.scoped_selector)


def _resolved(value: Any) -> tuple[Any, str]:
    """The value behind a macro, and the last macro's name, if it is one."""
    macro = ""
    while getattr(value, "selector", "") == _MACRO:
        macro = "/".join(value.scopes)
        value = gin.query_parameter(f"%{macro}")
    return value, macro


def save(run_dir: str) -> None:
    """Writes all bindings to `config.gin` of the run."""
    path = os.path.join(run_dir, CONFIG_FILE)
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(gin.config_str())


def saved(run_dir: str) -> str:
    """Path of the configuration that a run was trained with.

    Raises:
      ConfigError: nothing was trained in this directory.
    """
    path = os.path.join(run_dir, CONFIG_FILE)
    if not tf.io.gfile.exists(path):
        there = tf.io.gfile.isdir(run_dir)
        lacks = f"{CONFIG_FILE} is missing" if there else "no such folder"
        raise ConfigError(
            f"no trained captioner in {run_dir!r}: {lacks} "
            "(train with --mode=train --gin_file=...)"
        )
    return path


def _one_line(error: BaseException) -> str:
    """Gin's message on one line, without its list of files and scopes."""
    text = re.sub(r"\s+", " ", str(error)).strip()
    # Gin appends the whole configuration to this message.
    text = text.partition(" in config string:")[0]
    text = re.sub(
        r"malformed node or string[^<]*<[^>]*>",
        "not a string in quotes, a number, True, False or None.",
        text,
    )
    unknown = re.search(r"No configurable matching '([\w./]+)'", text)
    if unknown:
        return f"unknown name {unknown[1]!r} in the configuration: {text}"
    return text
