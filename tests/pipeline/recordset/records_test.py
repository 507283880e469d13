"""Records: bytes and back, TFRecord framing, and every kind of damage."""

import io
import struct
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import records, tfrecord

SPEC = records.GridSpec(locations=3, depth=4)


def grid(spec: records.GridSpec = SPEC) -> np.ndarray:
    shape = (spec.locations, spec.depth)
    return np.random.default_rng(1).normal(scale=9, size=shape)


def image(spec: records.GridSpec = SPEC) -> records.CaptionedImage:
    return records.CaptionedImage(
        image_id="é-1",
        source="a/é.jpg",
        captions=("a dog", "ein Hündchen", "a dog"),
        grid=spec.to_bytes(grid(spec)),
        thumbnail=b"\xff\xd8\0jpeg",
    )


def walked(data: bytes) -> list[int]:
    return list(tfrecord.walk(io.BytesIO(data), len(data), "x.tfrecord"))


def damage(data: bytes) -> str:
    with pytest.raises(tfrecord.CorruptShard) as caught:
        walked(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "precision"), [("float16", 2**-11), ("bfloat16", 2**-8)]
)
def test_a_record_comes_back(dtype: str, precision: float) -> None:
    spec = records.GridSpec(locations=3, depth=4, dtype=dtype)
    row = records.parse(tf.constant(image(spec).to_bytes()), spec)
    assert row["image_id"].numpy().decode() == "é-1"
    assert row["source"].numpy().decode() == "a/é.jpg"
    captions = [text.decode() for text in row["captions"].numpy()]
    assert captions == ["a dog", "ein Hündchen", "a dog"]
    assert row["thumbnail"].numpy() == b"\xff\xd8\0jpeg"
    assert row["grid"].dtype == tf.as_dtype(dtype)
    stored = row["grid"].numpy().astype(np.float64)
    np.testing.assert_allclose(stored, grid(spec), rtol=precision)


def test_float16_is_rounded_to_nearest_even_like_the_serving_side() -> None:
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16)
    halves = halves.astype(np.float32)
    between = (halves[1:] + halves[:-1]) / 2
    values = np.concatenate([halves, between, -np.nextafter(between, 0)])
    spec = records.GridSpec(1, len(values))
    stored = np.frombuffer(spec.to_bytes(values[None]), np.float16)
    np.testing.assert_array_equal(stored, values.astype(np.float16))


def test_parsing_in_a_graph_has_a_static_grid() -> None:
    data = tf.data.Dataset.from_tensors(image().to_bytes())
    data = data.map(lambda record: records.parse(record, SPEC))
    assert data.element_spec["grid"].shape.as_list() == [3, 4]
    assert data.element_spec["captions"].shape.as_list() == [None]


def test_several_records_are_parsed_at_once() -> None:
    bare = records.CaptionedImage("b", "b.jpg", (), SPEC.to_bytes(grid()))
    both = [image(), bare]
    row = records.parse(tf.constant([each.to_bytes() for each in both]), SPEC)
    assert row["image_id"].numpy().tolist() == ["é-1".encode(), b"b"]
    assert [len(texts) for texts in row["captions"].to_list()] == [3, 0]
    assert row["grid"].shape == (2, 3, 4)
    for each, parsed in zip(both, row["grid"].numpy(), strict=True):
        np.testing.assert_array_equal(
            parsed.astype(np.float32), SPEC.from_bytes(each.grid)
        )


def test_an_image_without_captions_or_thumbnail_comes_back() -> None:
    bare = records.CaptionedImage("a", "a.jpg", (), SPEC.to_bytes(grid()))
    row = records.parse(tf.constant(bare.to_bytes()), SPEC)
    assert row["captions"].shape == (0,)
    assert row["thumbnail"].numpy() == b""


def test_equal_records_give_equal_bytes() -> None:
    assert image().to_bytes() == image().to_bytes()


def test_grids_are_little_endian_rows() -> None:
    spec = records.GridSpec(locations=2, depth=1)
    assert spec.to_bytes(np.array([[1.0], [-2.0]])) == b"\x00\x3c\x00\xc0"
    wide = records.GridSpec(locations=2, depth=1, dtype="bfloat16")
    assert wide.to_bytes(np.array([[1.0], [-2.0]])) == b"\x80\x3f\x00\xc0"


def test_a_storage_type_is_checked_by_name() -> None:
    with pytest.raises(ValueError) as caught:
        records.GridSpec(locations=3, depth=4, dtype="float8")
    assert str(caught.value) == (
        "`dtype` must be one of ['bfloat16', 'float16'], got 'float8'"
    )


def test_a_grid_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError) as caught:
        SPEC.to_bytes(np.zeros((4, 3)))
    assert str(caught.value) == "grid shape (4, 3) is not (3, 4)"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65520.0])
