"""Every shipped gin file parses strictly, and every run builds its model."""

import inspect
import pathlib

import numpy as np
import pytest

import gin
from pipeline.recordset import records, vocabulary
from trainer import config, configurable
from trainer.training import setup

GIN = pathlib.Path(__file__).parents[2] / "gin"
RUNS = sorted(file.name for file in GIN.glob("run_*.gin"))
PARTS = sorted(
    {file.name for file in GIN.glob("*.gin")} - {*RUNS, "defaults.gin"}
)


def some_vocabulary() -> vocabulary.Vocabulary:
    return vocabulary.Vocabulary.from_counts(
        {"a": 9, "dog": 4}, num_captions=5, num_words=13
    )


@pytest.mark.parametrize("name", RUNS)
def test_run_builds_its_captioner(name):
    config.load([f"gin/{name}"], [])
    asked = gin.query_parameter("train.setup").scoped_configurable_fn()
    assert isinstance(asked, setup.Setup)
    grid = records.GridSpec(locations=4, depth=6)
    model = asked.build(grid, some_vocabulary())
    logits, attention = model(
        np.zeros([2, 4, 6], np.float16), np.full([2, 3, 5], 2, np.int32)
    )
    assert logits.shape == (2, 3, 5, 6)
    np.testing.assert_allclose(attention.numpy().sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", RUNS)
def test_run_takes_tiny_last(name):
    config.load([f"gin/{name}", "gin/tiny.gin"], [])
    assert gin.query_parameter("%NUM_STEPS") == 3


@pytest.mark.parametrize("name", PARTS)
def test_part_parses_under_a_run(name):
    config.load(["gin/run_scenes.gin", f"gin/{name}"], ["RECORDS = 'x'"])


@pytest.mark.parametrize("name", RUNS)
def test_run_says_how_it_is_started(name):
    text = (GIN / name).read_text()
    assert f"--gin_file=gin/{name}" in text or name == "run_demo.gin"


def test_defaults_alone_say_what_is_missing():
    with pytest.raises(config.ConfigError, match="RECORDS|NUM_STEPS"):
        config.load(["gin/defaults.gin"], [])


GIVEN = {"run_dir", "paths", "output"}


@pytest.mark.parametrize("mode", configurable.MODES)
def test_defaults_bind_what_a_mode_requires(mode):
    config.load(["gin/run_scenes.gin"], ["RECORDS = 'x'"])
    arguments = inspect.signature(configurable.MODES[mode]).parameters
    for name, argument in arguments.items():
        if argument.default is argument.empty and name not in GIVEN:
            assert gin.query_parameter(f"{mode}.{name}"), name
