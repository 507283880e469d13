"""The whole job as a user runs it: exit codes, lines, and the files' bytes.

The test of several workers runs a process of its own, as users do.
"""

import collections
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.encoders import encoder as encoder_lib
from pipeline.files import beam_files
from pipeline.modes import inspect
from pipeline.recordset import record_set
from tests.support import bucket, fixtures, jobs
from tests.support.jobs import Ended, World, contents, run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return jobs.draw_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def finished(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Ended]:
    """A record set that no test changes, and how its job ended."""
    output = tmp_path_factory.mktemp("finished") / "records"
    return output, run(*world.flags(output))


@pytest.fixture
def copied(finished: tuple[Path, Ended], tmp_path: Path) -> Path:
    """A copy of it, for a test to change."""
    return Path(shutil.copytree(finished[0], tmp_path / "copied"))


def counts(folder: Path) -> dict[str, int]:
    manifest = record_set.open_record_set(str(folder)).manifest
    return {split: manifest.num_images(split) for split in manifest.splits}


def test_a_data_set_becomes_a_record_set(
    world: World, finished: tuple[Path, Ended]
) -> None:
    output, ended = finished
    assert ended.code == 0, ended.errors
    lines = ended.output.splitlines()
    assert lines[0] == (
        f"{output}: test 1, train 6, validation 1 images, 0 rejected"
    )
    assert lines[-1] == f"Data card: {output}/data_card.html"
    assert "Traceback" not in ended.errors
    assert " 8 images, 0 rejected, 0.0 MB" in ended.errors
    expected = dict(collections.Counter(world.corpus.splits.values()))
    assert counts(output) == expected
    manifest = record_set.open_record_set(str(output)).manifest
    assert sum(shard.captions for shard in manifest.shards) == sum(
        len(texts) for texts in world.corpus.captions.values()
    )
    assert (manifest.grid.locations, manifest.grid.depth) == (16, 6)
    assert str(world.encoder.parent) not in manifest.dump()


def test_a_second_run_changes_nothing(world: World, copied: Path) -> None:
    before = contents(copied)
    ended = run(*world.flags(copied))
    assert (ended.code, ended.output) == (0, f"already complete: {copied}\n")
    assert contents(copied) == before


def test_an_interrupted_job_goes_on(world: World, copied: Path) -> None:
    before = contents(copied)
    lost = sorted(before)
    shard = next(name for name in lost if name.endswith("tfrecord"))
    for name in ("manifest.json", "vocabulary.tsv", shard):
        (copied / name).unlink()
    ended = run(*world.flags(copied))
    assert ended.code == 0, ended.errors
    assert contents(copied) == before
    side = json.loads(before[shard.replace("tfrecord", "index.json")])
    again = side["row"]["records"]
    assert (
        f" {again} images, 0 rejected, {8 - again} finished earlier"
        in ended.errors
    )


def test_another_setting_is_refused(world: World, copied: Path) -> None:
    before = contents(copied)
    ended = run(*world.flags(copied, thumbnail_side=8, num_shards=3))
    assert ended.told == (
        f"{copied} was made otherwise (num_shards 2 -> 3, thumbnail_side 16 -> "
        "8): choose another --output, or replace it with --overwrite"
    )
    assert contents(copied) == before


def test_a_record_set_can_be_replaced(world: World, copied: Path) -> None:
    ended = run(*world.flags(copied, num_shards=1), "--overwrite")
    assert ended.code == 0, ended.errors
    assert sorted(contents(copied, "*.tfrecord")) == [
        "test-00000-of-00001.tfrecord",
        "train-00000-of-00001.tfrecord",
        "validation-00000-of-00001.tfrecord",
    ]
    assert counts(copied) == {"test": 1, "train": 6, "validation": 1}


