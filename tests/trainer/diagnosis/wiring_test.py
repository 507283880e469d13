"""Each wiring test passes a sound captioner and catches its own fault."""

from typing import Any

import pytest
import tensorflow as tf

from tests.support import fixtures
from trainer.captioners import show_attend_tell
from trainer.data import batches
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


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_word_that_shows_early_is_found_at_every_place(
    record_set, batch, sound, place
):
    class SeesOneWord(Wrapped):
        def __call__(self, grid: tf.Tensor, tokens: tf.Tensor) -> Any:
            logits, attention = self.sound(grid, tokens)
            if place + 1 == tokens.shape[-1]:
                return logits, attention
            word = tf.cast(tokens[..., place + 1], tf.float32)
            early = tf.one_hot(place, tokens.shape[-1])[:, None]
            return logits + word[..., None, None] * early, attention

    faults = found(record_set, SeesOneWord(sound), batch)
    if place == 7:
        assert "future" not in faults
    else:
        assert faults["future"].startswith(
            f"the word at place {place} moves the logits of place {place} by"
        )


@pytest.mark.parametrize(
    ("weights", "wrong"),
    [(tf.ones_like, "padding"), (lambda w: w * 0, "words")],
)
def test_weights_of_other_places_than_words_are_found(
    record_set, batch, sound, weights, wrong
):
    spoilt = {**batch, "weights": weights(batch["weights"])}
    text = found(record_set, sound, spoilt)["padding"]
    count = int(tf.reduce_sum(spoilt["weights"]))
    assert text.startswith(f"the loss counts {count:,} places"), wrong
