"""A copy of a record set has all images but some, and the same words."""

from pathlib import Path

import pytest

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records, subset, tfrecord
from tests.support import fixtures


def stored(path: Path) -> dict[str, list[records.CaptionedImage]]:
    """Split -> its images, of a record set that opens."""
    found = record_set_lib.open_record_set(str(path))
    images: dict[str, list[records.CaptionedImage]] = {}
    for shard in found.manifest.shards:
        with open(path / shard.file, "rb") as file:
            for _, data in tfrecord.read(file.read, shard.bytes, shard.file):
                assert data is not None
                image = records.CaptionedImage.from_bytes(data)
                images.setdefault(shard.split, []).append(image)
    return images


def test_a_copy_lacks_the_images_that_are_left_out(tmp_path: Path) -> None:
    whole = fixtures.write_uneven_record_set(tmp_path / "whole")
    gone = {"train-1", "train-12", "validation-0", "no such image"}
    subset.write(whole, str(tmp_path / "part"), gone)
    part = record_set_lib.open_record_set(str(tmp_path / "part"))
    assert part.num_images("train") == 11
    assert part.num_images("validation") == 4
    assert part.manifest.rejected == {"dropped-pair": 3}
    assert part.manifest.digest != whole.manifest.digest
    assert part.vocabulary.digest == whole.vocabulary.digest
    kept, every = (stored(tmp_path / name) for name in ("part", "whole"))
    for split, images in every.items():
        left = [image for image in images if image.image_id not in gone]
        assert kept[split] == left
    subset.write(part, str(tmp_path / "less"), {"train-2"})
    less = record_set_lib.open_record_set(str(tmp_path / "less"))
    assert less.manifest.rejected == {"dropped-pair": 4}


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    whole = fixtures.write_uneven_record_set(tmp_path / "whole")
    path = tmp_path / "whole" / "train-00000-of-00004.tfrecord"
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        tfrecord.CorruptShard,
        match=r"train-00000-of-00004.tfrecord: the record at byte 0 does not "
        "fit its checksum",
    ):
        subset.write(whole, str(tmp_path / "part"), ())
