"""Grids become captions, with the attention of each word."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset import manifest
from pipeline.recordset import vocabulary as vocabulary_lib
from tests.support import fixtures
from trainer.captioners import show_attend_tell
from trainer.data import split_images
from trainer.decoding import beam, generator, sampling


@pytest.fixture(scope="module")
def model(record_set) -> show_attend_tell.ShowAttendTell:
    """Far enough from its first weights to say something of each image."""
    made = fixtures.tiny_captioner(record_set.vocabulary)
    draw = np.random.default_rng(2)
    for variable in made.trainable_variables:
        variable.assign_add(draw.normal(scale=0.8, size=variable.shape))
    bias = made.logits.bias.numpy()
    # Or each would end at once.
    bias[vocabulary_lib.END] = bias.max() - 3
    made.logits.bias.assign(bias)
    return made


@pytest.fixture(scope="module")
def grid(record_set) -> tf.Tensor:
    (batch,) = split_images.batches(record_set, "train", batch_images=16)
    return batch.grid


@pytest.fixture(scope="module")
def generators(record_set, model) -> dict[int, generator.CaptionGenerator]:
    """Greedy search, and three beams."""
    return {
        beams: generator.CaptionGenerator(
            model,
            record_set.vocabulary,
            beam.BeamSearch(beams=beams, max_length=6, batch_images=4),
        )
        for beams in (1, 3)
    }


def log_prob(
    model: show_attend_tell.ShowAttendTell,
    grid: tf.Tensor,
    tokens: list[int],
) -> tuple[float, np.ndarray]:
    """Teacher-forced log probability, and attention, of one image's words."""
    seen = tf.constant([[[vocabulary_lib.START, *tokens[:-1]]]])
    logits, attention = model(grid, seen)
    log_probs = tf.nn.log_softmax(logits)[0, 0].numpy()
    total = sum(log_probs[i, token] for i, token in enumerate(tokens))
    return float(total), attention[0, 0].numpy()


@pytest.mark.parametrize("beams", [1, 3])
def test_captions_agree_with_teacher_forcing(
    record_set, model, grid, generators, beams
):
    vocabulary = record_set.vocabulary
    captions = generators[beams].captions(grid, 13)
    assert len(captions) == 13
    assert len({caption.text for caption in captions}) > 3
    for row, caption in enumerate(captions):
        assert caption.text == " ".join(caption.words)
        tokens = [vocabulary.words.index(word) for word in caption.words]
        assert not set(tokens) & set(range(4))
        if len(tokens) < 6:
            tokens.append(vocabulary_lib.END)
        expected, attention = log_prob(model, grid[row : row + 1], tokens)
        assert caption.log_prob == pytest.approx(expected, abs=1e-4)
        np.testing.assert_allclose(
            caption.attention, attention[: len(caption.words)], atol=1e-5
        )


def test_caption_of_an_image_does_not_depend_on_its_batch(grid, generators):
    together = generators[3].captions(grid, 13)
    few = generators[3].captions(grid[4:8], 4)
    assert [caption.text for caption in few] == [
        caption.text for caption in together[4:8]
    ]


def test_draws_of_an_image_do_not_depend_on_its_batch(record_set, model, grid):
    made = generator.CaptionGenerator(
        model,
        record_set.vocabulary,
        sampling.Sampling(max_length=6, n_best=3, batch_images=4),
    )
    together = made.captions(grid, 13)
    few = made.captions(tf.reverse(grid[4:8], [0]), 4)[::-1]
    for one, other in zip(few, together[4:8], strict=True):
        assert [c.text for c in one.n_best] == [c.text for c in other.n_best]
    assert len({c.text for c in together}) > 6


def test_every_image_has_a_key_of_its_own(grid):
    keys = generator.image_keys(grid[:13]).numpy().tolist()
    assert len(set(keys)) == 13
    assert generator.image_keys(grid[3:5]).numpy().tolist() == keys[3:5]
    changed = grid.numpy()
    changed[0, 0, 0], changed[0, 0, 1] = changed[0, 0, 1], changed[0, 0, 0]
    assert int(generator.image_keys(tf.constant(changed))[0]) != keys[0]


def test_captions_gain_by_their_own_images(record_set, model, grid, generators):
    others, own = grid[:3], grid[3:13]
    made = generator.CaptionGenerator(
        model, record_set.vocabulary, generators[1].decoder, others.numpy()
    )
    gains = [caption.image_gain for caption in made.captions(own, 10)]
    assert np.mean(gains) > 0.1
    (alone,) = made.captions(own[:4], 1)
    assert alone.image_gain == pytest.approx(gains[0], abs=1e-5)
    assert generators[1].captions(own, 1)[0].image_gain is None


def test_only_the_rows_asked_for_are_captioned(grid, generators):
    assert len(generators[1].captions(grid, 5)) == 5
    assert generators[1].captions(grid, 0) == []


def test_split_is_captioned_once_and_in_order(record_set, generators):
    rows = list(
        generator.caption_split(generators[1], record_set, "validation")
    )
    assert [row.image_id for row in rows] == [
        f"validation-{number}" for number in range(5)
    ]
    assert [len(row.references) for row in rows] == [1, 2, 3, 4, 5]
    assert rows[2].thumbnail == b"thumbnail of validation-2"
    (batch,) = split_images.batches(record_set, "validation", batch_images=5)
    captions = generators[1].captions(batch.grid, 5)
    assert [row.caption.text for row in rows] == [c.text for c in captions]


def test_split_is_captioned_up_to_the_limit(record_set, generators):
    rows = generator.caption_split(
        generators[1], record_set, "validation", limit=3
    )
    assert len(list(rows)) == 3


def test_unknown_split_is_told(record_set, generators):
    rows = generator.caption_split(generators[1], record_set, "test")
    with pytest.raises(manifest.RecordSetError, match="^no split 'test' "):
        next(rows)


@pytest.mark.parametrize(
    "name", ["beams", "max_length", "batch_images", "n_best"]
)
def test_search_refuses_what_is_not_positive(name):
    with pytest.raises(ValueError) as error:
        beam.BeamSearch(**{name: 0})
    assert str(error.value) == f"`{name}` must be positive, got 0"


def test_search_refuses_a_negative_power():
    with pytest.raises(ValueError) as error:
        beam.BeamSearch(length_power=-0.5)
    assert str(error.value) == "`length_power` must not be negative, got -0.5"


def test_search_refuses_more_captions_than_beams():
    with pytest.raises(ValueError) as error:
        beam.BeamSearch(beams=3, n_best=4)
    assert (
        str(error.value) == "`n_best` must not exceed the 3 of `beams`, got 4"
    )


def test_the_n_best_have_their_log_probabilities(record_set, model, grid):
    made = generator.CaptionGenerator(
        model,
        record_set.vocabulary,
        beam.BeamSearch(beams=4, max_length=6, n_best=3, length_power=0.0),
    )
    for row, caption in enumerate(made.captions(grid, 4)):
        assert caption.n_best[0] == (caption.text, caption.log_prob)
        chances = [each.log_prob for each in caption.n_best]
        assert len(chances) == 3 and chances == sorted(chances, reverse=True)
        for text, chance in caption.n_best:
            words = record_set.vocabulary.words
            tokens = [words.index(word) for word in text.split()]
            expected, _ = log_prob(
                model, grid[row : row + 1], [*tokens, vocabulary_lib.END]
            )
            assert chance == pytest.approx(expected, abs=1e-4)
