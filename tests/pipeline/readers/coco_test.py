"""COCO: images and annotations are joined; damage and other files are named."""

import json
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.readers import coco, split_names
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from tests.support import pipes

# As captions_val2017.json has them.
IMAGE = {
    "license": 4,
    "file_name": "000000397133.jpg",
    "coco_url": "http://images.cocodataset.org/val2017/000000397133.jpg",
    "height": 427,
    "width": 640,
    "date_captured": "2013-11-14 17:02:52",
    "flickr_url": "http://farm7.staticflickr.com/6116/6255196340_da26cf2c9e_z.jpg",
    "id": 397133,
}
ANNOTATION: dict[str, Any] = {
    "image_id": 397133,
    "id": 370509,
    "caption": "A man cooks. ",
}


def write(path: Path, images: list[Any], annotations: list[Any]) -> InputFile:
    document = {
        "info": {"description": "COCO 2017 Dataset", "year": 2017},
        "licenses": [{"id": 4, "name": "Attribution License"}],
        "images": images,
        "annotations": annotations,
    }
    path.write_text(json.dumps(document))
    return InputFile(str(path))


def test_files_are_joined_and_name_their_splits(tmp_path: Path) -> None:
    files = [
        write(
            tmp_path / "captions_val2017.json",
            [IMAGE],
            [
                ANNOTATION | {"id": 9, "caption": "last"},
                ANNOTATION | {"id": 2, "caption": "first\n"},
                ANNOTATION | {"id": 3, "caption": " "},
            ],
        ),
        write(
            tmp_path / "captions_train2017.json",
            [IMAGE | {"id": 9, "file_name": "000000000009.jpg"}],
            [{"image_id": 9, "id": 1, "caption": "caf\u00e9"}],
        ),
    ]
    named = split_names.name_by_files(files)
    with pipes.runner() as pipeline:
        good, rejects = pipeline | coco.ReadCoco(named)
        pipes.check(
            good,
            [
                Reference(
                    "397133",
                    "000000397133.jpg",
                    ("first", "", "last"),
                    "validation",
                ),
                Reference("9", "000000000009.jpg", ("caf\u00e9",), "train"),
            ],
        )
        pipes.check(rejects, [], "rejects")


def test_what_does_not_join_is_told(tmp_path: Path) -> None:
    other = IMAGE | {"id": 5, "file_name": "5.jpg"}
    file = write(
        tmp_path / "captions.json",
        [
            IMAGE,
            IMAGE | {"id": 3, "file_name": "3.jpg"},
            other,
            other | {"file_name": "five.jpg"},
            {"id": 6},
            "no image",
        ],
        [
            ANNOTATION,
            ANNOTATION | {"image_id": 8, "caption": "lost"},
            ANNOTATION | {"image_id": 3, "caption": "  "},
            ANNOTATION | {"image_id": 5},
            {"image_id": 1, "caption": 7},
        ],
    )
    with pipes.runner() as pipeline:
        good, rejects = pipeline | coco.ReadCoco([file])
        pipes.check(
            good,
            [
                Reference("397133", "000000397133.jpg", ("A man cooks.",)),
                Reference("3", "3.jpg", ("",)),
            ],
        )
        images = "needs 'id' and 'file_name'"
        pipes.check(
            rejects,
            [
                Reject("8", "", "annotation-without-image", "lost"),
                *(
                    Reject(
                        "5",
                        name,
                        "duplicate-id",
                        "one of 2 images of this id in captions.json",
                    )
                    for name in ("5.jpg", "five.jpg")
                ),
                Reject("{'id': 6}", "", "malformed-image", images),
                Reject("no image", "", "malformed-image", images),
                Reject(
                    "{'image_id': 1, 'caption': 7}",
                    "",
                    "malformed-annotation",
                    "needs 'image_id', 'caption'",
                ),
            ],
            "rejects",
        )


