"""What users see of a data card: its page, last lines, the trainer's words."""

import json
from pathlib import Path

import pytest

from pipeline.card import data_card
from pipeline.scenes import dataset
from tests.support import chromium, fixtures, forks, jobs

Made = tuple[Path, jobs.Ended]


def make(folder: Path, *flags: str) -> Made:
    """Turns the scenes of a folder into a record set, by the job."""
    ended = jobs.run(
        f"--annotations={folder / 'captions.jsonl'}",
        f"--images={folder}",
        f"--output={folder / 'records'}",
        "--num_shards=2",
        *flags,
    )
    assert ended.code == 0, ended.errors
    return folder / "records", ended


def render(folder: Path, *, images: int, fault: str = "none") -> Path:
    """Draws as many scenes for validation as for training."""
    config = dataset.SceneConfig(
        images=images, validation=images, test=0, composition=0, fault=fault
    )
    dataset.write(folder, config)
    return folder


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Every image for validation is one to train on, under another name."""
    folder = render(tmp_path_factory.mktemp("leaked"), images=48)
    lines = (folder / "captions.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines][:48]
    again = [
        row | {"id": f"{row['id']}-again", "split": "validation"}
        for row in rows
    ]
    fixtures.write_jsonl(folder / "captions.jsonl", rows + again)
    encoder = fixtures.save_encoder(folder / "patches.keras")
    return make(folder, f"--encoder={encoder}")


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("blank")
    encoder = fixtures.save_encoder(folder / "patches.keras")
    scenes = render(folder / "scenes", images=110, fault="blank")
    return make(scenes, f"--encoder={encoder}")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(render(tmp_path_factory.mktemp("sound"), images=150))


def headings(browser: chromium.Chromium) -> list[str]:
    """Of the findings that the page shows, in order."""
    script = "e => e.innerText.replace(/^(stop|warn)/, '$1 ')"
    return browser.value(
        f"[...document.querySelectorAll('.finding h2')].map({script})"
    )


def train(records: Path, run_dir: Path, *more: str) -> forks.Ended:
    return forks.run(
        "trainer",
        f"--run_dir={run_dir}",
        "--mode=train",
        "--gin_file=gin/run_demo.gin",
        "--gin_file=gin/tiny.gin",
        f"--gin_param=RECORDS = '{records}'",
        *more,
    )


def test_the_job_ends_with_the_findings_and_the_page(leaked: Made) -> None:
    records, ended = leaked
    lines = ended.output.splitlines()
    assert lines[0] == f"{records}: train 48, validation 48 images, 0 rejected"
    assert lines[1] == (
        "stop  leaked-split: 100.0% of a split's images have a near-duplicate "
        "in train."
    )
    assert lines[-1] == f"Data card: {records / 'data_card.html'}"
    card = data_card.load(str(records))
    bad = [each for each in card.findings if each.level != "ok"]
    assert len(lines) == 1 + len(bad) + 1


def test_the_page_shows_the_cause_first_and_pairs_of_images(
    leaked: Made, browser: chromium.Chromium
) -> None:
    browser.open(leaked[0] / "data_card.html", width=390)
    verdict = browser.value(
        "document.querySelector('.verdict.stop strong').innerText"
    )
    assert verdict == "Images to be judged on are also trained on."
    assert headings(browser)[0] == "stop Leaked split"
    assert browser.value("document.documentElement.scrollWidth") == 390
    pairs = browser.value(
        "[...document.querySelectorAll('.alike .example')].map(e => "
        "[...e.querySelectorAll('img')].map(i => [i.naturalWidth, i.src]))"
    )
    for (width, one), (_, other) in pairs:
        assert width > 100
        assert one == other
    assert len(pairs) == 8
    assert browser.complaints() == []


def test_the_trainer_refuses_what_the_card_stops(
    leaked: Made, tmp_path: Path
) -> None:
    line = train(leaked[0], tmp_path / "run").told
    assert "is not fit to train on: leaked-split: 100.0% of a split's" in line
    assert "(1, stop above 0.2) Split anew, with all near-duplicates" in line
    assert line.endswith("--gin_param=\"train.waived = ['leaked-split']\"")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_trainer_is_overridden_as_it_says(
    leaked: Made, tmp_path: Path
) -> None:
    line = train(leaked[0], tmp_path / "run").told
    override = line.split("--gin_param=")[1].strip('"')
    trained = train(leaked[0], tmp_path / "run", f"--gin_param={override}")
    assert trained.code == 0, trained.errors
    assert "trained: reached step 3" in trained.output
    told = [
        trained.errors.index(part)
        for part in (
            "waived: leaked-split: 100.0% of a split's",
            "warn: too-few-images: The train split has 48 images.",
            "step 1",
        )
    ]
    assert told == sorted(told)
    scored = forks.run(
        "trainer",
        f"--run_dir={tmp_path / 'run'}",
        "--mode=evaluate",
        "--gin_param=evaluate.split = 'validation'",
        "--gin_param=evaluate.truth = None",
    )
    assert scored.code == 0, scored.errors


@pytest.mark.slow
def test_the_page_of_sound_data_warns_of_its_size_alone(
    sound: Made, browser: chromium.Chromium
) -> None:
    browser.open(sound[0] / "data_card.html", width=1280)
    assert headings(browser) == ["warn Too few images"]
    assert browser.complaints() == []


@pytest.mark.slow
def test_the_page_of_blank_images_shows_them_and_what_follows(
    blank: Made, browser: chromium.Chromium
) -> None:
    browser.open(blank[0] / "data_card.html", width=1280)
    first, *others = headings(browser)
    assert first == "stop Blank images"
    assert {"stop Alike features", "stop Shuffled pairs"} <= set(others)
    inner = browser.value(
        "document.querySelectorAll('.finding .finding').length"
    )
    assert inner >= 2
    assert "Of one colour" in browser.value("document.body.innerText")
    assert browser.complaints() == []
