"""Each reader, over drawn inputs good and bad: nothing goes without a word.

What a reader counts as read must be the references that it gives and what it
says that it left out; and what is in the files must be what it counts.
"""

import io
import json
import random
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.job import add_up
from pipeline.job.ledger import Ledger
from pipeline.readers import (
    blank_captions,
    coco,
    flickr,
    image_pattern,
    jsonl,
    karpathy,
    subset,
    table,
    webdataset,
)
from pipeline.readers.annotation_files import InputFile
from tests.support import pipes

# A reader, and what its files hold of each unit.
Drawn = tuple[beam.PTransform, dict[str, int]]
TEXTS = ("a dog", "it runs", "", "  ", "一只狗")


def texts(draw: random.Random) -> list[str]:
    return draw.choices(TEXTS, k=draw.randrange(4))


def draw_jsonl(draw: random.Random, folder: Path) -> Drawn:
    lines, captions = [], 0
    for _ in range(30):
        row = {"image": f"{draw.randrange(12)}.jpg", "captions": texts(draw)}
        if draw.random() < 0.3:
            row["split"] = draw.choice(["train", "test"])
        if draw.random() < 0.2:
            lines.append(draw.choice(["broken", "{}", '{"image": 7}', "[]"]))
        else:
            lines.append(json.dumps(row))
            captions += len(row["captions"])
    path = folder / "captions.jsonl"
    path.write_text("\n".join(lines))
    reader = jsonl.ReadJsonl([InputFile(str(path))])
    return reader, {"lines": 30, "captions": captions}


def draw_pattern(draw: random.Random, folder: Path) -> Drawn:
    reader, held = draw_jsonl(draw, folder)
    for place in ("a", "b"):
        (folder / place).mkdir()
        for number in range(0, 12, draw.randrange(1, 4)):
            (folder / place / f"{number}.jpg").touch()
    return image_pattern.LocateImages(reader, f"{folder}/*/*.jpg"), held


def draw_limit(draw: random.Random, folder: Path) -> Drawn:
    reader, held = draw_jsonl(draw, folder)
    return subset.ReadSome(reader, draw.randrange(1, 14)), held


def draw_flickr(draw: random.Random, folder: Path) -> Drawn:
    lines, captions = [], 0
    for _ in range(30):
        if draw.random() < 0.2:
            lines.append("no token")
        else:
            name = draw.randrange(12)
            lines.append(f"{name}.jpg#0\t{draw.choice(TEXTS)}")
            captions += 1
    path = folder / "tokens.txt"
    path.write_text("\n".join(lines))
    lists = {}
    for split in ("train", "dev"):
        names = draw.sample(range(14), k=6)
        lists[split] = str(folder / split)
        (folder / split).write_text("\n".join(f"{n}.jpg" for n in names))
    reader = flickr.ReadFlickr([InputFile(str(path))], lists)
    return reader, {"lines": 30, "captions": captions}


def draw_table(draw: random.Random, folder: Path) -> Drawn:
    lines, captions = ["image,caption,split,more"], 0
    for _ in range(30):
        if draw.random() < 0.2:
            lines.append(
                draw.choice(["a.jpg,short", ",no image,,", "a,b,../c,"])
            )
        else:
            split = draw.choice(["", "train"])
            name = draw.randrange(12)
            lines.append(f"{name}.jpg,{draw.choice(TEXTS)},{split},x")
            captions += 1
    path = folder / "captions.csv"
    path.write_text("\n".join(lines))
    columns = table.Columns(split="split")
    reader = table.ReadTable([InputFile(str(path))], columns, ",")
    return reader, {"rows": 30, "captions": captions}


def draw_coco(draw: random.Random, folder: Path) -> Drawn:
    images: list[Any] = [
        {"id": draw.randrange(20), "file_name": f"{number}.jpg"}
        for number in range(15)
    ]
    annotations: list[Any] = [
        {"id": n, "image_id": draw.randrange(25), "caption": draw.choice(TEXTS)}
        for n in range(30)
    ]
    images += [{"id": 7}, "no image"]
    annotations += [{"image_id": 3, "caption": None}, 7]
    path = folder / "captions.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    reader = coco.ReadCoco([InputFile(str(path))])
    return reader, {"images": 17, "captions": 32}


def draw_karpathy(draw: random.Random, folder: Path) -> Drawn:
    images: list[Any] = []
    captions = 0
    for number in range(20):
        said = texts(draw)
        captions += len(said)
        images.append(
            {
                "filename": f"{number}.jpg",
                "cocoid": draw.randrange(20),
                "split": draw.choice(["train", "val", "restval"]),
                "sentences": [{"raw": text} for text in said],
            }
        )
    images += [{}, 7, {"filename": "a.jpg", "split": "train"}]
    path = folder / "dataset.json"
    path.write_text(json.dumps({"images": images}))
    reader = karpathy.ReadKarpathy([InputFile(str(path))])
    return reader, {"images": 23, "captions": captions}


def draw_webdataset(draw: random.Random, folder: Path) -> Drawn:
    files, images, captions = [], 20, 0
    for number in range(20):
        kind = draw.choice(["txt", "json", "both", "none", "two"])
        files.append((f"{number}.jpg", b"x"))
        if kind == "two":
            files.append((f"{number}.png", b"x"))
            images += 1
        if kind in ("txt", "both"):
            files.append((f"{number}.txt", b"a dog\n\nit runs\n"))
            captions += 2
        if kind in ("json", "both"):
            said = ["a dog", "another"]
            files.append((f"{number}.json", json.dumps({"x": said}).encode()))
            # Beside a .txt, what it does not hold is left out.
            captions += 1 if kind == "both" else 2
    with tarfile.open(folder / "1.tar", "w") as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    (folder / "2.tar").write_bytes(b"")
    shards = [InputFile(f"{folder}/{number}.tar") for number in (1, 2)]
    reader = webdataset.ReadWebDataset(shards, str(folder), "x")
    return reader, {"images": images, "captions": captions, "shards": 2}


@pytest.mark.parametrize(
    "drawn",
    [
        draw_jsonl,
        draw_pattern,
        draw_limit,
        draw_flickr,
        draw_table,
        draw_coco,
        draw_karpathy,
        draw_webdataset,
    ],
)
def test_every_input_is_accounted_for(
    drawn: Callable[[random.Random, Path], Drawn], tmp_path: Path
) -> None:
    reader, held = drawn(random.Random(0), tmp_path)
    with pipes.runner() as pipeline:
        closed = (
            pipeline
            | "Given" >> blank_captions.LeaveOutBlanks(reader)
            | add_up.Close()
        )
        closed | beam.Map(check, held)


def check(text: str, held: dict[str, int]) -> None:
    ledger = Ledger.load(text)
    assert ledger.read == held
    ledger.check()
    assert ledger.left_out
