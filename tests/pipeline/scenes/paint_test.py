"""Shades go towards black and white, gradients from top to bottom."""

import numpy as np

from pipeline.scenes import paint


def test_shades_darken_keep_and_lighten():
    assert paint.shaded((100, 200, 0), 0.5) == (50, 100, 0)
    assert paint.shaded((100, 200, 0), 1) == (100, 200, 0)
    assert paint.shaded((155, 255, 55), 1.5) == (205, 255, 155)


def test_gradient_fades_downwards_and_not_across():
    pixels = np.asarray(paint.gradient((0, 0, 0), (200, 100, 50), 64))
    assert pixels.shape == (64, 64, 3)
    assert (np.diff(pixels[:, 0].astype(int), axis=0) >= 0).all()
    assert (pixels == pixels[:, :1]).all()
    np.testing.assert_allclose(pixels[-1, 0], (200, 100, 50), atol=4)
