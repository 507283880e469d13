"""Finds, parses, locks and saves gin files; owns gin's global state."""

import contextlib
import difflib

# gin-config 0.5 uses importlib.util without importing it. Where nothing else
# has imported it, a missing file would end in an AttributeError.
import importlib.util  # noqa: F401
import os
import pathlib
import re
import tokenize
from collections.abc import Iterator, Sequence

import tensorflow as tf

import gin

CONFIG_FILE = "config.gin"
# A macro's use, and its value as gin writes it.
_USE, _SET = re.compile(r"%(\w+)"), re.compile(r"^(\w+) = ", re.MULTILINE)
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


def load(files: Sequence[str], parameters: Sequence[str]) -> None:
    """Parses files, then parameters that override them, and locks the result.

    Raises:
      ConfigError: a file is missing, or has bad syntax or an unknown name, or
        a macro is set that nothing uses.
    """
    gin.add_config_file_search_path(str(home()))
    paths = [find(name) for name in files]
    try:
        parsed = [each for path in paths for each in _parse(path)]
        gin.parse_config(list(parameters))
        _check_macros(parsed, parameters)
        gin.finalize()
    except tokenize.TokenError as error:
        raise ConfigError("a bracket or quote is left open") from error
    except _MISTAKES as error:
        raise ConfigError(_one_line(error)) from error


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


def _parse(path: str) -> Iterator[str]:
    """Parses a file; yields its path and those of all that it includes."""
    # Gin's own readers know no buckets.
    with tf.io.gfile.GFile(path) as file:
        waiting, _ = gin.parse_config(file)
    yield path
    while waiting:
        included, *waiting = waiting
        yield find(included.filename)
        waiting += included.includes


def _check_macros(paths: Sequence[str], parameters: Sequence[str]) -> None:
    """Refuses a macro that nothing uses, such as a mistyped one.

    A use counts wherever it is written, also where a later file or parameter
    goes past it.

    Args:
      paths: of all files that were parsed.
      parameters: that were parsed over them.

    Raises:
      ConfigError: names the macro, and the ones in use that are like it.
    """
    used = set(_USE.findall("\n".join(parameters)))
    for path in paths:
        with tf.io.gfile.GFile(path) as file:
            text = re.sub("#.*", "", file.read())
        used.update(_USE.findall(text))
        if os.path.basename(path) == CONFIG_FILE:
            # What `save` wrote has lost the uses that parameters went past.
            used.update(_SET.findall(text))
    for name in _SET.findall(gin.config_str()):
        if name not in used:
            close = difflib.get_close_matches(name, used, 3, 0.5)
            known = ", ".join(close or sorted(used - {"gin"}))
            raise ConfigError(f"nothing uses {name!r}; there is {known}")


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
        raise ConfigError(
            f"no trained captioner in {run_dir!r}: {CONFIG_FILE} is missing "
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