def test_a_grid_that_cannot_be_held_is_refused(value: float) -> None:
    bad = grid()
    bad[1, 2] = value
    with pytest.raises(ValueError) as caught:
        SPEC.to_bytes(bad)
    assert str(caught.value) == "grid has values that float16 cannot hold"


def test_bfloat16_holds_what_overflows_float16() -> None:
    spec = records.GridSpec(locations=3, depth=4, dtype="bfloat16")
    assert len(spec.to_bytes(np.full((3, 4), 1e9))) == 24


def test_framing_is_tensorflows(tmp_path: Path) -> None:
    payloads = [b"", b"x", image().to_bytes(), bytes(range(256)) * 40]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_bytes(b"".join(tfrecord.frame(data) for data in payloads))
    with tf.io.TFRecordWriter(str(theirs)) as writer:
        for data in payloads:
            writer.write(data)
    assert ours.read_bytes() == theirs.read_bytes()
    read = tf.data.TFRecordDataset(str(ours)).as_numpy_iterator()
    assert list(read) == payloads


def test_a_walk_gives_the_place_of_each_record() -> None:
    frames = [
        tfrecord.frame(b"abc"),
        tfrecord.frame(b""),
        tfrecord.frame(b"d" * 9),
    ]
    assert walked(b"".join(frames)) == [0, 19, 35]
    assert walked(b"") == []


def test_a_record_is_read_where_it_begins() -> None:
    file = io.BytesIO(tfrecord.frame(b"one") + tfrecord.frame(b"the other"))
    file.seek(len(tfrecord.frame(b"one")))
    assert tfrecord.read_next(file) == b"the other"
    with pytest.raises(tfrecord.CorruptShard, match="no record begins here"):
        tfrecord.read_next(file)


def test_a_damaged_record_is_not_read() -> None:
    framed = bytearray(tfrecord.frame(b"payload"))
    framed[14] ^= 1
    with pytest.raises(tfrecord.CorruptShard, match="not fit its checksum"):
        tfrecord.read_next(io.BytesIO(framed))


def test_a_walk_finds_a_cut_header() -> None:
    whole = tfrecord.frame(b"abc")
    for length in range(1, 12):
        assert damage(whole + whole[:length]) == (
            "x.tfrecord: cut inside a header at byte 19"
        )


def test_a_walk_finds_a_cut_payload() -> None:
    whole = tfrecord.frame(b"abc")
    for length in range(12, 19):
        assert damage(whole + whole[:length]) == (
            "x.tfrecord: the record at byte 19 is 3 bytes long, but the file "
            f"ends at {19 + length}"
        )


@pytest.mark.parametrize("place", range(12))
def test_a_walk_finds_a_flipped_bit_in_a_header(place: int) -> None:
    data = bytearray(tfrecord.frame(b"abc") * 2)
    data[19 + place] ^= 1
    assert damage(bytes(data)) == "x.tfrecord: damaged header at byte 19"


@pytest.mark.parametrize("length", [2**60, 2**64 - 1])
def test_a_walk_finds_a_crafted_length(length: int) -> None:
    header = struct.pack("<Q", length)
    crc = google_crc32c.value(header)
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    crafted = header + struct.pack("<I", masked) + b"abc"
    assert damage(crafted + b"\0" * 4) == (
        f"x.tfrecord: the record at byte 0 is {length} bytes long, but the "
        "file ends at 19"
    )


def test_a_record_comes_back_outside_the_graph() -> None:
    assert records.CaptionedImage.from_bytes(image().to_bytes()) == image()
    restored = SPEC.from_bytes(image().grid)
    np.testing.assert_array_equal(restored, grid().astype(np.float16))
    assert restored.dtype == np.float32


@pytest.mark.parametrize("data", [b"", b"\xff\xff", image().to_bytes()[:-9]])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(tfrecord.CorruptShard) as caught:
        records.CaptionedImage.from_bytes(data)
    assert str(caught.value).startswith("not a record of an image: ")


def test_a_grid_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError) as caught:
        SPEC.from_bytes(b"123")
    assert str(caught.value) == (
        "a grid of 3 bytes, 24 are needed for 3 x 4 of float16"
    )


def test_reading_goes_on_behind_a_flipped_bit() -> None:
    data = bytearray(b"".join(map(tfrecord.frame, (b"abc", b"", b"d" * 9))))
    data[13] ^= 1
    read = tfrecord.read(io.BytesIO(data).read, len(data), "x.tfrecord")
    assert list(read) == [(0, None), (19, b""), (35, b"d" * 9)]
    cut = tfrecord.read(io.BytesIO(data).read, 40, "x.tfrecord")
    with pytest.raises(tfrecord.CorruptShard, match="the file ends at 40"):
        list(cut)
