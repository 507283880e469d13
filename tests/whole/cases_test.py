"""The shared cases, data as real people have it, as a user would run them."""

import collections
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time

import pytest

from pipeline.files import beam_files
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set
from tests.support import fixtures, jobs, reference_data
from trainer.devices import launcher

pytestmark = [pytest.mark.data, pytest.mark.slow]


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
    given = any(flag.startswith("--images=") for flag in flags)
    if (folder / "photos").exists() and not given:
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
    assert "splits: the data has none, so each image's id" in ended.output
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
    told = "unlisted 12 (first p012.jpg: no split list names it)"
    assert (ended.output + ended.errors).count("no split list names") == 1
    assert f"left out: 12 of 24 images: {told}" in ended.output


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ("apart.tar", {"no-captions": 24}),
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


@pytest.mark.parametrize(
    ("annotations", "dataset", "told"),
    [
        ("captions.csv", "csv", "3 of 200 captions: blank-caption 3 (first "),
        ("null.json", "coco", "3 of 200 captions: malformed-annotation 3 ("),
        (
            "subset.json",
            "coco",
            "100 of 200 captions: annotation-without-image 100 (first ",
        ),
    ],
)
def test_captions_are_counted_beside_captions(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    annotations: str,
    dataset: str,
    told: str,
) -> None:
    flags = (annotations, f"--dataset={dataset}")
    ended = run(encoder, tmp_path, "02-blank-caption-share", *flags)
    assert ended.code == 0, ended.errors
    first, splits, second, *_ = ended.output.splitlines()
    assert first.endswith(" images, 0 rejected")
    assert splits.startswith("splits: ")
    assert second.startswith(f"left out: {told}")
    assert manifest(tmp_path).rejected == {}


@pytest.mark.parametrize(
    ("annotations", "images", "told"),
    [
        ("half.jsonl", "photos", "12 of 24 lines were rejected (50.0%"),
        ("upper.jsonl", "photos/*.jpg", "12 of 24 images were rejected (50.0%"),
        ("half.jsonl", "", "12 of 24 lines were rejected (50.0%"),
    ],
)
def test_a_dry_run_fails_as_the_job_does(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    annotations: str,
    images: str,
    told: str,
) -> None:
    case = "04-dry-run-blind"
    folder = reference_data.find(f"../cases/{case}") / images
    flags = (annotations, f"--images={folder}")
    dry = run(encoder, tmp_path / "out", case, *flags, "--dry_run").told
    assert dry.startswith(told)
    listed = pathlib.Path(dry.rpartition("; see ")[2]).parent
    assert sum(reasons(listed).values()) == 12
    shutil.rmtree(listed)
    assert not (tmp_path / "out").exists()
    job = run(encoder, tmp_path / "out", case, *flags).told
    assert job.startswith(told)


@pytest.mark.parametrize(
    ("annotations", "first"),
    [
        ("empty/*.tar", "00001.tar: empty file"),
        ("gzip/*.tar*", "00000.tar.gz: invalid header"),
    ],
)
def test_a_lost_shard_fails_the_job_by_its_name(
    encoder: pathlib.Path, tmp_path: pathlib.Path, annotations: str, first: str
) -> None:
    case = "13-lost-shard-counts-one"
    flags = (annotations, "--dataset=webdataset")
    told = run(encoder, tmp_path, case, *flags).told
    assert told.startswith(
        "1 of 3 shards were rejected (33.3%, --max_shard_reject_share is "
        f"0.0%): malformed-shard 1 (first {first})"
    )
    lax = "--max_shard_reject_share=0.4"
    ended = run(encoder, tmp_path, case, *flags, lax)
    assert ended.code == 0, ended.errors
    assert f"left out: 1 of 3 shards: malformed-shard 1 (first {first})" in (
        ended.output.splitlines()
    )


