"""The built wheel holds the packages and the files that they read."""

import pathlib
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet"]
    subprocess.run(
        [*command, "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_wheel_holds_every_gin_file(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {f"trainer/gin/{f.name}" for f in (ROOT / "gin").glob("*.gin")}
    assert shipped
    assert shipped <= names


@pytest.mark.slow
def test_wheel_holds_the_words_of_objects(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "pipeline/scoring/coco_objects.txt" in names


@pytest.mark.slow
def test_wheel_holds_every_template_and_style_sheet(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        str(file.relative_to(ROOT))
        for package in ("pipeline", "trainer")
        for file in (ROOT / package).rglob("templates/*")
    }
    assert len(shipped) >= 7
    assert shipped <= names


@pytest.mark.slow
def test_wheel_has_no_top_level_gin(wheel):
    roots = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {r for r in roots if not r.endswith(".dist-info")} == {
        "pipeline",
        "trainer",
    }


@pytest.fixture(scope="module")
def run_from_wheel(wheel, tmp_path_factory):
    """Runs a program that finds the packages in the wheel alone."""
    folder = tmp_path_factory.mktemp("installed")
    site = folder / "site"
    zipfile.ZipFile(wheel).extractall(site)

    def run(code):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={"PYTHONPATH": str(site), "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        return site, done.stdout.strip()

    return run


@pytest.mark.slow
def test_config_finds_gin_files_from_the_wheel(run_from_wheel):
    site, found = run_from_wheel(
        "from trainer import config; print(config.find('gin/run_flickr8k.gin'))"
    )
    assert pathlib.Path(found) == site / "trainer/gin/run_flickr8k.gin"


@pytest.mark.slow
def test_pages_are_put_together_from_the_wheel(run_from_wheel):
    site, said = run_from_wheel(
        "from markupsafe import Markup; from pipeline.pages import document; "
        "print(document.__file__); print(document.document('a < b', Markup()))"
    )
    file, page = said.split("\n", 1)
    assert pathlib.Path(file).is_relative_to(site)
    assert "<title>a &lt; b</title>" in page
    assert "--paper:" in page
