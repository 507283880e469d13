"""Each captioner learns small scenes from its gin file, as the README says."""

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.card import data_card
from tests.support import forks
from trainer.devices import strategy
from trainer.run import metrics_file

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"
Bindings = dict[str, object]
# By the README's names: the file after the run's, and how a small one learns.
CAPTIONERS: dict[str, tuple[str, Bindings]] = {
    "soft attention": ("", {"NUM_STEPS": 300}),
    "up-down": ("gin/model_up_down.gin", {"NUM_STEPS": 500}),
    "adaptive attention": (
        "gin/model_adaptive_attention.gin",
        {"NUM_STEPS": 400, "AdamW.learning_rate": 1e-2},
    ),
    "Transformer": (
        "gin/model_transformer.gin",
        {
            "NUM_STEPS": 300,
            "AdamW.learning_rate": 2e-3,
            "AdamW.warmup_steps": 50,
        },
    ),
    "Show and Tell": (
        "gin/model_show_tell.gin",
        {"NUM_STEPS": 500, "AdamW.learning_rate": 3e-3},
    ),
    "Merge": ("gin/model_merge.gin", {"NUM_STEPS": 300}),
    "blind": ("gin/model_blind.gin", {"NUM_STEPS": 150}),
}
ATTENTION = ("soft attention", "up-down", "adaptive attention", "Transformer")
LEARNING: Bindings = {
    "MAX_LENGTH": 22,
    "Batching.batch_images": 16,
    "Batching.captions_per_image": 2,
    "AdamW.learning_rate": 5e-3,
    "AdamW.warmup_steps": 20,
    "Cadence.evaluate_every": "%NUM_STEPS",
    "Cadence.checkpoint_every": "%NUM_STEPS",
    "Cadence.validation_images": 4,
    "Search.beams": 1,
}
SMALL = {"units": 64, "embedding_units": 48}
LAYERS = {"encoder_layers": 1, "decoder_layers": 2}
SIZES = {
    "ShowAttendTell": {"attention_units": 32, **SMALL},
    "UpDown": {"attention_units": 32, **SMALL},
    "AdaptiveAttention": {"attention_units": 64, **SMALL},
    "ShowTell": {"units": 128, "embedding_units": 128},
    "Merge": SMALL,
    "Transformer": {"units": 64, "heads": 4, "inner_units": 128, **LAYERS},
}
Scores = dict[str, Any]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of scenes; their record set lies in it."""
    folder = tmp_path_factory.mktemp("scenes")
    images = {"images": 700, "validation": 50, "test": 100, "composition": 0}
    drawn = forks.run_module(
        "pipeline.scenes",
        f"--output={folder}",
        *(f"--{name}={number}" for name, number in images.items()),
    )
    assert drawn.code == 0, drawn.errors
    made = forks.run(
        "pipeline",
        f"--annotations={folder}/captions.jsonl",
        f"--images={folder}",
        f"--output={folder}/records",
        "--num_shards=2",
        "--thumbnail_side=0",
    )
    assert made.code == 0, made.errors
    return folder


def train(
    scenes: Path, run_dir: Path, name: str, precision: str = "float32"
) -> None:
    """Trains the captioner of a name."""
    file, own = CAPTIONERS[name]
    sizes = {
        f"{captioner}.{size}": value
        for captioner, chosen in SIZES.items()
        for size, value in (chosen | {"dropout_rate": 0.1}).items()
    }
    given = {
        "RECORDS": f"'{scenes}/records'",
        "evaluate.truth": f"'{scenes}/truth.jsonl'",
        "Devices.precision": f"'{precision}'",
    }
    bindings = LEARNING | sizes | given | own
    ended = forks.run(
        "trainer",
        "--mode=train",
        "--gin_file=gin/run_scenes.gin",
        *([f"--gin_file={file}"] if file else []),
        *(f"--gin_param={name} = {value}" for name, value in bindings.items()),
        f"--run_dir={run_dir}",
    )
    assert ended.code == 0, ended.errors


@pytest.fixture(scope="module")
def runs(
    scenes: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The folder of a captioner's run, by its name."""

    @functools.cache
    def trained(name: str) -> Path:
        run_dir = tmp_path_factory.mktemp("run")
        train(scenes, run_dir, name)
        return run_dir

    return trained


@pytest.fixture(scope="module")
def evaluated(runs: Callable[[str], Path]) -> Callable[[str], Scores]:
    """What `scores.json` says of a captioner, by its name."""

    @functools.cache
    def scored(name: str) -> Scores:
        ended = forks.run(
            "trainer", "--mode=evaluate", f"--run_dir={runs(name)}"
        )
        assert ended.code == 0, ended.errors
        scores = runs(name) / "test" / "scores.json"
        return dict(json.loads(scores.read_text()))

    return scored


def promised(name: str) -> tuple[float, float]:
    """CIDEr-D and precision of a captioner in the README's table."""
    _, table = README.read_text().split("What `make test-slow` holds them to")
    row = re.search(rf"^\| {name} \| ([\d.]+) \| ([\d.]+) \|", table, re.M)
    assert row, name
    return float(row[1]), float(row[2])


@pytest.mark.parametrize("name", [*ATTENTION, "Show and Tell", "Merge"])
def test_a_captioner_reaches_what_the_readme_promises(
    evaluated: Callable[[str], Scores], name: str
) -> None:
    found = evaluated(name)
    cider_d, precision = promised(name)
    assert found["looks_at_the_image"] is True
    assert found["scores"]["cider_d"]["model"] >= cider_d
    assert found["scores"]["attribute_precision"]["model"] >= precision


def test_a_blind_captioner_stays_below_the_readmes_line(
    evaluated: Callable[[str], Scores],
) -> None:
    found = evaluated("blind")
    cider_d, precision = promised("blind")
    assert found["looks_at_the_image"] is False
    assert found["scores"]["cider_d"]["model"] <= cider_d
    assert found["scores"]["attribute_precision"]["model"] <= precision


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_stands_above_merge_and_blind(
    evaluated: Callable[[str], Scores], name: str
) -> None:
    cider_d, merge, blind = (
        evaluated(each)["scores"]["cider_d"]["model"]
        for each in (name, "Merge", "blind")
    )
    assert cider_d > merge + 0.3
    assert merge > blind + 0.5


def test_each_precision_reaches_the_same_quality(
    scenes: Path, runs: Callable[[str], Path], tmp_path: Path
) -> None:
    folders = {"float32": runs("soft attention")}
    for precision in strategy.PRECISIONS:
        if precision not in folders:
            folders[precision] = tmp_path / precision
            train(scenes, folders[precision], "soft attention", precision)
    losses = {
        precision: metrics_file.read_metrics(str(folder))[-1]["validation/loss"]
        for precision, folder in folders.items()
    }
    assert len(set(losses.values())) == len(losses)
    words_alone = data_card.load(str(scenes / "records")).facts.ladder
    assert words_alone
    for loss in losses.values():
        assert loss == pytest.approx(losses["float32"], abs=0.01)
        assert loss < words_alone.trigram - 0.4