def test_chinese_is_parted_into_its_signs(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case, annotations = "11-cjk-captions", "captions.jsonl"
    ended = run(encoder, tmp_path, case, annotations, "--validation_share=0.2")
    assert ended.code == 0, ended.errors
    lines = (tmp_path / "vocabulary.tsv").read_text().splitlines()[4:]
    assert {len(line.split("\t")[0]) for line in lines} == {1}
    assert len(lines) == 84


def test_a_caption_is_one_line_without_controls(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case, annotations = "21-inspect-controls", "captions.jsonl"
    assert run(encoder, tmp_path, case, annotations).code == 0
    shown = jobs.run(
        "--mode=inspect", f"--output={tmp_path}", "--samples=99"
    ).output
    assert "\\x1b[2J\\x1b[31mred\\x07\\n" in shown
    assert all(map(str.isprintable, shown.splitlines()))


def test_a_bucket_that_does_not_answer_ends_the_job(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    began = time.monotonic()
    ended = jobs.run(
        "--annotations=s3://bucket/captions.jsonl",
        "--images=s3://bucket/photos",
        "--s3_endpoint_url=http://127.0.0.1:9",
        f"--encoder={encoder}",
        f"--output={tmp_path}",
    )
    assert time.monotonic() - began < 90
    flag = "--s3_endpoint_url=http://127.0.0.1:9"
    assert f"waiting for an answer at {flag}" in ended.errors
    assert ended.told.startswith(f"{flag}: nothing has answered there for ")


def copied(case: str, folder: pathlib.Path) -> pathlib.Path:
    """A case that a test may add to."""
    source = reference_data.find(f"../cases/{case}")
    copy = folder / "case"
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    return copy


def taken(
    encoder: pathlib.Path, output: pathlib.Path, *flags: str
) -> tuple[int, dict[str, int]]:
    """Runs the job to its end; how many images it takes, and the reasons."""
    ended = jobs.run(
        f"--output={output}",
        f"--encoder={encoder}",
        "--thumbnail_side=0",
        *flags,
    )
    assert ended.code == 0, ended.errors
    return sum(counts(output).values()), reasons(output)


@pytest.mark.parametrize("case", ["07-exif-rewritten", "08-png-metadata"])
def test_odd_metadata_costs_no_picture(
    encoder: pathlib.Path, tmp_path: pathlib.Path, case: str
) -> None:
    ended = run(encoder, tmp_path / "out", case, "captions.jsonl")
    assert ended.code == 0, ended.errors
    assert sum(counts(tmp_path / "out").values()) == 24
    assert reasons(tmp_path / "out") == {}


@pytest.mark.parametrize(
    "annotations",
    ["parts/*.jsonl", "twice/*.jsonl", "set [2019]/captions.jsonl"],
)
def test_brackets_in_names_lose_and_repeat_nothing(
    encoder: pathlib.Path, tmp_path: pathlib.Path, annotations: str
) -> None:
    output = tmp_path / "out"
    ended = run(encoder, output, "10-bracket-name", annotations)
    assert ended.code == 0, ended.errors
    made = manifest(output)
    assert sum(counts(output).values()) == 24
    assert sum(shard.captions for shard in made.shards) == _lines(annotations)


def _lines(annotations: str) -> int:
    case = reference_data.find("../cases/10-bracket-name")
    return sum(
        len(json.loads(line)["captions"])
        for path in (case / annotations).parent.iterdir()
        for line in path.read_text().splitlines()
    )


def test_shards_behind_links_are_read(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case = copied("01-hub-cache-links", tmp_path) / "datasets--x--y"
    data = case / "snapshots" / "abc" / "data"
    data.mkdir(parents=True)
    for number in range(2):
        link = data / f"train-000{number}.tar"
        link.symlink_to(f"../../../blobs/b{number}")
    flags = ("--dataset=webdataset", f"--annotations={data}/*.tar")
    assert taken(encoder, tmp_path / "out", *flags) == (24, {})


def test_linked_folders_are_read_where_the_user_names_them(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case, output = copied("26-linked-folders", tmp_path), tmp_path / "out"
    (case / "coco").mkdir()
    for name in ("train2017", "val2017"):
        (case / "coco" / name).symlink_to(f"../disk/{name}")
    parts = [f"{case}/captions_{name}2017.json" for name in ("train", "val")]
    given = ("--dataset=coco", f"--annotations={','.join(parts)}")
    images = f"--images={case}/coco/*2017/*.jpg"
    assert taken(encoder, output, *given, images) == (24, {})
    ended = jobs.run(
        f"--output={tmp_path / 'folder'}",
        f"--encoder={encoder}",
        f"--annotations={case}/captions.jsonl",
        f"--images={case}/coco",
    )
    assert "outside-root 24" in ended.told


def test_a_name_that_is_not_utf8_costs_itself_alone(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case, out = copied("09-latin1-name", tmp_path), tmp_path / "out"
    (case / "photos" / "latin1.jpg").rename(case / "photos" / "caf\udce9.jpg")
    (case / "lists" / "latin1.jsonl").rename(case / "lists" / "l\udce9.jsonl")
    given = f"--annotations={case}/captions.jsonl"
    folder, pattern = f"--images={case}/photos", f"--images={case}/photos/*"
    wds = ("--dataset=webdataset", f"--annotations={case}/names.tar")
    lost = {"unprintable-name": 1}
    assert taken(encoder, out / "1", given, folder) == (24, {})
    assert taken(encoder, out / "2", given, pattern) == (24, lost)
    assert taken(encoder, out / "3", *wds) == (23, {"malformed-sample": 1})
    for path in out.glob("*/rejects-*.jsonl"):
        for line in path.read_text().splitlines():
            assert r"\xe9" in json.loads(line)["image_id"]
    ended = jobs.run(
        f"--annotations={case}/lists/*",
        f"--output={out / '4'}",
        folder,
    )
    assert ended.told == (
        rf"--annotations: {case}/lists/l\xe9.jsonl: this name is not UTF-8: "
        "rename it"
    )


def test_a_busy_server_loses_no_image(
    encoder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    case = copied("20-http-503", tmp_path)
    with launcher.hold_port() as held:
        port = held.getsockname()[1]
        _assert_all_taken(case, port, encoder, tmp_path / "out")


def _assert_all_taken(
    case: pathlib.Path, port: int, encoder: pathlib.Path, output: pathlib.Path
) -> None:
    text = (case / "captions.jsonl").read_text()
    (case / "captions.jsonl").write_text(text.replace("8765", str(port)))
    command = [sys.executable, case / "server.py", case / "photos", str(port)]
    with subprocess.Popen(command) as server:
        _await(port)
        flags = (
            f"--annotations={case}/captions.jsonl",
            f"--images={case}",
            f"--allow_hosts=127.0.0.1:{port}",
        )
        try:
            assert taken(encoder, output, *flags) == (24, {})
        finally:
            server.terminate()


def _await(port: int) -> None:
    for _ in range(200):
        with socket.socket() as wire:
            if not wire.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens at port {port}")


@pytest.mark.parametrize(
    ("annotations", "images"), [("file://", "file://"), ("train=file://", "")]
)
def test_a_url_of_a_file_is_a_path(
    encoder: pathlib.Path,
    tmp_path: pathlib.Path,
    annotations: str,
    images: str,
) -> None:
    case = reference_data.find("../cases/25-extras-and-urls")
    flags = (
        f"--annotations={annotations}{case}/captions.jsonl",
        f"--images={images}{case}/photos",
    )
    assert taken(encoder, tmp_path / "out", *flags) == (24, {})
