"""Readers over damaged files: the job goes on, or names what is damaged.

`make fuzz` looks for ten minutes in each format.
"""

import csv
import io
import json
import os
import re
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import apache_beam as beam
import hypothesis
import pytest
from hypothesis import strategies

from pipeline.job import add_up, beam_runner
from pipeline.job import ledger as ledger_lib
from pipeline.readers import blank_captions, formats, own_splits, table, tfds
from pipeline.readers.annotation_files import InputFile
from pipeline.recordset import tfrecord
from tests.support import pipes
from tests.support.tfds_records import example

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
NAMES = [f"photos/{number} é.jpg" for number in range(5)]
SPLITS = ["train", "train", "train", "val", "test"]
CAPTIONS = ["a dog runs", "une « fête », là", "一只狗", " twice ", "twice"]

# What stands in files that programs and people wrote in other ways.
PIECES = [
    *(b"", b" ", b"\n", b"\r\n", b"\r", b"\t", b"\0", b"\x1b[2J", b"\x85"),
    *(b'"', b'""', b"'", b"\\", b",", b";", b"|", b"#", b":", b"/", b"../"),
    *(b"{", b"}", b"[", b"]", b"{}", b"[]", b"[" * 3000, b'{"a":' * 3000),
    *(b"null", b"true", b"NaN", b"-Infinity", b"-0.0", b"1e999", b"7.5"),
    *(b"9" * 5000, b"18446744073709551616", b'""', b'"\\ud800"', b'"\\u0000"'),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xe9", b"\xed\xa0\x80"),
    *(b"\xe2\x80\xa8", b"\xe2\x80\x8f", b"\xcc\x81" * 99, b"a" * 200_000),
    *(b'["a", "b"]', b"image", b"images", b"id", b"split", b"train", b"dev"),
    *(b"http://a/b.jpg", b"s3://a/b.jpg", b"file:///a", b"gs://", b"*", b"?"),
]
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-\w.]+|[^-\w.]')
# A token, or so many bytes from a place on, and what they become.
EDITS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from([0, 0, 1, 2, 20, 400]),
        strategies.floats(0, 1, exclude_max=True),
        strategies.sampled_from(PIECES) | strategies.binary(max_size=6),
    ),
    max_size=4,
)
Edits = Sequence[tuple[int, float, bytes]]
# An edit of each file, and of what stands in its parts.
Edit = Callable[[bytes], bytes]


def edited(data: bytes, edits: Edits) -> bytes:
    for length, place, piece in edits:
        if length:
            begin = int(place * (len(data) + 1))
            data = data[:begin] + piece + data[begin + length :]
        elif tokens := list(TOKEN.finditer(data)):
            token = tokens[int(place * len(tokens))]
            data = data[: token.start()] + piece + data[token.end() :]
    return data


def open_files(
    dataset: str, *paths: Path, columns: table.Columns | None = None
) -> beam.PTransform:
    annotations = [str(path) for path in paths]
    images = "" if dataset == "webdataset" else str(paths[0].parent)
    columns = columns or table.Columns()
    return formats.open_source(dataset, annotations, images, columns).reader


def jsonl(folder: Path, edit: Edit) -> beam.PTransform:
    rows = [
        {"image": name, "captions": CAPTIONS, "split": split, "id": number}
        for number, (name, split) in enumerate(zip(NAMES, SPLITS, strict=True))
    ]
    path = folder / "captions.jsonl"
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_bytes(edit(text.encode()))
    return open_files("jsonl", path)


def coco(folder: Path, edit: Edit) -> beam.PTransform:
    paths = []
    for part, split in enumerate(("train", "val")):
        names = NAMES[part * 3 : part * 3 + 3]
        document = {
            "info": {"year": 2014},
            "images": [{"id": n, "file_name": v} for n, v in enumerate(names)],
            "annotations": [
                {"id": 10 * n + m, "image_id": n, "caption": text}
                for n, _ in enumerate(names)
                for m, text in enumerate(CAPTIONS)
            ],
        }
        paths.append(folder / f"captions_{split}2014.json")
        paths[-1].write_bytes(json.dumps(document).encode())
    paths[0].write_bytes(edit(paths[0].read_bytes()))
    return open_files("coco", *paths)


def karpathy(folder: Path, edit: Edit) -> beam.PTransform:
    images = [
        {
            "filename": name,
            "filepath": "val2014",
            "cocoid": number,
            "split": split,
            "sentences": [{"raw": text, "tokens": []} for text in CAPTIONS],
        }
        for number, (name, split) in enumerate(zip(NAMES, SPLITS, strict=True))
    ]
    path = folder / "dataset.json"
    path.write_bytes(edit(json.dumps({"images": images}).encode()))
    return open_files("karpathy", path)


def csv_table(folder: Path, edit: Edit) -> beam.PTransform:
    return written_table(folder, edit, "csv", ",")


def tsv_table(folder: Path, edit: Edit) -> beam.PTransform:
    return written_table(folder, edit, "tsv", "\t")


def written_table(
    folder: Path, edit: Edit, dataset: str, delimiter: str
) -> beam.PTransform:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["image", "caption", "split"])
    for name, split in zip(NAMES, SPLITS, strict=True):
        writer.writerows([name, caption, split] for caption in CAPTIONS)
    path = folder / f"captions.{dataset}"
    path.write_bytes(edit(text.getvalue().encode()))
    columns = table.Columns("image", "caption", "split")
    return open_files(dataset, path, columns=columns)


