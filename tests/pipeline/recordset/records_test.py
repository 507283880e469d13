"""Records: bytes and back, TFRecord framing, and every kind of damage."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import records, tfrecord
from tests.support.drawn_records import SPEC, grid, image


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


def seen_twice() -> records.CaptionedImage:
    other = {"flip": SPEC.to_bytes(-grid()), "top-left": SPEC.to_bytes(grid())}
    return dataclasses.replace(image(), views=other)


def test_views_come_back_in_their_order() -> None:
    back = records.CaptionedImage.from_bytes(seen_twice().to_bytes())
    assert back == seen_twice()
    assert list(back.views) == ["flip", "top-left"]


def test_a_record_without_views_has_no_field_for_them() -> None:
    example = tf.train.Example.FromString(image().to_bytes())
    assert sorted(example.features.feature) == [
        "captions",
        "grid",
        "image_id",
        "source",
        "thumbnail",
    ]


def test_views_are_parsed_where_they_are_asked_for() -> None:
    stored = tf.constant([image().to_bytes(), seen_twice().to_bytes()])
    row = records.fields(stored, "grid", "views")
    expected = [[], list(seen_twice().views.values())]
    assert row["views"].to_list() == expected
    assert row["grid"].numpy().tolist() == [image().grid] * 2
    assert "views" not in records.parse(stored, SPEC)


def test_a_view_without_a_name_is_refused() -> None:
    example = tf.train.Example.FromString(seen_twice().to_bytes())
    del example.features.feature["view_names"].bytes_list.value[0]
    with pytest.raises(tfrecord.CorruptShard, match="not a record of an image"):
        records.CaptionedImage.from_bytes(example.SerializeToString())
