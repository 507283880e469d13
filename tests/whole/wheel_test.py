"""The built wheel holds the packages, every gin file and every template."""

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


@pytest.mark.slow
def test_config_finds_gin_files_from_the_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "from trainer import config; print(config.find('gin/run_flickr8k.gin'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found = pathlib.Path(done.stdout.strip())
    assert found == tmp_path / "site" / "trainer" / "gin" / "run_flickr8k.gin"
