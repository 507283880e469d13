"""Framing equals TensorFlow's; reading finds every damage."""

import io
import struct
from pathlib import Path

import google_crc32c
import pytest
import tensorflow as tf

from pipeline.recordset import tfrecord
from tests.support.drawn_records import image


def walked(data: bytes) -> list[int]:
    return list(tfrecord.walk(io.BytesIO(data), len(data), "x.tfrecord"))


def damage(data: bytes) -> str:
    with pytest.raises(tfrecord.CorruptShard) as caught:
        walked(data)
    return str(caught.value)


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


def test_reading_goes_on_behind_a_flipped_bit() -> None:
    data = bytearray(b"".join(map(tfrecord.frame, (b"abc", b"", b"d" * 9))))
    data[13] ^= 1
    read = tfrecord.read(io.BytesIO(data).read, len(data), "x.tfrecord")
    assert list(read) == [(0, None), (19, b""), (35, b"d" * 9)]
    cut = tfrecord.read(io.BytesIO(data).read, 40, "x.tfrecord")
    with pytest.raises(tfrecord.CorruptShard, match="the file ends at 40"):
        list(cut)
