"""The shared cases, data as real people have it, as a user would run them."""

import collections
import json
import pathlib

import pytest

from pipeline.files import beam_files
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set
from tests.support import fixtures, jobs, reference_data

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("encoder")
    return fixtures.save_encoder(folder / "patches.keras")


def run(
    encoder: pathlib.Path,
    output: pathlib.Path,
    case: str,
    annotations: str,
    *flags: str,
) -> jobs.Ended:
    """Runs the job on files of a case; images lie in its `photos`."""
    folder = reference_data.find(f"../cases/{case}")
    paths = ",".join(str(folder / name) for name in annotations.split(","))
    if (folder / "photos").exists():
        flags = (*flags, f"--images={folder / 'photos'}")
    return jobs.run(
        f"--annotations={paths}",
        f"--output={output}",
        f"--encoder={encoder}",
        "--thumbnail_side=0",
        *flags,
    )


def manifest(output: pathlib.Path) -> manifest_lib.Manifest:
    return record_set.open_record_set(str(output), beam_files.BEAM).manifest


def counts(output: pathlib.Path) -> dict[str, int]:
    made = manifest(output)
    return {split: made.num_images(split) for split in made.splits}


def reasons(output: pathlib.Path) -> dict[str, int]:
    return collections.Counter(
        json.loads(line)["reason"]
        for path in output.glob("rejects-*.jsonl")
        for line in path.read_text().splitlines()
    )


@pytest.mark.parametrize(
    ("case", "annotations", "flags", "expected"),
    [
        (
            "03-coco-ids-restart",
            "captions_train.json,captions_val.json",
            ["--dataset=coco"],
            {"train": 12, "validation": 12},
        ),
        (
            "05-split-names",
            "karpathy.csv",
            ["--dataset=csv", "--split_column=split"],
            {"train": 18, "validation": 6},
        ),
        (
            "05-split-names",
            "capital.jsonl",
            [],
            {"train": 18, "validation": 6},
        ),
        (
            "05-split-names",
            "capital.json",
            ["--dataset=karpathy"],
            {"train": 18, "validation": 6},
        ),
        (
            "06-coco-file-names",
            "captions_train2017_clean.json,captions_val2017_clean.json",
            ["--dataset=coco"],
            {"train": 18, "validation": 6},
        ),
        (
            "06-coco-file-names",
            "captions_train2017.json.gz,captions_val2017.json.gz",
            ["--dataset=coco"],
            {"train": 18, "validation": 6},
        ),
        (
            "06-coco-file-names",
            "train.json,valid.json",
            ["--dataset=coco"],
            {"train": 18, "validation": 6},
        ),
        (
            "06-coco-file-names",
            (
                "captions_train2014.json,captions_valminusminival2014.json,"
                "captions_minival2014.json"
            ),
            ["--dataset=coco"],
            {"train": 12, "validation": 12},
        ),
        (
            "12-json-bom-nan",
            "k.json",
            ["--dataset=karpathy"],
            {"train": 24},
        ),
        (
            "18-flickr-lists",
            "folder/Flickr8k.token.txt",
            ["--dataset=flickr8k"],
            {"train": 24},
        ),
    ],
)
def test_images_fall_in_their_splits(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    case: str,
    annotations: str,
    flags: list[str],
    expected: dict[str, int],
) -> None:
    ended = run(encoder, tmp_path / "out", case, annotations, *flags)
    assert ended.code == 0, ended.errors
    assert counts(tmp_path / "out") == expected


@pytest.mark.parametrize(
    ("case", "annotations", "flags"),
    [
        ("06-coco-file-names", "coco_latest.json", ["--dataset=coco"]),
        (
            "06-coco-file-names",
            "captions_trainval2014.json",
            ["--dataset=coco"],
        ),
        ("12-json-bom-nan", "bom.json", ["--dataset=coco"]),
        ("12-json-bom-nan", "captions.jsonl", []),
        ("16-spreadsheet-csv", "tail.csv", ["--dataset=csv"]),
        ("16-spreadsheet-csv", "padded.csv", ["--dataset=csv"]),
        ("16-spreadsheet-csv", "quotes.csv", ["--dataset=csv"]),
        ("16-spreadsheet-csv", "pandas.tsv", ["--dataset=tsv"]),
        (
            "14-list-in-a-cell",
            "captions.csv",
            [
                "--dataset=csv",
                "--image_column=filename",
                "--caption_column=raw",
            ],
        ),
    ],
)
def test_whole_data_without_splits_is_split_by_ids_and_says_so(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    case: str,
    annotations: str,
    flags: list[str],
) -> None:
    output = tmp_path / "out"
    ended = run(encoder, output, case, annotations, *flags)
    assert ended.code == 0, ended.errors
    assert "splits: the data has none, so each image's id" in ended.errors
    assert sum(counts(output).values()) == 24
    captions = sum(shard.captions for shard in manifest(output).shards)
    assert captions == 24 * 5


@pytest.mark.parametrize(
    ("case", "annotations", "flags", "told"),
    [
        (
            "06-coco-file-names",
            "captions_val2017.json",
            ["--dataset=coco"],
            "nothing is in the split train (validation: captions_val2017.json)",
        ),
        (
            "12-json-bom-nan",
            "nan.json",
            ["--dataset=coco"],
            "(line 1, byte 239, at 'NaN')",
        ),
    ],
)
def test_what_cannot_be_read_is_told_before_anything_is_written(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    case: str,
    annotations: str,
    flags: list[str],
    told: str,
) -> None:
    ended = run(encoder, tmp_path / "out", case, annotations, *flags)
    assert told in ended.told
    assert not (tmp_path / "out").exists()


def test_images_that_no_list_names_are_told(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    ended = run(
        encoder,
        tmp_path / "out",
        "18-flickr-lists",
        "half/Flickr8k.token.txt",
        "--dataset=flickr8k",
    )
    assert ended.code == 0, ended.errors
    assert counts(tmp_path / "out") == {"train": 12}
    assert (
        "left out: 12 images that no split list names, such as 'p012.jpg'; the "
        "lists name 'p000.jpg' and the like"
    ) in ended.errors


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ("apart.tar", {"annotation-without-image": 24, "no-captions": 24}),
        ("dots.tar", {"malformed-sample": 24}),
    ],
)
def test_each_image_of_a_malformed_sample_is_told_with_the_rule(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    annotations: str,
    expected: dict[str, int],
) -> None:
    ended = run(
        encoder,
        tmp_path / "out",
        "24-wds-order-and-dots",
        annotations,
        "--dataset=webdataset",
    )
    assert ended.code == 1
    assert reasons(tmp_path / "out") == expected
    rows = [
        row
        for path in (tmp_path / "out").glob("rejects-*.jsonl")
        for row in path.read_text().splitlines()
    ]
    assert all("share their name up to its first dot" in row for row in rows)
