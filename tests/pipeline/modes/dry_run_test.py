"""A dry run encodes a real sample with the job's own reader and writer."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline.modes import dry_run
from tests.support import fixtures, jobs


def test_the_whole_is_told_from_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    found = dry_run.Rehearsal(
        total=118_287_000,
        images=320,
        rejects=2,
        seconds=4.0,
        bytes=40_000_000,
        memory=1_310_000_000,
    )
    assert str(found).splitlines() == [
        (
            "sample: 320 of 118287000 images, 2 rejected, 80.0 images/s and "
            "1310 MB of memory in one worker of 16 cores"
        ),
        (
            "whole: 410.7 h in one worker, 14785.88 GB; workers needed: 411 "
            "for 1 h, 103 for 4 h, 18 for 24 h"
        ),
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> jobs.World:
    """60 images, of which one is none."""
    folder = tmp_path_factory.mktemp("world")
    corpus = fixtures.draw_corpus(folder / "corpus", num_images=60)
    (corpus.images / "image-03.jpg").write_bytes(b"no image")
    return jobs.World(corpus, fixtures.save_encoder(folder / "patches.keras"))


@pytest.mark.parametrize(
    ("given", "sample"),
    [
        # Ten batches of four, but for the five that are encoded first.
        ([], "sample: 35 of 60 images, "),
        (["--limit=12"], "sample: 7 of 12 images, "),
        (["--limit=3"], "sample: 3 of 3 images, "),
        (
            ["--runner=PortableRunner", "--limit=6"],
            "sample: 1 of 6 images, ",
        ),
    ],
)
def test_a_dry_run_writes_nothing(
    world: jobs.World, tmp_path: Path, given: list[str], sample: str
) -> None:
    output = tmp_path / "records"
    ended = jobs.run(*world.flags(output), *given, "--dry_run")
    assert ended.code == 0, ended.errors
    assert ended.output.startswith(sample)
    assert "; workers needed: 1 for 1 h, 1 for 4 h" in ended.output
    assert not output.exists()


def test_token_files_are_counted_by_image(
    world: jobs.World, tmp_path: Path
) -> None:
    flags = world.flags(tmp_path / "out", annotations=world.corpus.tokens)
    ended = jobs.run(*flags, "--dataset=flickr8k", "--dry_run")
    assert ended.output.startswith("sample: 35 of 60 images, ")


def test_an_empty_data_set_is_told(world: jobs.World, tmp_path: Path) -> None:
    empty = fixtures.write_jsonl(tmp_path / "empty.jsonl", [])
    flags = world.flags(tmp_path / "out", annotations=empty)
    assert jobs.run(*flags, "--dry_run").told == "the data set has no images"


def test_rejects_of_the_sample_fail_as_the_job_would(
    world: jobs.World, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    flags = world.flags(tmp_path / "out", images=images)
    told = jobs.run(*flags, "--dry_run").told
    assert told.startswith(
        "--images names the wrong place: 60 of 60 images are not there (first "
        "image-00.jpg: [Errno 2] No such file or directory: "
        f"'{images}/image-00.jpg'); see "
    )
    rows = listed(told)
    assert {row["reason"] for row in rows} == {"no-such-image"}


def test_rejects_of_the_reader_fail_as_the_job_would(
    world: jobs.World, tmp_path: Path
) -> None:
    lines = world.corpus.jsonl.read_text().splitlines()
    broken = tmp_path / "captions.jsonl"
    broken.write_text("\n".join([*lines[:40], *(["{}"] * 20)]))
    flags = world.flags(tmp_path / "out", annotations=broken)
    told = jobs.run(*flags, "--dry_run").told
    assert told.startswith("20 of 60 lines were rejected (33.3%")
    assert "(first {}: needs 'image' and 'captions'" in told
    assert [row["reason"] for row in listed(told)] == ["malformed-line"] * 20
    job = jobs.run(*flags)
    assert job.told.partition("; see ")[0] == told.partition("; see ")[0]


def test_what_is_within_the_limit_is_told(
    world: jobs.World, tmp_path: Path
) -> None:
    lines = world.corpus.jsonl.read_text().splitlines()
    path = tmp_path / "captions.jsonl"
    path.write_text("\n".join([*lines, "{}"]))
    flags = world.flags(tmp_path / "out", annotations=path)
    ended = jobs.run(*flags, "--dry_run")
    assert ended.code == 0, ended.errors
    left_out, *_, rejects = ended.output.splitlines()[2:]
    assert left_out.startswith("left out: 1 of 61 lines: malformed-line 1 ")
    assert rejects.startswith("rejects: see ")
    assert "malformed-line" in {row["reason"] for row in listed(rejects)}


def listed(told: str) -> list[dict[str, str]]:
    """Reads the files that a message names."""
    folder = Path(told.rpartition("see ")[2]).parent
    texts = [path.read_text() for path in folder.glob("rejects-*.jsonl")]
    shutil.rmtree(folder)
    return [json.loads(line) for text in texts for line in text.splitlines()]
