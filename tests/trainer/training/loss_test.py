"""The loss against its formulas, in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.training import loss

IMAGES, CAPTIONS, LENGTH, WORDS, LOCATIONS = 2, 3, 4, 6, 5


def some_batch(seed: int = 1) -> dict[str, np.ndarray]:
    """Captions of one to four tokens; the last one is missing."""
    generator = np.random.default_rng(seed)
    rows = (IMAGES, CAPTIONS, LENGTH)
    lengths = np.array([[4, 2, 1], [3, 4, 0]])
    attention = generator.random((*rows, LOCATIONS))
    return {
        "logits": generator.normal(size=(*rows, WORDS)).astype(np.float32),
        "attention": np.float32(attention / attention.sum(-1, keepdims=True)),
        "tokens": generator.integers(0, WORDS, rows).astype(np.int32),
        "weights": np.float32(np.arange(LENGTH) < lengths[..., None]),
    }


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def cross_entropy(batch: dict[str, np.ndarray]) -> float:
    log_probs = log_softmax(batch["logits"])
    picked = np.take_along_axis(log_probs, batch["tokens"][..., None], -1)
    return float(-(picked[..., 0] * batch["weights"]).sum())


def measured(batch: dict[str, np.ndarray], **settings) -> tuple[float, float]:
    total, reported = loss.CaptionLoss(**settings)(
        *(tf.constant(value) for value in batch.values())
    )
    return float(total), float(reported)


def test_sums_cross_entropy_over_real_tokens():
    batch = some_batch()
    total, reported = measured(batch)
    assert total == pytest.approx(cross_entropy(batch), rel=1e-5)
    assert reported == total


def test_padding_does_not_count():
    batch = some_batch()
    before = measured(batch, label_smoothing=0.1, coverage_weight=1.0)
    hidden = batch["weights"] == 0
    batch["logits"][hidden] = 50.0
    batch["attention"][hidden] = 1.0
    batch["tokens"][hidden] = 0
    assert measured(batch, label_smoothing=0.1, coverage_weight=1.0) == before


def test_label_smoothing_spreads_its_share_over_the_vocabulary():
    batch = some_batch()
    total, reported = measured(batch, label_smoothing=0.2)
    log_probs = log_softmax(batch["logits"])
    one_hot = np.eye(WORDS)[batch["tokens"]]
    target = 0.8 * one_hot + 0.2 / WORDS
    expected = -((target * log_probs).sum(-1) * batch["weights"]).sum()
    assert total == pytest.approx(expected, rel=1e-5)
    assert reported == pytest.approx(cross_entropy(batch), rel=1e-5)


def test_uniform_attention_has_no_coverage_term():
    batch = some_batch()
    batch["attention"][:] = 1 / LOCATIONS
    total, reported = measured(batch, coverage_weight=3.0)
    assert total == pytest.approx(reported, abs=1e-5)


def test_coverage_term_is_the_squared_distance_from_words_per_location():
    batch = some_batch()
    total, reported = measured(batch, coverage_weight=0.5)
    looked = (batch["attention"] * batch["weights"][..., None]).sum(2)
    words = batch["weights"].sum(2)
    expected = 0.5 * ((words[..., None] / LOCATIONS - looked) ** 2).sum()
    assert expected > 0.1
    assert total - reported == pytest.approx(expected, rel=1e-4)


def test_what_a_caption_counts_multiplies_its_terms_but_not_the_report():
    batch, worth = some_batch(), np.float32([[0.5, 2, 1], [1, 1, 3]])
    settings = {"label_smoothing": 0.1, "coverage_weight": 0.5}
    whole = loss.CaptionLoss(**settings)(*batch.values(), worth)
    parts = [
        loss.CaptionLoss(**settings)(
            *(part[image][None, [caption]] for part in batch.values())
        )[0]
        for image, caption in np.ndindex(worth.shape)
    ]
    np.testing.assert_allclose(
        whole, [np.dot(worth.ravel(), parts), cross_entropy(batch)], rtol=1e-5
    )


def test_image_without_captions_adds_nothing():
    batch = some_batch()
    batch["weights"][:] = 0
    assert measured(batch, label_smoothing=0.1, coverage_weight=1) == (0, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"label_smoothing": 1.0},
            "`label_smoothing` must lie in [0, 1), got 1.0",
        ),
        (
            {"label_smoothing": -0.1},
            "`label_smoothing` must lie in [0, 1), got -0.1",
        ),
        (
            {"coverage_weight": -1.0},
            "`coverage_weight` must not be negative, got -1.0",
        ),
        (
            {"repeat_power": -0.5},
            "`repeat_power` must not be negative, got -0.5",
        ),
    ],
)
def test_refuses_settings_out_of_range(settings, message):
    with pytest.raises(ValueError) as error:
        loss.CaptionLoss(**settings)
    assert str(error.value) == message
