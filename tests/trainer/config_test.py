"""Finding, parsing and saving gin files; each error is one line."""

import os
import pathlib

import pytest

import gin
from trainer import config

# Registers what the files below configure.
from trainer import configurable as _  # noqa: F401
from trainer.data.batching import Batching


@pytest.fixture(autouse=True)
def here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)


def refusal(files: list[str], parameters: list[str]) -> str:
    """The text of the error, which has to be a single line."""
    with pytest.raises(config.ConfigError) as error:
        config.load(files, parameters)
    assert "\n" not in str(error.value)
    return str(error.value)


def write(text: str, name: str = "mine.gin") -> str:
    pathlib.Path(name).write_text(text)
    return name


def test_finds_a_file_in_the_working_directory_first(tmp_path):
    (tmp_path / "gin").mkdir()
    write("", "gin/defaults.gin")
    assert config.find("gin/defaults.gin") == os.fspath(
        tmp_path / "gin" / "defaults.gin"
    )


def test_finds_a_shipped_file_from_anywhere():
    assert config.find("gin/defaults.gin") == os.fspath(
        config.home() / "gin" / "defaults.gin"
    )


def test_finds_an_absolute_path(tmp_path):
    path = os.fspath(tmp_path / write("", "elsewhere.gin"))
    assert config.find(path) == path


def test_missing_file_names_the_shipped_ones_near_it():
    assert refusal(["gin/run_flickr.gin"], []).startswith(
        "no gin file 'gin/run_flickr.gin'; there is gin/run_flickr8k.gin"
    )


def test_missing_file_like_no_other_names_all():
    text = refusal(["zzz"], [])
    assert text.startswith("no gin file 'zzz'; there is ")
    assert "gin/defaults.gin" in text
    assert "gin/run_flickr8k.gin" in text


def test_parameters_win_over_files():
    path = write("Batching.batch_images = 2\nBatching.num_streams = 2\n")
    config.load([path], ["Batching.batch_images = 6"])
    made = gin.get_configurable("Batching")()
    assert made == Batching(batch_images=6, num_streams=2)


def test_includes_a_shipped_file_from_anywhere():
    path = write("include 'gin/strategy_auto.gin'\n")
    config.load([path], [])
    assert gin.query_parameter("Devices.kind") == "auto"


def test_configuration_is_locked():
    config.load([], [])
    with pytest.raises(RuntimeError, match="locked"):
        gin.bind_parameter("Batching.batch_images", 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "Batchin.batch_images = 3",
            (
                "unknown name 'Batchin' in the configuration: No configurable "
                "matching 'Batchin'."
            ),
        ),
        (
            "Batching.batch_image = 3",
            (
                "Configurable 'Batching' doesn't have a parameter named "
                "'batch_image'."
            ),
        ),
        (
            "train.setup = @Setp()",
            "No configurable matching reference '@Setp()'.",
        ),
        (
            "Batching.seed = %NOWHERE",
            "No bindings specified for 'NOWHERE/gin.macro'",
        ),
        ("Batching.seed", "Couldn't parse statement, expected ':' or '='."),
        ("Batching.seed = = 3", "Unable to parse value."),
        (
            "Setup.records = data/x",
            (
                "not a string in quotes, a number, True, False or None. Failed "
                "to parse token 'data'"
            ),
        ),
        (
            "Setup.records = ('data'",
            "a bracket or quote is left open",
        ),
        ("include 'gin/none.gin'", "Unable to open file: gin/none.gin."),
        ("import no_such_package", "No module named 'no_such_package'"),
        (
            "Setup.records = %gin.REQUIRED",
            (
                "Setup.records set to `%gin.REQUIRED` but not subsequently "
                "overridden."
            ),
        ),
        (
            "RECORDS = %gin.REQUIRED\nSetup.records = %RECORDS",
            (
                "RECORDS/macro.value set to `%gin.REQUIRED` but not "
                "subsequently overridden."
            ),
        ),
    ],
)
def test_error_is_one_line_that_says_what(line, message):
    assert refusal([write(line + "\n")], []).startswith(message)


def test_error_of_a_file_tells_its_line():
    path = write("Batching.seed = 1\n\nBatching.batch_image = 3\n")
    assert 'mine.gin", line 3 Batching.batch_image = 3' in refusal([path], [])


def test_error_of_a_parameter():
    assert refusal([], ["Batching.batch_image = 3"]).startswith(
        "Configurable 'Batching' doesn't have a parameter named 'batch_image'."
    )


def test_saved_configuration_configures_alike(tmp_path):
    path = write("include 'gin/strategy_auto.gin'\nBatching.seed = %SEED\n")
    config.load([path], ["SEED = 4"])
    config.save(os.fspath(tmp_path))
    gin.clear_config()
    config.load([config.saved(os.fspath(tmp_path))], [])
    assert gin.get_configurable("Batching")().seed == 4
    assert gin.get_configurable("Devices")().kind == "auto"


def test_directory_without_a_run_is_told(tmp_path):
    with pytest.raises(config.ConfigError) as error:
        config.saved(os.fspath(tmp_path))
    assert str(error.value) == (
        f"no trained captioner in {os.fspath(tmp_path)!r}: config.gin is "
        "missing (train with --mode=train --gin_file=...)"
    )


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        ("NUM_STEP = 9", "nothing uses 'NUM_STEP'; there is NUM_STEPS"),
        ("RECORD = 'a'", "nothing uses 'RECORD'; there is RECORDS"),
        (
            "LEARNING_RATE = 0.5",
            (
                "nothing uses 'LEARNING_RATE'; there is MAX_LENGTH, NUM_STEPS, "
                "RECORDS"
            ),
        ),
    ],
)
def test_a_macro_that_nothing_uses_is_refused(binding, message):
    said = refusal(["gin/run_demo.gin", "gin/tiny.gin"], [binding])
    assert said == message


def test_a_macro_of_ones_own_is_used(tmp_path):
    config.load(["gin/run_demo.gin"], ["WIDTH = 8", "Search.beams = %WIDTH"])
    assert gin.query_parameter("Search.beams")


def test_a_use_counts_where_a_parameter_goes_past_it(tmp_path):
    (tmp_path / "mine.gin").write_text(
        "include 'gin/run_demo.gin'\nWIDTH = 8\nSearch.beams = %WIDTH\n"
    )
    config.load(["mine.gin"], ["Search.beams = 4", "train.num_steps = 1"])
    config.save(str(tmp_path))
    gin.clear_config()
    config.load([config.saved(str(tmp_path))], [])
    assert gin.query_parameter("Search.beams") == 4
    gin.clear_config()
    assert refusal([config.saved(str(tmp_path))], ["WIDHT = 9"]).startswith(
        "nothing uses 'WIDHT'; there is WIDTH"
    )
