"""Every damage of one shard is found, record by record."""

import dataclasses
import hashlib
import io
import tracemalloc

import numpy as np
import pytest

from pipeline.modes import verify_shard
from pipeline.recordset import records, splits, tfrecord
from pipeline.recordset.manifest import Shard

GRID = records.GridSpec(locations=2, depth=3)
RULE = splits.SplitRule(holdout_share=0.5)
NAME = "train-00000-of-00001.tfrecord"


def image(image_id: str = "a") -> records.CaptionedImage:
    grid = GRID.to_bytes(np.ones((2, 3)))
    return records.CaptionedImage(image_id, "a.jpg", ("a dog",), grid)


def examined(
    *images: records.CaptionedImage,
    owners: dict[str, str] | None = None,
    expected: verify_shard.Expected | None = None,
    data: bytes | None = None,
    **row: object,
) -> list[str]:
    """Damages of a shard; `row` changes what the manifest says."""
    whole = b"".join(tfrecord.frame(image.to_bytes()) for image in images)
    said = {
        "file": NAME,
        "split": "train",
        "records": len(images),
        "captions": sum(len(image.captions) for image in images),
        "bytes": len(whole),
        "sha256": hashlib.sha256(whole).hexdigest(),
    }
    shard = Shard(**(said | row))  # type: ignore[arg-type]
    held = expected or verify_shard.Expected({}, GRID)
    data = whole if data is None else data
    one = verify_shard.Examination(
        shard, held, {} if owners is None else owners
    )
    return one.damages(io.BytesIO(data), len(data))


def test_a_sound_shard() -> None:
    owners: dict[str, str] = {}
    assert examined(image("a"), image("b"), owners=owners) == []
    assert owners == {"a": NAME, "b": NAME}


def test_counts_are_those_of_the_row() -> None:
    assert examined(image(), records=2, captions=7) == [
        f"{NAME}: 1 records with 1 captions, the manifest says 2 with 7"
    ]


def test_other_bytes_that_are_whole_are_told_by_their_digest() -> None:
    other = dataclasses.replace(image(), captions=("a cat",))
    data = tfrecord.frame(other.to_bytes())
    (line,) = examined(image(), data=data)
    assert line.startswith(f"{NAME}: its sha256 is ")
    assert ", the manifest says " in line


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"captions": ()}, "lacks a caption"),
        ({"captions": ("a", " ")}, "lacks a caption"),
        (
            {"grid": b"12"},
            "has a grid of 2 bytes, 12 are needed for 2 x 3 of float16",
        ),
        ({"grid": b"\0\x7c" * 6}, "has a grid that is not finite"),
        ({"thumbnail": b"GIF89a"}, "has a thumbnail that is no JPEG"),
    ],
)
def test_a_record_is_what_it_should_be(
    change: dict[str, object], line: str
) -> None:
    damaged = dataclasses.replace(image(), **change)  # type: ignore[arg-type]
    assert examined(damaged) == [f"{NAME}: the record at byte 0 {line}: a"]


def test_bytes_that_are_no_record_lose_no_other() -> None:
    data = tfrecord.frame(b"\xff\xff") + tfrecord.frame(image().to_bytes())
    (line,) = examined(image(), image("b"), data=data, bytes=len(data))
    assert line.startswith(
        f"{NAME}: the record at byte 0 is not a record of an image: "
    )


def test_an_image_has_one_place() -> None:
    test = "test-00000-of-00001.tfrecord"
    assert examined(image("a"), owners={"a": test}) == [
        f"{NAME}: the record at byte 0 is in {test} too: a"
    ]


def test_an_image_lies_where_its_id_puts_it() -> None:
    number = splits.shard_of("a", 2)
    name = f"train-0000{1 - number}-of-00002.tfrecord"
    assert examined(image("a"), file=name) == [
        f"{name}: the record at byte 0 belongs to shard {number}: a"
    ]


def test_the_rule_keeps_some_images_out_of_train() -> None:
    held = verify_shard.Expected({}, GRID, RULE)
    places = {name: splits.unit_hash(RULE.salt, name) for name in "abcdefghij"}
    low = min(places, key=lambda name: places[name])
    high = max(places, key=lambda name: places[name])
    assert (places[low] < 0.1, places[high] > 0.5) == (True, True)
    assert examined(image(high), expected=held) == []
    assert examined(image(low), expected=held) == [
        f"{NAME}: the record at byte 0 cannot have fallen in train: {low}"
    ]


@pytest.mark.parametrize(
    ("file", "split", "told"),
    [
        ("../a.tfrecord", "train", "'../a' is no shard's name"),
        (NAME, "test", f"{NAME!r} is no shard of 'test'"),
        (NAME.removesuffix(".tfrecord"), "train", " is no shard of 'train'"),
    ],
)
def test_a_row_names_a_shard_of_its_split(
    file: str, split: str, told: str
) -> None:
    with pytest.raises(ValueError) as caught:
        examined(image(), file=file, split=split)
    assert str(caught.value).endswith(told)


def test_a_shard_is_never_held_in_memory() -> None:
    wide = records.GridSpec(locations=500, depth=500)
    grid = wide.to_bytes(np.ones((500, 500)))
    images = [
        dataclasses.replace(image(str(number)), grid=grid)
        for number in range(40)
    ]
    data = b"".join(tfrecord.frame(each.to_bytes()) for each in images)
    expected = verify_shard.Expected({}, wide)
    row = Shard(
        NAME, "train", 40, 40, len(data), hashlib.sha256(data).hexdigest()
    )
    file = io.BytesIO(data)
    tracemalloc.start()
    examined = verify_shard.Examination(row, expected, {})
    assert examined.damages(file, len(data)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(data) / 5


def test_a_damaged_view_is_found() -> None:
    sound = image().grid
    seen = dataclasses.replace(
        image(), views={"flip": sound, "top-left": b"\0\x7c" * 6}
    )
    (line,) = examined(seen)
    assert line.endswith(" has a grid that is not finite: a")
    cut = dataclasses.replace(image(), views={"flip": sound[1:]})
    (line,) = examined(cut)
    assert line.endswith(
        " has a grid of 11 bytes, 12 are needed for 2 x 3 of float16: a"
    )
