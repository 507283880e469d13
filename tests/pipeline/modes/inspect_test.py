"""An inspection has a record set's facts and a fair sample of its records."""

from pathlib import Path

import pytest

from pipeline.modes import inspect
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set, records
from tests.support import fixtures, jobs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of 5, 0, 7 and 1 records for training, 3 and 2 besides."""
    folder = tmp_path_factory.mktemp("made") / "records"
    fixtures.write_uneven_record_set(folder)
    return folder


def ids(found: inspect.Inspection) -> list[str]:
    return [sampled.image.image_id for sampled in found.samples]


def test_facts_are_those_of_the_manifest(made: Path) -> None:
    facts = dict(inspect.inspect(str(made), split="", samples=0).facts)
    manifest = record_set.open_record_set(str(made)).manifest
    captions = sum(row.captions for row in manifest.shards_of("train"))
    assert facts["record set"] == str(made)
    assert facts["train"].startswith(f"13 images, {captions} captions, 0.0 MB")
    assert facts["train"].endswith(" in 4 shards")
    assert facts["rejected"] == "nothing"
    assert facts["vocabulary"].startswith("17 tokens: ")
    assert facts["grids"] == "4 x 6 of float16"
    assert facts["encoder"] == "architecture noise, weights none"
    assert facts["settings"] == "batch_size 4, dataset uneven"
    assert facts["digest"] == manifest.digest


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (0, []),
        (1, [0]),
        (4, [0, 3, 6, 9]),
        (13, range(13)),
        (99, range(13)),
    ],
)
def test_records_are_sampled_at_equal_distances(
    made: Path, samples: int, expected: list[int]
) -> None:
    found = inspect.inspect(str(made), split="train", samples=samples)
    assert ids(found) == [f"train-{number}" for number in expected]


def test_a_split_can_be_chosen(made: Path) -> None:
    found = inspect.inspect(str(made), split="", samples=1)
    assert ids(found) == ["train-0", "validation-0"]
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        inspect.inspect(str(made), split="dev", samples=1)
    assert str(caught.value) == (
        "--split: no split 'dev' in the record set; it has train, validation"
    )


def test_a_record_is_told_with_its_captions_and_its_grid(made: Path) -> None:
    found = inspect.inspect(str(made), split="validation", samples=1)
    (sampled,) = found.samples
    grid = fixtures.UNEVEN_GRID.from_bytes(sampled.image.grid)
    assert str(found).splitlines()[-len(sampled.image.captions) - 2 :] == [
        "validation",
        (
            "  validation-0 (validation-0.jpg), thumbnail 0.0 kB, grid "
            f"{grid.mean():.3f} +- {grid.std():.3f}"
        ),
        *(f"    {text}" for text in sampled.image.captions),
    ]


def test_controls_are_escaped_and_a_caption_is_one_line() -> None:
    image = records.CaptionedImage(
        "a\x1b[2J.jpg", "a.jpg", ("two\nlines\tand \x1b[31mred", "一只狗"), b""
    )
    sampled = inspect.Sampled("train", image, 0.0, 1.0)
    shown = str(inspect.Inspection((("record set", "x"),), (sampled,)))
    assert shown.splitlines()[2:] == [
        "train",
        ("  a\\x1b[2J.jpg (a.jpg), thumbnail 0.0 kB, grid 0.000 +- 1.000"),
        "    two\\nlines\\tand \\x1b[31mred",
        "    一只狗",
    ]


def test_the_command_shows_a_record_set_and_writes_a_page(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("command")
    world = jobs.draw_world(folder)
    output, page = folder / "records", folder / "pages" / "page.html"
    assert jobs.run(*world.flags(output)).code == 0
    shown = ["--mode=inspect", f"--output={output}", f"--html={page}"]
    ended = jobs.run(*shown, "--split=train", "--samples=2")
    assert ended.code == 0, ended.errors
    assert ended.output.count(".jpg, thumbnail 0.") == 2
    assert ended.output.endswith(f"\n\nPage: {page}\n")
    assert page.read_text().count("data:image/jpeg;base64,") == 2
    assert jobs.run(*shown, "--split=dev").told == (
        "--split: no split 'dev' in the record set; it has test, train, "
        "validation"
    )
