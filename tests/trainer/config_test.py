"""Finding, parsing and saving gin files; each error is one line."""

import os
import pathlib
from functools import partial

import pytest

import gin
from trainer import config, configurable
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


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(config.ConfigError, match="'.*/no': no such folder "):
        config.saved(os.fspath(tmp_path / "no"))


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        (
            "NUM_STEP = 9",
            "--gin_param: nothing uses 'NUM_STEP'; there is NUM_STEPS",
        ),
        (
            "RECORD = 'a'",
            "--gin_param: nothing uses 'RECORD'; there is RECORDS",
        ),
        (
            "LEARNING_RATE = 0.5",
            (
                "--gin_param: nothing uses 'LEARNING_RATE'; there is "
                "AdamW.learning_rate"
            ),
        ),
        (
            "LR = 0.5",
            (
                "--gin_param: nothing uses 'LR'; there is MAX_LENGTH, "
                "NUM_STEPS, RECORDS"
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
        "--gin_param: nothing uses 'WIDHT'; there is WIDTH"
    )


def operative_of(statements: list[config.Statement]) -> str:
    return config.operative(
        configurable.MODES,
        statements,
        given=configurable.GIVEN,
        names={part: name for name, part in configurable.PARTS.items()},
    )


def operative(files: list[str], parameters: list[str]) -> list[str]:
    """Lines of what is shown, with single blanks."""
    shown = operative_of(config.load(files, parameters))
    return [" ".join(line.split()) for line in shown.splitlines() if line]


def test_every_setting_is_shown_with_its_place(tmp_path):
    mine = write("include 'gin/run_demo.gin'\n\nAdamW.warmup_steps = 7\n")
    lines = operative([mine, "gin/tiny.gin"], ["AdamW.clip_norm = 2.0"])
    records = f"{tmp_path}/demo/records"
    for line in (
        "train.num_steps = 3 # gin/tiny.gin:2 (NUM_STEPS)",
        f"Setup.records = '{records}' # gin/run_demo.gin:4 (RECORDS)",
        "Setup.metrics = (@CiderD(), @Bleu()) # default",
        "AdamW.warmup_steps = 7 # mine.gin:3",
        "AdamW.clip_norm = 2.0 # --gin_param",
        "AdamW.scaling = 'none' # default",
    ):
        assert line in lines
    names = [line.split(" = ")[0] for line in lines]
    assert len(set(names)) == len(names)
    assert not {"train.run_dir", "train.fold", "ShowAttendTell.depth"} & {
        *names
    }


def test_only_reached_parts_are_shown():
    lines = operative(["gin/run_demo.gin", "gin/decoder_greedy.gin"], [])
    assert "Greedy.max_length = 22 # gin/run_demo.gin:6 (MAX_LENGTH)" in lines
    assert not [line for line in lines if line.startswith("Search.")]


def test_what_is_shown_configures_alike(tmp_path):
    lines = operative(["gin/run_demo.gin", "gin/tiny.gin"], [])
    gin.clear_config()
    again = operative([write("\n".join(lines))], [])
    values = [
        {line.split(" # ")[0] for line in each} for each in (lines, again)
    ]
    assert values[0] <= values[1]


@pytest.mark.parametrize(
    "line, parameters, said",
    [
        (
            "AdamW.learning_rate = '1e-3'",
            [],
            "mine.gin:3: AdamW.learning_rate must be a number, got '1e-3'",
        ),
        (
            "NUM_STEPS = 9",
            ["NUM_STEPS = 3.5"],
            (
                "--gin_param (NUM_STEPS): train.num_steps must be a whole "
                "number, got 3.5"
            ),
        ),
    ],
)
def test_a_wrong_type_is_told_with_its_place(line, parameters, said):
    mine = write(f"include 'gin/run_demo.gin'\n\n{line}\n")
    statements = config.load([mine], parameters)
    for use in (
        lambda: operative_of(statements),
        partial(configurable.MODES["train"], "run"),
    ):
        with pytest.raises(config.ConfigError) as error:
            with config.placed(statements):
                use()
        assert str(error.value).splitlines()[0] == said


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        ("NUM_STEPS = 1e3", "train.num_steps must be a whole number, got 1000"),
        (
            "ShowAttendTell.units = 'a'",
            "ShowAttendTell.units must be a whole number, got 'a'",
        ),
        (
            "AdamW.learning_rate = -1.0",
            "`learning_rate` must be positive, got -1.0",
        ),
    ],
)
def test_a_wrong_value_is_refused_before_it_is_shown(binding, message):
    with pytest.raises(ValueError) as error:
        operative(["gin/run_demo.gin"], [binding])
    assert str(error.value).startswith(message)


def test_what_the_code_gives_cannot_be_set():
    said = refusal(["gin/run_demo.gin"], ["ShowAttendTell.depth = 1"])
    assert "'ShowAttendTell' has denylisted kwarg 'depth'" in said


def test_a_run_behind_its_parts_is_told(caplog):
    config.load(["gin/tiny.gin", "gin/run_demo.gin"], [])
    (said,) = caplog.messages
    assert said == (
        "gin/run_demo.gin overrides 10 settings of gin/tiny.gin, such as "
        "Cadence.validation_images: give the run's file first"
    )


@pytest.mark.parametrize(
    "files",
    [
        ("gin/run_demo.gin", "gin/tiny.gin"),
        # The run says nothing of what this part sets.
        ("gin/model_blind.gin", "gin/run_demo.gin"),
    ],
)
def test_an_order_that_loses_nothing_is_not_told(files, caplog):
    config.load(list(files), [])
    assert caplog.messages == []


def test_relative_places_are_found_from_another_folder(tmp_path, monkeypatch):
    config.load(["gin/run_demo.gin"], [])
    config.save(os.fspath(tmp_path))
    gin.clear_config()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config.load([config.saved("..")], [])
    assert gin.query_parameter("%RECORDS") == f"{tmp_path}/demo/records"
    truth = f"{tmp_path}/demo/scenes/truth.jsonl"
    assert gin.query_parameter("evaluate.truth") == truth


@pytest.mark.parametrize("place", ["gs://b/records", "/data/records"])
def test_other_places_stay(place):
    config.load(["gin/run_demo.gin"], [f"RECORDS = '{place}'"])
    assert gin.query_parameter("%RECORDS") == place