def test_ids_may_begin_anew_in_each_file(tmp_path: Path) -> None:
    files = [
        write(
            tmp_path / f"{split}.json",
            [{"id": at, "file_name": f"{split}-{at}.jpg"} for at in (1, 2, 3)],
            [
                {"id": at, "image_id": at, "caption": f"{split} {at}"}
                for at in (1, 2, 3)
            ],
        )
        for split in ("train", "val")
    ]
    extra = write(
        tmp_path / "test.json",
        [{"id": 7, "file_name": "test-7.jpg"}],
        [{"id": 1, "image_id": 7, "caption": "test 7"}],
    )
    named = split_names.name_by_files([*files, extra])
    with pipes.runner() as pipeline:
        good, rejects = pipeline | coco.ReadCoco(named)
        expected = [Reference("7", "test-7.jpg", ("test 7",), "test")]
        for split, name in (("train", "train"), ("val", "validation")):
            expected += [
                Reference(
                    f"{split}-{at}.jpg",
                    f"{split}-{at}.jpg",
                    (f"{split} {at}",),
                    name,
                )
                for at in (1, 2, 3)
            ]
        pipes.check(good, expected)
        pipes.check(rejects, [], "rejects")


def test_equal_entries_of_two_files_are_one_image(tmp_path: Path) -> None:
    files = [
        write(tmp_path / name, [IMAGE, IMAGE], [ANNOTATION, *more])
        for name, more in (
            ("val.json", []),
            ("minival.json", [ANNOTATION | {"caption": "Two cook."}]),
        )
    ]
    named = split_names.name_by_files(files)
    with pipes.runner() as pipeline:
        good, rejects = pipeline | coco.ReadCoco(named)
        captions = ("A man cooks.", "Two cook.")
        expected = Reference(
            "397133", "000000397133.jpg", captions, "validation"
        )
        pipes.check(good, [expected])
        # In both files twice, and once more in the other file; so is a caption.
        again = ["repeated-entry"] * 3 + ["repeated-caption"]
        said = [("397133", reason) for reason in again]
        pipes.check(pipes.reasons(rejects), said, "rejects")


@pytest.mark.parametrize("value", [None, True, "", [], 1.5])
def test_what_is_no_id_is_told(tmp_path: Path, value: Any) -> None:
    file = write(
        tmp_path / "a.json",
        [IMAGE, IMAGE | {"id": value}],
        [ANNOTATION, ANNOTATION | {"image_id": value}],
    )
    with pipes.runner() as pipeline:
        good, rejects = pipeline | coco.ReadCoco([file])
        names = good | beam.Map(lambda part: part.image_id)
        pipes.check(names, ["397133"])
        reasons = pipes.only_rejects(rejects) | beam.Map(lambda row: row.reason)
        told = ["malformed-annotation", "malformed-image"]
        pipes.check(reasons, told, "rejects")


def test_numbers_of_pandas_are_ids(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.json",
        [IMAGE],
        [ANNOTATION | {"image_id": float(ANNOTATION["image_id"])}],
    )
    with pipes.runner() as pipeline:
        good, _ = pipeline | coco.ReadCoco([file])
        pipes.check(
            good, [Reference("397133", "000000397133.jpg", ("A man cooks.",))]
        )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            {"images": [{"sentences": [], "filename": "a.jpg"}]},
            "is a Karpathy split file: use --dataset=karpathy",
        ),
        (
            {"images": [IMAGE], "annotations": [{"image_id": 1, "bbox": []}]},
            (
                "holds no captions: it needs a list 'annotations' with "
                "'image_id' and 'caption', as captions_train2017.json has"
            ),
        ),
        (
            [IMAGE],
            (
                "is no COCO file: it needs a list 'images' with 'id' and "
                "'file_name'"
            ),
        ),
    ],
)
def test_another_file_is_told(tmp_path: Path, document: Any, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    with pytest.raises(DataSetError) as caught:
        coco.check(InputFile(str(path)))
    assert str(caught.value) == f"{path} {told}"
    coco.check(write(tmp_path / "b.json", [IMAGE], [ANNOTATION]))