@pytest.mark.slow
def test_bytes_depend_on_neither_workers_nor_order(
    world: World, finished: tuple[Path, Ended], tmp_path: Path
) -> None:
    turned = fixtures.write_jsonl(
        tmp_path / "turned.jsonl", fixtures.jsonl_rows(world.corpus)[::-1]
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "pipeline.py").write_text("raise SystemExit('not ours')")
    several = subprocess.run(
        [
            # As a console script, which finds nothing in its working folder.
            sys.executable,
            "-P",
            "-c",
            "from pipeline.main import run; run()",
            *world.flags(tmp_path / "several", annotations=turned),
            "--direct_running_mode=multi_processing",
            "--direct_num_workers=2",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert several.returncode == 0, several.stderr
    # What the workers counted, as lines of a log.
    assert " 8 images, 0 rejected, 0.0 MB" in several.stderr
    assert "\x1b" not in several.stderr
    expected = contents(finished[0])
    for name, data in contents(tmp_path / "several").items():
        # These two know the caption file, whose lines were turned.
        if name != "request.json" and not name.endswith("index.json"):
            assert data == expected.pop(name), name
    assert {name.rpartition(".")[2] for name in expected} == {"json"}


@pytest.mark.slow
def test_a_terminal_has_one_line_that_changes(
    world: World, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pipeline.main"]
    flags = world.flags(tmp_path / "records")
    job = subprocess.Popen(
        [*command, *flags], stdout=subprocess.DEVNULL, stderr=theirs
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: jobs.read_terminal(ours), b"")).decode()
    os.close(ours)
    assert job.wait() == 0, shown
    *_, last = re.split(r"\r\x1b\[2K", shown)
    assert re.fullmatch("8 images, 0 rejected, 0.0 MB.*\r\n", last)


@pytest.mark.slow
def test_a_limit_takes_the_same_images_in_any_order(
    world: World, tmp_path: Path
) -> None:
    turned = fixtures.write_jsonl(
        tmp_path / "turned.jsonl", fixtures.jsonl_rows(world.corpus)[::-1]
    )
    for name, annotations in (("a", world.corpus.jsonl), ("b", turned)):
        flags = world.flags(tmp_path / name, annotations=annotations)
        ended = run(*flags, "--limit=5")
        assert ended.code == 0, ended.errors
        assert sum(counts(tmp_path / name).values()) == 5
    one, other = (contents(tmp_path / name, "*.tfrecord") for name in "ab")
    assert one == other
    told = run(*world.flags(tmp_path / "a"), "--limit=6").told
    assert "was made otherwise (limit 5 -> 6)" in told


def test_named_pairs_are_left_out_and_told(
    world: World, tmp_path: Path
) -> None:
    out, pairs = tmp_path / "out", tmp_path / "pairs.jsonl"
    rows = fixtures.jsonl_rows(world.corpus)
    pairs.write_text(json.dumps({"image_id": rows[0]["image"], "gap": -1.5}))
    ended = run(*world.flags(out, drop_pairs=pairs))
    assert ended.code == 0, ended.errors
    assert "dropped-pair 1 (first " in ended.output
    made = record_set.open_record_set(str(out)).manifest
    assert sum(shard.records for shard in made.shards) == len(rows) - 1
    told = run(*world.flags(out)).told
    assert "was made otherwise (drop_pairs '" in told
    told = run(*world.flags(out, drop_pairs=tmp_path / "no")).told
    assert told == f"--drop_pairs: no such file: {tmp_path / 'no'}"


def test_views_of_train_images_are_stored_beside_them(
    world: World, finished: tuple[Path, Ended], tmp_path: Path
) -> None:
    out, rows = tmp_path / "out", fixtures.jsonl_rows(world.corpus)
    rows[0]["captions"] = ["a shape at the left"]
    sided = fixtures.write_jsonl(tmp_path / "sided.jsonl", rows)
    flags = world.flags(out, annotations=sided, views="top-right,flip")
    ended = run(*flags)
    assert ended.code == 0, ended.errors
    plain, seen = (
        {
            each.image.image_id: each
            for each in inspect.inspect(
                str(folder), split="", samples=9
            ).samples
        }
        for folder in (finished[0], out)
    )
    encoder = encoder_lib.load_encoder(str(world.encoder))
    grid = record_set.open_record_set(str(out)).manifest.grid
    for name, sampled in seen.items():
        assert sampled.image.grid == plain[name].image.grid
        pixels = encoder.decode((world.corpus.images / name).read_bytes())
        height, width = (side - side // 8 for side in pixels.shape[:2])
        by_hand = {
            "flip": pixels[:, ::-1],
            "top-right": pixels[:height, -width:],
        }
        if name == rows[0]["image"]:
            del by_hand["flip"]
        if sampled.split != "train":
            by_hand = {}
        assert list(sampled.image.views) == list(by_hand)
        assert sampled.title.endswith("".join(f", {view}" for view in by_hand))
        for view, part in by_hand.items():
            (encoded,) = encoder.encode(encoder.fit(part)[None])
            stored = grid.from_bytes(sampled.image.views[view])
            np.testing.assert_allclose(stored, encoded, rtol=1e-3, atol=1e-3)
    verified = run("--mode=verify", f"--output={out}")
    assert verified.code == 0, verified.errors
    told = run(*world.flags(out, annotations=sided)).told
    assert "was made otherwise (views ['flip', 'top-right'] -> None)" in told


def test_flickr8k_files_become_a_record_set(
    world: World, tmp_path: Path
) -> None:
    ended = run(
        *world.flags(tmp_path / "records", annotations=world.corpus.tokens),
        "--dataset=flickr8k",
        "--holdout_share=0.4",
    )
    assert ended.code == 0, ended.errors
    found = counts(tmp_path / "records")
    assert (found["dev"], found["test"]) == (1, 1)
    assert found["train"] + found["validation"] == 6
    assert found["validation"] > 0


def write_coco(corpus: fixtures.Corpus, path: Path, turned: bool) -> Path:
    """The corpus as COCO has it; `turned` turns both lists round."""
    names = list(corpus.captions)
    images = [
        {"id": number, "file_name": name} for number, name in enumerate(names)
    ]
    annotations = [
        {"id": 10 * number + place, "image_id": number, "caption": text}
        for number, name in enumerate(names)
        for place, text in enumerate(corpus.captions[name])
    ]
    step = -1 if turned else 1
    lists = {"images": images[::step], "annotations": annotations[::step]}
    path.write_text(json.dumps(lists))
    return path


@pytest.mark.slow
def test_the_manifest_knows_content_and_rule_but_no_order(
    world: World, tmp_path: Path
) -> None:
    def digest(name: str, path: Path, *more: str) -> str:
        flags = world.flags(tmp_path / name, annotations=path)
        ended = run(*flags, "--dataset=coco", *more)
        assert ended.code == 0, ended.errors
        manifest = record_set.open_record_set(str(tmp_path / name)).manifest
        return manifest.digest

    path = write_coco(world.corpus, tmp_path / "a.json", turned=False)
    turned = write_coco(world.corpus, tmp_path / "b.json", turned=True)
    changed = tmp_path / "c.json"
    changed.write_text(path.read_text().replace("a red circle", "a red disc"))
    one = digest("one", path)
    assert digest("turned", turned) == one
    assert digest("changed", changed) != one
    assert digest("ruled", path, "--test_share=0.5") != one


def test_flickr8k_needs_its_lists(world: World, tmp_path: Path) -> None:
    alone = shutil.copy(world.corpus.tokens, tmp_path / "token.txt")
    flags = world.flags(tmp_path / "records", annotations=alone)
    assert run(*flags, "--dataset=flickr8k").told == (
        f"no Flickr_8k.trainImages.txt beside {alone}"
    )


def test_dataflow_is_given_no_path_of_this_machine(
    world: World, tmp_path: Path
) -> None:
    flags = world.flags(tmp_path / "records")
    assert run(*flags, "--runner=DataflowRunner").told == (
        f"--annotations={world.corpus.jsonl}: Dataflow's workers cannot see a "
        "path of this machine; copy it to a bucket, and give its gs:// URL"
    )


@pytest.mark.parametrize("flag", ["annotations", "images"])
def test_a_wrong_path_is_told(world: World, tmp_path: Path, flag: str) -> None:
    wrong = tmp_path / "nothing"
    told = run(*world.flags(tmp_path / "records", **{flag: wrong})).told
    assert told == f"--{flag}: no such path: {wrong}"
    assert not (tmp_path / "records").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            ["--num_shard=3"],
            "unknown flag --num_shard: see `python -m pipeline.main --help`",
        ),
        (
            ["--overwrite", "false"],
            "not a flag: 'false'; flags are written --name=value",
        ),
        (
            ["--num_shards=many"],
            (
                "flag --num_shards=many: invalid literal for int() with base "
                "10: 'many'"
            ),
        ),
        (
            ["--grid_dtype=int4"],
            "flag --grid_dtype=int4: value should be one of <bfloat16|float16>",
        ),
    ],
)
def test_a_wrong_flag_is_told(
    world: World, tmp_path: Path, given: list[str], told: str
) -> None:
    assert run(*world.flags(tmp_path / "records"), *given).told == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"encoder": "mobilenet"},
            "--encoder=mobilenet: Unknown encoder 'mobilenet'.",
        ),
        (
            {"encoder": "missing.keras"},
            "--encoder=missing.keras: File not found: filepath=missing.keras.",
        ),
        (
            {"test_share": 1.5},
            "`test_share` must lie in [0, 1), got 1.5",
        ),
        (
            {"annotations": "records[1]"},
            "--annotations: no such path: records[1]",
        ),
    ],
)
def test_a_value_that_cannot_be_is_told(
    world: World, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    ended = run(*world.flags(tmp_path / "records", **changes))
    assert ended.told.startswith(told)
    assert not (tmp_path / "records").exists()


@pytest.mark.slow
def test_an_output_is_no_pattern(world: World, tmp_path: Path) -> None:
    neighbour, output = tmp_path / "records1", tmp_path / "records[1]*?"
    for folder in (neighbour, output):
        ended = run(*world.flags(folder))
        assert ended.code == 0, ended.errors
    before = contents(neighbour)
    for flags in ([], ["--overwrite"], ["--mode=verify"], ["--mode=inspect"]):
        ended = run(*world.flags(output), *flags)
        assert ended.code == 0, ended.errors
    assert contents(neighbour) == before


def test_a_missing_flag_is_told() -> None:
    told = run("--annotations=a", "--images=b").told
    assert told == "--output is needed; see --help"
    assert run("--images=b", "--output=c").told == "--annotations is needed"
    assert run("--annotations=a", "--output=c").told == "--images is needed"


def test_an_empty_data_set_is_told(world: World, tmp_path: Path) -> None:
    empty = fixtures.write_jsonl(tmp_path / "empty.jsonl", [])
    ended = run(*world.flags(tmp_path / "records", annotations=empty))
    assert ended.told == "the data set has no images"


def test_an_output_under_a_file_is_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    output = tmp_path / "file" / "records"
    told = run(*world.flags(output)).told
    assert told.startswith(("[Errno 17] File exists", "[Errno 20] Not a dir"))
    assert str(tmp_path / "file") in told


def test_an_output_without_permission_is_told(
    world: World, tmp_path: Path
) -> None:
    output = tmp_path / "records"
    output.mkdir(mode=0o555)
    told = run(*world.flags(output), privileged=False).told
    assert told.startswith(f"[Errno 13] Permission denied: '{output}/")


def test_too_many_rejects_are_told_and_can_be_mended(
    world: World, tmp_path: Path
) -> None:
    output, wrong = tmp_path / "records", tmp_path / "wrong"
    wrong.mkdir()
    told = run(*world.flags(output, images=wrong)).told
    assert told.startswith(
        "--images names the wrong place: 8 of 8 images are not there (first "
        "image-00.jpg: [Errno 2] No such file or directory: "
        f"'{wrong}/image-00.jpg'); see "
    )
    assert told.endswith(
        f"; see {output}/rejects-*.jsonl, and run again with --overwrite when "
        "they are mended"
    )
    rejects = b"".join(contents(output, "rejects-*").values()).splitlines()
    sources = sorted(json.loads(line)["source"] for line in rejects)
    assert sources == sorted(world.corpus.captions)
    mended = run(*world.flags(output))
    assert mended.code == 0, mended.errors
    assert mended.output.splitlines()[0].endswith(" images, 0 rejected")
    assert contents(output, "rejects-*") == {}


@pytest.mark.slow
def test_a_bucket_of_s3_may_hold_it_all(
    world: World,
    finished: tuple[Path, Ended],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"s3://{bucket.NAME}"
    with bucket.serve_s3(monkeypatch) as endpoint:
        for path in (world.corpus.jsonl, world.corpus.images):
            bucket.upload(path, f"{url}/{path.name}")
        flags = world.flags(
            Path("records"),
            annotations=f"{url}/captions.jsonl",
            images=f"{url}/images",
        )
        flags[-1] = f"--output={url}/records"
        flags.append(f"--s3_endpoint_url={endpoint}")
        ended = subprocess.run(
            [sys.executable, "-m", "pipeline.main", *flags],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        for name, data in contents(finished[0], "*.tfrecord").items():
            assert beam_files.read_bytes(f"{url}/records/{name}") == data, name
