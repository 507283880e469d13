"""Karpathy's splits: COCO's and Flickr's forms, damage, other files."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.readers import karpathy
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference
from tests.support import pipes


def sentence(text: str) -> dict[str, Any]:
    return {"tokens": text.split(), "raw": text, "imgid": 0, "sentid": 770337}


# As dataset_coco.json and dataset_flickr8k.json have them.
COCO = {
    "filepath": "val2014",
    "sentids": [770337],
    "filename": "COCO_val2014_000000391895.jpg",
    "imgid": 0,
    "split": "test",
    "sentences": [sentence("A man.")],
    "cocoid": 391895,
}
FLICKR = {
    "sentids": [0],
    "imgid": 0,
    "sentences": [sentence("A black dog is running .")],
    "split": "train",
    "filename": "2513260012_03d33305cf.jpg",
}


def write(path: Path, images: list[Any], dataset: str = "coco") -> InputFile:
    path.write_text(json.dumps({"images": images, "dataset": dataset}))
    return InputFile(str(path))


def test_an_image_of_coco() -> None:
    row = COCO | {"sentences": [sentence("b "), sentence("a")]}
    assert karpathy.parse(row) == Reference(
        "391895",
        "val2014/COCO_val2014_000000391895.jpg",
        ("b", "a"),
        "test",
    )


def test_null_is_no_id() -> None:
    nameless = karpathy.parse(COCO | {"cocoid": None})
    assert nameless.image_id == "COCO_val2014_000000391895.jpg"
    # As pandas writes numbers of a column with gaps.
    assert karpathy.parse(COCO | {"cocoid": 391895.0}) == karpathy.parse(COCO)


def test_an_image_of_flickr() -> None:
    assert karpathy.parse(FLICKR) == Reference(
        "2513260012_03d33305cf.jpg",
        "2513260012_03d33305cf.jpg",
        ("A black dog is running .",),
        "train",
    )


def test_a_file_is_read_with_its_rejects(tmp_path: Path) -> None:
    images = [
        COCO,
        COCO | {"sentences": [sentence("A man."), sentence("One.")]},
        COCO | {"cocoid": 7, "filename": "a.jpg"},
        COCO | {"cocoid": 7, "filename": "b.jpg"},
        COCO | {"cocoid": 8, "sentences": [sentence(" ")]},
        COCO | {"split": "../a"},
        COCO | {"sentences": [{"raw": 7}]},
        {"filename": "a.jpg"},
        7,
    ]
    with pipes.runner() as pipeline:
        good, rejects = pipeline | karpathy.ReadKarpathy(
            [write(tmp_path / "dataset_coco.json", images)]
        )
        whole = karpathy.parse(images[1])
        both = [
            dataclasses.replace(
                whole, captions=("A man.",), image_id=name, source=name
            )
            for name in ("val2014/a.jpg", "val2014/b.jpg")
        ]
        blank = karpathy.parse(images[4])
        pipes.check(good, [whole, *both, blank])
        pipes.check(
            pipes.reasons(rejects),
            [
                ("391895", "repeated-entry"),
                ("391895", "repeated-caption"),
                *((str(row)[:120], "malformed-image") for row in images[5:]),
            ],
            "rejects",
        )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            {"images": [{"id": 1, "file_name": "a.jpg"}]},
            "is a COCO captions file: use --dataset=coco",
        ),
        (
            {"rows": []},
            (
                "is no Karpathy split file: it needs a list 'images' with "
                "'filename', 'split' and 'sentences'"
            ),
        ),
    ],
)
def test_another_file_is_told(tmp_path: Path, document: Any, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DataSetError) as caught:
        karpathy.check(InputFile(str(path)))
    assert str(caught.value) == f"{path} {told}"
    karpathy.check(write(tmp_path / "b.json", [FLICKR], "flickr8k"))


def test_a_split_that_is_named_beats_those_inside(tmp_path: Path) -> None:
    file = write(tmp_path / "val.json", [COCO])
    named = dataclasses.replace(file, split="train", hint="validation")
    with pipes.runner() as pipeline:
        good, _ = pipeline | karpathy.ReadKarpathy([named])
        expected = dataclasses.replace(karpathy.parse(COCO), split="train")
        pipes.check(good, [expected])
