"""Grids of their images pass, and others are found."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib
from pipeline.images import thumbnail
from tests.support import fixtures
from trainer.data import split_images
from trainer.diagnosis import stored_grids


def stored(
    folder,
    encoder: encoder_lib.Encoder,
    images: int = 4,
    order: slice = slice(None),
) -> split_images.ImageBatch:
    """Pictures, each a thumbnail and the grid of its channels in an order."""
    corpus = fixtures.draw_corpus(folder)
    files = [corpus.images / name for name in sorted(corpus.captions)][:images]
    pixels = [encoder.decode(file.read_bytes()) for file in files]
    fitted = np.stack([encoder.fit(each) for each in pixels])
    return split_images.ImageBatch(
        image_ids=[file.name for file in files],
        captions=[["a"]] * len(files),
        thumbnails=[thumbnail.thumbnail(each) for each in pixels],
        grid=tf.cast(encoder.encode(fitted[..., order], images), tf.float16),
    )


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> encoder_lib.Encoder:
    folder = tmp_path_factory.mktemp("encoder")
    return encoder_lib.load_encoder(
        str(fixtures.save_encoder(folder / "own.keras"))
    )


def test_grids_near_those_of_their_thumbnails_pass(tmp_path, encoder):
    found = stored_grids.compare(stored(tmp_path, encoder), encoder)
    assert found and list(stored_grids.faults(found)) == []


def test_an_encoder_that_prepares_images_otherwise_is_found(tmp_path, encoder):
    found = stored_grids.compare(
        stored(tmp_path, encoder), encoder, "image_size 224 -> 192"
    )
    (fault,) = stored_grids.faults(found)
    assert fault.text.endswith("for the record set: image_size 224 -> 192")


def test_grids_of_other_images_are_found(tmp_path, encoder):
    batch = stored(tmp_path, encoder)
    mixed = dataclasses.replace(batch, grid=tf.roll(batch.grid, 1, axis=0))
    (fault,) = stored_grids.faults(stored_grids.compare(mixed, encoder))
    assert fault.name == "grids"
    assert fault.text.startswith(f"of {len(batch.image_ids)} images, ")
    assert "nearer to most other images' thumbnails" in fault.text
    assert "of the grids and images are joined wrongly" in fault.text


def test_grids_of_a_few_other_images_are_found(tmp_path, encoder):
    batch = stored(tmp_path, encoder, images=8)
    grid = batch.grid.numpy()
    grid[[0, 5]] = grid[[5, 0]]
    mixed = dataclasses.replace(batch, grid=tf.constant(grid))
    (fault,) = stored_grids.faults(stored_grids.compare(mixed, encoder))
    assert fault.name == "grids"
    assert "(at most 10%)" in fault.text


def test_grids_of_images_in_bgr_order_are_found(tmp_path, encoder):
    batch = stored(tmp_path, encoder, order=slice(None, None, -1))
    (fault,) = stored_grids.faults(stored_grids.compare(batch, encoder))
    assert "with red and blue exchanged" in fault.text


def test_the_encoder_that_made_the_grids_is_loaded_by_its_name(
    record_set, tmp_path, caplog
) -> None:
    path = str(fixtures.save_encoder(tmp_path / "own.keras"))
    made = dataclasses.replace(
        record_set.manifest,
        encoder=encoder_lib.load_encoder(path).fingerprint,
        settings={"thumbnail_side": 64},
    )
    found = stored_grids.made_by(made, path, None)
    assert found and found.fingerprint == made.encoder
    assert stored_grids.made_by(made, encoder_lib.DEFAULT, None) is None
    (message,) = caplog.messages
    assert message.startswith("grids are not compared with their images: they")
    assert message.endswith(
        "name that encoder where 'efficientnet-lite0' is given"
    )
    plain = dataclasses.replace(made, settings={"thumbnail_side": 0})
    assert stored_grids.made_by(plain, path, None) is None
