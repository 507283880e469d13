"""Draws of images, intervals that cover, and differences that are real."""

import math

import numpy as np
import pytest

from pipeline.scoring.ratio import RatioScorer, mean_of
from trainer.evaluation import bootstrap

MEAN = RatioScorer(mean_of(lambda captions: [0.0] * len(captions)))


def rows(values) -> np.ndarray:
    return np.column_stack([values, np.ones(len(values))])


def test_draws_are_of_as_many_images_and_the_same_for_all_names():
    first = rows(np.arange(50.0))
    drawn = bootstrap.draw_sums({"a": first, "b": 2 * first}, seed=1, draws=250)
    assert drawn["a"].shape == (250, 2)
    assert set(drawn["a"][:, 1]) == {50.0}
    np.testing.assert_array_equal(drawn["b"], 2 * drawn["a"])
    again = bootstrap.draw_sums({"a": first}, seed=1, draws=250)
    np.testing.assert_array_equal(again["a"], drawn["a"])
    other = bootstrap.draw_sums({"a": first}, seed=2, draws=250)
    assert (other["a"] != drawn["a"]).any()
    assert bootstrap.draw_sums({}, seed=1) == {}


def test_the_spread_is_the_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    drawn = bootstrap.draw_sums({"a": rows(values)}, seed=0)
    spread = MEAN.value(drawn["a"]).std()
    assert spread == pytest.approx(values.std() / math.sqrt(400), rel=0.05)


def test_an_interval_covers_the_truth_95_times_in_100():
    generator, covered = np.random.default_rng(3), 0
    for seed in range(400):
        # Skewed, as scores of captions are; the mean is 1.
        values = generator.exponential(size=100)
        drawn = bootstrap.draw_sums({"a": rows(values)}, seed=seed, draws=400)
        low, high = bootstrap.interval(MEAN.value(drawn["a"]))
        covered += low <= 1.0 <= high
    assert 0.91 <= covered / 400 <= 0.97


def test_chance_is_called_real_five_times_in_100():
    generator, real = np.random.default_rng(4), 0
    for seed in range(200):
        both = generator.normal(size=(2, 100)) + generator.normal(size=100)
        found = bootstrap.differences(
            {"a": MEAN},
            {"a": rows(both[0])},
            {"a": rows(both[1])},
            seed=seed,
        )
        real += found["a"].real
    assert 0.01 <= real / 200 <= 0.09


def test_a_difference_on_the_same_images_is_found_though_images_vary():
    images = np.random.default_rng(5).normal(scale=10, size=200)
    noise = np.random.default_rng(6).normal(scale=0.1, size=200)
    found = bootstrap.differences(
        {"a": MEAN},
        {"a": rows(images)},
        {"a": rows(images + 0.05 + noise)},
        seed=0,
    )["a"]
    assert found.value == pytest.approx((0.05 + noise).mean())
    assert found.low < found.value < found.high
    assert found.real and found.p == 1 / 2001


def test_no_difference_is_none():
    same = {"a": rows(np.arange(20.0))}
    found = bootstrap.differences({"a": MEAN}, same, same, seed=0)["a"]
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert not found.real
