"""Each wiring test passes a sound captioner and catches its own fault."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib
from pipeline.images import thumbnail
from tests.support import fixtures
from trainer.captioners import show_attend_tell
from trainer.data import batches, split_images
from trainer.data.batching import Batching
from trainer.diagnosis import wiring

BATCHING = Batching(
    batch_images=8, captions_per_image=3, max_length=8, num_streams=4
)


class Wrapped:
    """A sound captioner whose input or output is spoilt."""

    def __init__(self, sound: show_attend_tell.ShowAttendTell, uses_image=True):
        self.sound, self.uses_image = sound, uses_image

    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        return self.sound(grid, tokens)


class SeesAllWords(Wrapped):
    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        logits, attention = self.sound(grid, tokens)
        words = tf.reduce_mean(tf.cast(tokens, tf.float32), -1)
        first = tf.one_hot(0, logits.shape[-1])
        return logits + words[..., None, None] * first, attention


class SeesTheNextWord(Wrapped):
    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        return self.sound(grid, tf.roll(tokens, -1, axis=-1))


class DropsTheImage(Wrapped):
    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        return self.sound(tf.zeros_like(grid), tokens)


class CutsTheGradient(Wrapped):
    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        return self.sound(tf.stop_gradient(grid), tokens)


class Overflows(Wrapped):
    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        logits, attention = self.sound(grid, tokens)
        return logits + tf.sqrt(tf.cast(grid[0, 0, 0], tf.float32) * 0), (
            attention
        )


class StartsFarOff(Wrapped):
    def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
        logits, attention = self.sound(grid, tokens)
        return logits * 9.0, attention


@pytest.fixture(scope="module")
def batch(record_set) -> batches.Batch:
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=True)
    return next(iter(data.epochs(first_step=0, replicas=1)))


@pytest.fixture(scope="module")
def sound(record_set) -> show_attend_tell.ShowAttendTell:
    return fixtures.tiny_captioner(record_set.vocabulary)


def found(record_set, captioner: Any, batch: batches.Batch) -> dict[str, str]:
    unigram = record_set.vocabulary.log_unigram()
    return {f.name: f.text for f in wiring.faults(captioner, batch, unigram)}


@pytest.mark.parametrize("uses_image", [True, False])
def test_a_sound_captioner_passes(record_set, batch, uses_image):
    captioner = fixtures.tiny_captioner(
        record_set.vocabulary, uses_image=uses_image
    )
    assert found(record_set, captioner, batch) == {}


@pytest.mark.parametrize(
    ("broken", "name", "text"),
    [
        (SeesAllWords, "padding", "padding enters the loss"),
        (SeesAllWords, "future", "the decoder sees what it has to predict"),
        (SeesTheNextWord, "future", "at the shift of its input"),
        (DropsTheImage, "image", "the grid does not reach the output"),
        (DropsTheImage, "gradient", "something cuts the path"),
        (CutsTheGradient, "gradient", "no gradient of the loss reaches"),
        (Overflows, "gradient", "the gradient's norm at the grid is"),
        (StartsFarOff, "start-loss", "word frequencies alone give"),
    ],
)
def test_a_fault_is_found_by_its_own_test(
    record_set, batch, sound, broken, name, text
):
    assert text in found(record_set, broken(sound), batch)[name]


def test_a_cut_gradient_is_no_other_fault(record_set, batch, sound):
    faults = found(record_set, CutsTheGradient(sound), batch)
    assert set(faults) == {"gradient"}


def test_a_blind_captioner_that_sees_is_no_floor(record_set, batch, sound):
    faults = found(record_set, Wrapped(sound, uses_image=False), batch)
    assert set(faults) == {"image", "gradient"}
    assert "the captioner says that it is blind" in faults["image"]


def test_grids_that_are_all_alike_are_named_as_the_cause(
    record_set, batch, sound
):
    alike = {**batch, "grid": tf.ones_like(batch["grid"])}
    faults = found(record_set, sound, alike)
    assert "the grids are all alike" in faults["image"]


def test_the_first_fault_stops_and_says_how_to_waive_it():
    faults = [
        wiring.Fault("padding", "it leaks"),
        wiring.Fault("future", "it sees"),
    ]
    with pytest.raises(wiring.WiringError) as error:
        wiring.require(iter(faults), ["padding"])
    assert str(error.value) == (
        "wiring test 'future' failed: it sees. To train all the same: "
        "--gin_param=\"train.waived = ['padding', 'future']\""
    )
    told = wiring.require(iter(faults), ["padding", "future"])
    assert told == ["waived: padding: it leaks", "waived: future: it sees"]


@pytest.mark.parametrize("name", wiring.NAMES)
def test_each_fault_is_waived_by_its_own_name_alone(name):
    fault = wiring.Fault(name, "found")
    others = [other for other in wiring.NAMES if other != name]
    assert wiring.require(iter([fault]), [name]) == [f"waived: {name}: found"]
    with pytest.raises(wiring.WiringError, match=f"^wiring test '{name}'"):
        wiring.require(iter([fault]), others)


def stored(folder, encoder: encoder_lib.Encoder) -> split_images.ImageBatch:
    """Four pictures, each a thumbnail and its grid."""
    corpus = fixtures.draw_corpus(folder)
    files = [corpus.images / name for name in sorted(corpus.captions)][:4]
    pixels = [encoder.decode(file.read_bytes()) for file in files]
    fitted = np.stack([encoder.fit(each) for each in pixels])
    return split_images.ImageBatch(
        image_ids=[file.name for file in files],
        captions=[["a"]] * len(files),
        thumbnails=[thumbnail.thumbnail(each) for each in pixels],
        grid=tf.cast(encoder.encode(fitted, 4), tf.float16),
    )


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> encoder_lib.Encoder:
    folder = tmp_path_factory.mktemp("encoder")
    return encoder_lib.load_encoder(
        str(fixtures.save_encoder(folder / "own.keras"))
    )


def test_grids_near_those_of_their_thumbnails_pass(tmp_path, encoder):
    assert list(wiring.compare_grids(stored(tmp_path, encoder), encoder)) == []


def test_grids_of_other_images_are_found(tmp_path, encoder):
    batch = stored(tmp_path, encoder)
    mixed = dataclasses.replace(batch, grid=tf.roll(batch.grid, 1, axis=0))
    (fault,) = wiring.compare_grids(mixed, encoder)
    assert fault.name == "grids"
    assert fault.text.startswith(
        f"of {len(batch.image_ids)} images, the stored grid is nearer to its "
        "own thumbnail's than to another image's in "
    )
    assert "grids and images are joined wrongly" in fault.text
