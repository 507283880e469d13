"""Pairs that fit, in part, shifted, or not at all."""

import numpy as np
import pytest

from trainer.diagnosis import pairing

COLOURS = "red blue green white black grey pink brown".split()
THINGS = "dog cat house boat tree car bird horse".split()


def sample(count: int = 300, seed: int = 0) -> pairing.Sample:
    """Images whose features and captions come from the same two words."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 8, [count, 2])
    pooled = np.zeros([count, 16], np.float32)
    for row, (colour, thing) in enumerate(kinds):
        pooled[row, colour] = pooled[row, 8 + thing] = 1.0
    pooled += draw.normal(0, 0.1, pooled.shape).astype(np.float32)
    captions = [[f"a {COLOURS[c]} {THINGS[t]}"] for c, t in kinds]
    return pairing.Sample(
        [f"image-{n}" for n in range(count)], captions, pooled
    )


def with_captions(given: pairing.Sample, order: np.ndarray) -> pairing.Sample:
    captions = [given.captions[place] for place in order]
    return pairing.Sample(given.image_ids, captions, given.pooled)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_z_falls_as_the_square_of_the_share_of_true_pairs(share) -> None:
    given, draw = sample(), np.random.default_rng(1)
    order = np.arange(300)
    struck = draw.choice(300, round(300 * share), replace=False)
    order[struck] = draw.permutation(struck)
    whole = pairing.measure(given).z
    part = pairing.measure(with_captions(given, order)).z
    assert whole > 15
    assert part / whole == pytest.approx((1 - share) ** 2, abs=0.12)


def test_chance_is_chance_at_every_shift() -> None:
    order = np.random.default_rng(2).permutation(300)
    found = pairing.measure(with_captions(sample(), order))
    assert abs(found.z) < 4
    assert max(map(abs, found.lags.values())) < 4


@pytest.mark.parametrize("shift", [-3, -1, 1, 2])
def test_a_shift_is_found_in_the_order_of_the_ids(shift: int) -> None:
    """Records lie in hashed order: only the ids tell which came first."""
    order = np.roll(np.arange(300), -shift)
    shifted = with_captions(sample(), order)
    mixed = np.random.default_rng(3).permutation(300)
    found = pairing.measure(
        pairing.Sample(
            [shifted.image_ids[n] for n in mixed],
            [shifted.captions[n] for n in mixed],
            shifted.pooled[mixed],
        )
    )
    assert found.best_lag == -shift
    assert found.lags[found.best_lag] > 15
    assert abs(found.z) < 4
