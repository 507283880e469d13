"""How much likelier captions are with their image than with others."""

import numpy as np
import pytest
import tensorflow as tf

from pipeline.recordset.vocabulary import END, START
from tests.support import fixtures
from trainer.captioners import contract
from trainer.data import split_images
from trainer.decoding.image_gain import ImageGain
from trainer.decoding.step import Decoded

OTHERS = 3
TOKENS = [[5, 6, END, 0, 0], [7, END, 0, 0, 0], [4, 5, 6, 7, 5]]


def captioner(record_set, **settings) -> contract.Captioner:
    made = fixtures.tiny_captioner(record_set.vocabulary, **settings)
    draw = np.random.default_rng(3)
    for weight in made.trainable_variables:
        weight.assign_add(draw.normal(scale=0.5, size=weight.shape))
    return made


@pytest.fixture(scope="module")
def grids(record_set) -> np.ndarray:
    (batch,) = split_images.batches(record_set, "train", batch_images=16)
    return batch.grid.numpy()[:13].astype(np.float32)


def log_prob(model, grid: np.ndarray, tokens: list[int]) -> float:
    """By teacher forcing, of one image."""
    real = [token for token in tokens if token]
    logits, _ = model(grid[None], tf.constant([[[START, *real[:-1]]]]))
    log_probs = tf.nn.log_softmax(logits)[0, 0].numpy()
    return float(sum(log_probs[n, token] for n, token in enumerate(real)))


def gains(model, grids: np.ndarray) -> list[float]:
    """Of `TOKENS` said of the images after the others."""
    own = grids[OTHERS : OTHERS + len(TOKENS)]
    likely = [log_prob(model, *pair) for pair in zip(own, TOKENS, strict=True)]
    decoded = Decoded(
        tf.constant(TOKENS)[:, None],
        tf.zeros([3, 1, 5, 4]),
        tf.constant(likely)[:, None],
    )
    found: list[float] = ImageGain(model, grids[:OTHERS])(decoded).tolist()
    return found


def test_it_is_the_mean_rise_by_other_images_for_each_token(
    record_set, grids
) -> None:
    model = captioner(record_set)
    own = grids[OTHERS : OTHERS + len(TOKENS)]
    for gain, grid, tokens in zip(
        gains(model, grids), own, TOKENS, strict=True
    ):
        usual = [log_prob(model, other, tokens) for other in grids[:OTHERS]]
        rise = log_prob(model, grid, tokens) - np.mean(usual)
        assert abs(rise) > 0.01
        assert gain == pytest.approx(rise / np.count_nonzero(tokens), abs=1e-4)


def test_a_blind_captioner_owes_nothing_to_the_image(record_set, grids) -> None:
    model = captioner(record_set, uses_image=False)
    np.testing.assert_allclose(gains(model, grids), 0, atol=1e-5)
