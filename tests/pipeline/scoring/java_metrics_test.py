"""METEOR and SPICE say what they lack, and METEOR is the official one."""

import importlib.machinery
import importlib.util
import shutil

import pytest

from pipeline.scoring import java_metrics
from pipeline.scoring.metric import References
from tests.support import reference_data


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.fixture
def package(monkeypatch, tmp_path):
    """The package without its models, and Java."""
    spec = importlib.machinery.ModuleSpec("pycocoevalcap", None)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/java")
    return tmp_path


def test_a_missing_package_is_one_line_each(no_package):
    lacks = "no package pycocoevalcap (pip install '.[java-metrics]')"
    assert java_metrics.missing() == [
        f"METEOR: not scored: {lacks}",
        f"SPICE: not scored: {lacks}",
    ]
    assert java_metrics.installed() == []
    with pytest.raises(java_metrics.JavaError) as error:
        java_metrics.MeteorMetric().against(References(["1"], [["a dog"]]))
    assert str(error.value) == f"METEOR can't be computed: {lacks}"


def test_missing_java_is_said(package, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert java_metrics.missing() == [
        "METEOR: not scored: no java on the PATH",
        "SPICE: not scored: no java on the PATH",
    ]


def test_missing_models_are_said_of_spice_alone(package):
    models = "spice/lib/stanford-corenlp-3.6.0-models.jar"
    (line,) = java_metrics.missing()
    assert line == (
        f"SPICE: not scored: no {models} in pycocoevalcap (its "
        "get_stanford_models.py gets it)"
    )
    assert [each.name for each in java_metrics.installed()] == ["meteor"]
    (package / models).parent.mkdir(parents=True)
    (package / models).touch()
    assert java_metrics.missing() == []


@pytest.mark.data
def test_meteor_equals_the_official_scores():
    if any(line.startswith("METEOR") for line in java_metrics.missing()):
        pytest.skip("needs .[java-metrics] and Java")
    parity = reference_data.parity()
    references = References(
        parity.images, [list(map(" ".join, row)) for row in parity.references]
    )
    scorer = java_metrics.MeteorMetric().against(references)
    official = parity.file["corpus"]["METEOR"]
    assert scorer.corpus(parity.captions) == pytest.approx(official, rel=1e-9)
