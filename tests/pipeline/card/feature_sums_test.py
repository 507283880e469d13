"""Sums over grids: equal to the bit in any order, right in value."""

import dataclasses
import json

import numpy as np
import pytest

from pipeline.card.feature_sums import Accumulator, FeatureSums


def _grids(images: int = 12, scale: float = 1.0) -> np.ndarray:
    draw = np.random.default_rng(3)
    images_of = draw.normal(size=(images, 1, 6))
    return (scale * (images_of + draw.normal(size=(images, 9, 6)))).astype(
        np.float32
    )


def _sums(grids: np.ndarray) -> FeatureSums:
    sums = Accumulator()
    for grid in grids:
        sums.add(grid)
    return sums.total()


@pytest.mark.parametrize("scale", [1e-2, 1.0, 300.0])
def test_statistics_are_those_of_the_whole_array(scale: float) -> None:
    grids = _grids(scale=scale)
    facts = _sums(grids).facts(non_finite=2)
    pooled = grids.mean(1)
    total = ((grids - grids.mean((0, 1))) ** 2).mean((0, 1)).sum()
    unit = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(len(grids), 1)]
    assert facts.mean == pytest.approx(grids.mean(), rel=1e-4)
    assert facts.deviation == pytest.approx(np.sqrt(total / 6), rel=1e-4)
    assert facts.dispersion == pytest.approx(
        pooled.var(0).sum() / total, rel=1e-4
    )
    assert facts.cosine == pytest.approx(cosines.mean(), abs=1e-5)
    assert (facts.images, facts.constant, facts.non_finite) == (12, 0, 2)


def test_any_order_and_grouping_gives_the_same_bits() -> None:
    grids = _grids(9, 1e3)
    whole = _sums(grids)
    for order in (range(9), [8, 1, 5, 0, 3, 2, 7, 6, 4]):
        ones = [_sums(grids[i : i + 1]) for i in order]
        assert FeatureSums.merge(ones) == whole
    halves = [_sums(grids[4:]), FeatureSums(), _sums(grids[:4])]
    assert FeatureSums.merge(halves) == whole
    assert FeatureSums.merge([]) == FeatureSums()


def test_json_gives_the_sums_back() -> None:
    sums = _sums(_grids())
    row = json.loads(json.dumps(dataclasses.asdict(sums)))
    assert FeatureSums.from_json(row) == sums


def test_grids_that_are_all_alike_have_no_dispersion() -> None:
    facts = _sums(np.repeat(_grids(1), 5, axis=0)).facts(non_finite=0)
    assert facts.dispersion == pytest.approx(0, abs=1e-6)
    assert facts.cosine == pytest.approx(1, abs=1e-6)


def test_constant_and_empty_grids_are_counted() -> None:
    grids = _grids(4)
    grids[1] = 2.5
    grids[2] = 0.0
    facts = _sums(grids).facts(non_finite=0)
    assert facts.constant == 2
    assert facts.cosine is not None


def test_nothing_has_no_dispersion() -> None:
    facts = FeatureSums().facts(non_finite=1)
    assert (facts.images, facts.dispersion, facts.cosine) == (0, None, None)