def flickr8k(folder: Path, edit: Edit) -> beam.PTransform:
    path = folder / "Flickr8k.token.txt"
    lines = [
        f"{name}#{number}\t{text}"
        for name in NAMES
        for number, text in enumerate(CAPTIONS)
    ]
    path.write_bytes(edit("\n".join(lines).encode()))
    for split, names in (
        ("train", NAMES[:3]),
        ("dev", NAMES[3:4]),
        ("test", NAMES[4:]),
    ):
        listed = folder / f"Flickr_8k.{split}Images.txt"
        data = "\n".join(names).encode()
        listed.write_bytes(edit(data) if split == "train" else data)
    return open_files("flickr8k", path)


def flickr30k(folder: Path, edit: Edit) -> beam.PTransform:
    path = folder / "results.csv"
    lines = ["image_name| comment_number| comment"] + [
        f"{name}| {number}| {text}"
        for name in NAMES
        for number, text in enumerate(CAPTIONS)
    ]
    path.write_bytes(edit("\n".join(lines).encode()))
    return open_files("flickr30k", path)


def webdataset_parts(folder: Path, edit: Edit) -> beam.PTransform:
    """Edits names and texts of samples, in a sound archive."""
    texts = "\n".join(CAPTIONS).encode()
    document = json.dumps({"caption": CAPTIONS}).encode()
    members = [
        *(("0.jpg", b"x"), ("0.txt", texts), ("1.png", b"x")),
        *(("1.json", document), ("2.jpg", b"x"), ("2.txt", edit(texts))),
        *(("3.jpg", b"x"), ("3.json", edit(document)), ("4.txt", texts)),
    ]
    names = edit("\n".join(name for name, _ in members).encode()).split(b"\n")
    with tarfile.open(folder / "train.tar", "w") as tar:
        for name, (_, data) in zip(names, members, strict=False):
            member = tarfile.TarInfo(os.fsdecode(name))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return open_files("webdataset", folder / "train.tar")


def webdataset_shards(folder: Path, edit: Edit) -> beam.PTransform:
    """Edits one of two archives."""
    webdataset_parts(folder, bytes)
    data = (folder / "train.tar").read_bytes()
    (folder / "train-1.tar").write_bytes(edit(data))
    paths = (folder / "train.tar", folder / "train-1.tar")
    return open_files("webdataset", *paths)


def tfds_records(folder: Path, edit: Edit) -> beam.PTransform:
    """Edits records behind sound checksums."""
    return read_tfds(folder, edit, bytes)


def tfds_shards(folder: Path, edit: Edit) -> beam.PTransform:
    """Edits one of two files."""
    return read_tfds(folder, bytes, edit)


def read_tfds(
    folder: Path, edit_record: Edit, edit_file: Edit
) -> beam.PTransform:
    record = example(
        captions__text=[text.encode() for text in CAPTIONS], image=[b"photo"]
    )
    sound = tfrecord.frame(record) * 3
    files = []
    for name, data in (
        ("a-train.tfrecord-00000-of-00002", sound),
        ("a-train.tfrecord-00001-of-00002", edit_file(sound)),
    ):
        path = folder / name
        path.write_bytes(data + tfrecord.frame(edit_record(record)))
        files.append(InputFile(str(path), "train"))
    columns = table.Columns("image", "captions/text")
    tfds.check(files[::-1], columns)
    reader = tfds.ReadTfds(files, str(folder), columns)
    return own_splits.SettleSplits(reader)


# What is said of a data set that is sound in each of its parts.
OF_THE_WHOLE = re.compile(
    r"nothing is in the split train \(.+|no split is known of .+|"
    r"the split lists name no image of the captions, .+|"
    r"the data set has more than 50 splits, .+|the data set has no images"
)


def look(
    open_reader: Callable[[Path, Edit], beam.PTransform],
    folder: Path,
    edits: Edits,
) -> None:
    """Reads a set with edits; an error must say where."""
    try:
        reader = open_reader(folder, lambda data: edited(data, edits))
        with pipes.runner() as pipeline:
            closed = (
                pipeline
                | "Given" >> blank_captions.LeaveOutBlanks(reader)
                | add_up.Close()
            )
            closed | beam.Map(check)
    except Exception as error:
        told = beam_runner.cause(error)
        names = [path.name for path in folder.iterdir()]
        if not OF_THE_WHOLE.fullmatch(told) and not any(
            name in told for name in names
        ):
            raise


def check(text: str) -> None:
    ledger = ledger_lib.Ledger.load(text)
    ledger.check()
    for line in ledger.lines("rejects.jsonl"):
        assert line.isprintable(), line


@pytest.mark.slow
@pytest.mark.parametrize(
    "open_reader",
    [
        jsonl,
        coco,
        karpathy,
        csv_table,
        tsv_table,
        flickr8k,
        flickr30k,
        webdataset_parts,
        webdataset_shards,
        tfds_records,
        tfds_shards,
    ],
)
def test_damage_is_left_out_or_named(
    open_reader: Callable[[Path, Edit], beam.PTransform],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    @hypothesis.settings(
        deadline=None,
        max_examples=25 if SECONDS else 6,
        derandomize=not SECONDS,
        database=None,
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(edits=EDITS)
    def look_once(edits: Edits) -> None:
        look(open_reader, tmp_path_factory.mktemp("set"), edits)

    end = time.monotonic() + SECONDS
    look_once()
    while time.monotonic() < end:
        look_once()
