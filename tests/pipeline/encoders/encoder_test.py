"""Encoders: preparation, fixed batch sizes, fingerprints, what loads."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.encoders import encoder as encoder_lib

# Keras 3.15 converts its variables in a way that NumPy 2.4 deprecates.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)

SMALL = "MobileNet"
FAMILIES = {
    "convnext": "ConvNeXtTiny",
    "densenet": "DenseNet121",
    "efficientnet": "EfficientNetB0",
    "efficientnet_v2": "EfficientNetV2B0",
    "inception_resnet_v2": "InceptionResNetV2",
    "inception_v3": "InceptionV3",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3": "MobileNetV3Small",
    "nasnet": "NASNetMobile",
    "resnet": "ResNet50",
    "resnet_v2": "ResNet50V2",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "xception": "Xception",
}


@pytest.fixture(scope="module")
def small() -> encoder_lib.Encoder:
    return encoder_lib.load_encoder(SMALL, weights="none", image_size=64)


def noise(height: int, width: int) -> np.ndarray:
    generator = np.random.default_rng(3)
    return generator.integers(0, 256, (height, width, 3), np.uint8)


def fitted(encoder: encoder_lib.Encoder, count: int) -> np.ndarray:
    size = encoder.preparation.image_size
    shape = (count, size, size, 3)
    return np.random.default_rng(5).uniform(0, 255, shape).astype(np.float32)


def save_model(path: Path, *, dtype: str = "float32", rank: int = 4) -> None:
    images = keras.Input((32, 32, 3))
    convolve = keras.layers.Conv2D(5, 8, strides=8, dtype=dtype)
    grid = convolve(keras.layers.Rescaling(1 / 255)(images))
    if rank == 3:
        grid = keras.layers.Reshape((16, 5))(grid)
    if rank == 2:
        grid = keras.layers.GlobalAveragePooling2D()(grid)
    keras.Model(images, grid, name="own").save(path)


@pytest.mark.parametrize("module", sorted(FAMILIES))
def test_preparation_is_the_one_keras_publishes(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = FAMILIES[module]

    def tiny(*, input_shape: tuple[int, ...], **_: object) -> keras.Model:
        images = keras.Input(input_shape)
        return keras.Model(images, keras.layers.Conv2D(2, 8)(images))

    tiny.__module__ = getattr(keras.applications, name).__module__
    monkeypatch.setattr(keras.applications, name, tiny)
    encoder = encoder_lib.load_encoder(name, weights="none", image_size=32)
    pixels = noise(32, 32)
    published = getattr(keras.applications, module).preprocess_input
    expected = published(pixels[None].astype(np.float32))
    normalised = encoder.preparation.normalise(encoder.fit(pixels))
    np.testing.assert_allclose(normalised, expected[0], atol=1e-4)


def test_the_embedded_default() -> None:
    encoder = encoder_lib.load_encoder()
    assert (encoder.locations, encoder.depth) == (49, 1280)
    pixels = noise(224, 224)
    expected = (pixels.astype(np.float32) - 127) / 128
    normalised = encoder.preparation.normalise(encoder.fit(pixels))
    np.testing.assert_array_equal(normalised, expected)
    np.testing.assert_array_equal(
        encoder(pixels[None]), encoder.model(expected[None])
    )
    assert encoder.fingerprint == {
        "architecture": "efficientnet-lite0",
        "weights": "9985b455ded660c176cb84c91c23e55a"
        "3f1f1cd9cba51d12a461d5125daffd2b",
        "feature_format": 1,
        "image_size": 224,
        "jpeg_least_side": 448,
        "interpolation": "bilinear antialiased",
        "channels": "rgb",
        "mean": [127.0] * 3,
        "scale": [128.0] * 3,
    }


def test_what_is_left_over_is_encoded_in_small_batches(
    small: encoder_lib.Encoder,
) -> None:
    images = fitted(small, 11)
    np.testing.assert_array_equal(
        small.encode(images, batch_size=32), small.encode(images, batch_size=8)
    )
    np.testing.assert_allclose(
        small.encode(images, batch_size=10),
        small.encode(images, batch_size=11),
        rtol=1e-4,
        atol=1e-5,
    )


def test_the_default_also_takes_noise() -> None:
    encoder = encoder_lib.load_encoder(weights="none", image_size=64)
    assert (encoder.locations, encoder.depth) == (4, 1280)
    assert np.std(encoder(fitted(encoder, 2))) > 0.01


def test_a_fixed_batch_makes_grids_independent_of_company(
    small: encoder_lib.Encoder,
) -> None:
    images = fitted(small, 11)
    together = small.encode(images, batch_size=4)
    assert together.shape == (11, small.locations, small.depth)
    assert together.dtype == np.float32
    for number in range(11):
        alone = small.encode(images[number : number + 1], batch_size=4)
        np.testing.assert_array_equal(alone[0], together[number])
    reverse = small.encode(images[::-1], batch_size=4)
    np.testing.assert_array_equal(reverse[::-1], together)


def test_encoding_nothing_gives_an_empty_array(
    small: encoder_lib.Encoder,
) -> None:
    empty = small.encode(fitted(small, 0), batch_size=4)
    assert empty.shape == (0, small.locations, small.depth)


def test_locations_are_row_major(tmp_path: Path) -> None:
    save_model(tmp_path / "own.keras")
    encoder = encoder_lib.load_encoder(str(tmp_path / "own.keras"))
    image = np.zeros((1, 32, 32, 3), np.float32)
    image[0, 8:16, 24:32] = 255
    grids = encoder.encode(image, batch_size=1)
    touched = np.abs(grids - encoder.encode(image * 0, batch_size=1)).sum(-1)
    assert touched[0].argmax() == 1 * 4 + 3
    assert np.count_nonzero(touched) == 1


@pytest.mark.parametrize("rank", [3, 4])
def test_a_saved_model_sees_raw_pixels(tmp_path: Path, rank: int) -> None:
    save_model(tmp_path / "own.keras", rank=rank)
    encoder = encoder_lib.load_encoder(str(tmp_path / "own.keras"))
    assert (encoder.locations, encoder.depth) == (16, 5)
    pixels = noise(32, 32)
    normalised = encoder.preparation.normalise(encoder.fit(pixels))
    np.testing.assert_array_equal(normalised, pixels)


def test_bytes_and_floats_of_one_image_give_one_grid(
    small: encoder_lib.Encoder,
) -> None:
    pixels = noise(64, 64)[None]
    np.testing.assert_array_equal(
        small.encode(pixels, 2), small.encode(pixels.astype(np.float32), 2)
    )


def test_a_saved_model_is_found_on_tensorflows_file_systems(
    tmp_path: Path,
) -> None:
    save_model(tmp_path / "own.keras")
    local = encoder_lib.load_encoder(str(tmp_path / "own.keras"))
    tf.io.gfile.copy(str(tmp_path / "own.keras"), "ram://own.keras")
    remote = encoder_lib.load_encoder("ram://own.keras")
    assert remote.fingerprint == local.fingerprint


def test_a_saved_models_fingerprint_ignores_its_path(tmp_path: Path) -> None:
    save_model(tmp_path / "own.keras")
    first = encoder_lib.load_encoder(str(tmp_path / "own.keras"))
    moved = (tmp_path / "own.keras").rename(tmp_path / "moved.keras")
    second = encoder_lib.load_encoder(str(moved))
    assert first.fingerprint == second.fingerprint
    assert str(tmp_path) not in json.dumps(first.fingerprint)


def test_fingerprints_tell_weights_and_sizes_apart(
    tmp_path: Path, small: encoder_lib.Encoder
) -> None:
    larger = encoder_lib.load_encoder(SMALL, weights="none", image_size=96)
    assert larger.fingerprint["weights"] == small.fingerprint["weights"]
    assert larger.fingerprint != small.fingerprint
    digests = set()
    for number in range(2):
        save_model(tmp_path / f"{number}.keras")
        encoder = encoder_lib.load_encoder(str(tmp_path / f"{number}.keras"))
        digests.add(encoder.fingerprint["weights"])
    assert len(digests) == 2


def test_noise_weights_are_the_same_in_every_process(
    small: encoder_lib.Encoder,
) -> None:
    script = (
        "import json; from pipeline.encoders import encoder;"
        f"e = encoder.load_encoder({SMALL!r}, weights='none', image_size=64);"
        "print(json.dumps(e.fingerprint))"
    )
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", script]
    output = subprocess.check_output(
        command, cwd=root, stderr=subprocess.DEVNULL
    )
    assert json.loads(output) == small.fingerprint


def test_every_application_of_keras_is_known() -> None:
    with pytest.raises(ValueError, match="Known are") as e:
        encoder_lib.load_encoder("x")
    for name in dir(keras.applications):
        assert not name[0].isupper() or f"{name}," in str(e.value)


def test_weights_may_come_from_a_file(
    tmp_path: Path, small: encoder_lib.Encoder
) -> None:
    model = keras.applications.MobileNet(
        include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    model.set_weights([array + 0.25 for array in small.model.get_weights()])
    path = str(tmp_path / "own.weights.h5")
    model.save_weights(path)
    loaded = encoder_lib.load_encoder(SMALL, weights=path, image_size=64)
    assert loaded.fingerprint["weights"] != small.fingerprint["weights"]
    for ours, theirs in zip(
        loaded.model.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_encoders_compute_in_float32_under_any_policy() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        encoder = encoder_lib.load_encoder(weights="none", image_size=32)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert encoder(fitted(encoder, 1)).dtype == tf.float32
    finally:
        keras.config.set_dtype_policy(before)
    plain = encoder_lib.load_encoder(weights="none", image_size=32)
    images = fitted(plain, 1)
    np.testing.assert_array_equal(encoder(images), plain(images))


def test_an_encoder_is_frozen(small: encoder_lib.Encoder) -> None:
    assert not small.model.trainable_variables


def test_an_unknown_name_lists_what_is_near_and_known() -> None:
    with pytest.raises(ValueError, match="Unknown encoder 'MobilNetV2'") as e:
        encoder_lib.load_encoder("MobilNetV2")
    assert "Did you mean MobileNetV2" in str(e.value)
    assert "efficientnet-lite0, ConvNeXtBase," in str(e.value)
    assert "ends in '.keras'" in str(e.value)


def test_a_saved_model_takes_no_other_weights(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="brings its own weights: leave out"):
        encoder_lib.load_encoder(str(tmp_path / "own.keras"), weights="none")


def test_a_saved_model_must_return_a_grid(tmp_path: Path) -> None:
    save_model(tmp_path / "own.keras", rank=2)
    message = r"must return .* own returns \(None, 5\)"
    with pytest.raises(ValueError, match=message):
        encoder_lib.load_encoder(str(tmp_path / "own.keras"))


def test_a_saved_model_must_compute_in_float32(tmp_path: Path) -> None:
    save_model(tmp_path / "own.keras", dtype="mixed_bfloat16")
    message = "must compute in float32; layer conv.* of own computes in bfloat"
    with pytest.raises(ValueError, match=message):
        encoder_lib.load_encoder(str(tmp_path / "own.keras"))


def test_code_in_a_saved_model_is_refused(tmp_path: Path) -> None:
    images = keras.Input((32, 32, 3))
    layer = keras.layers.Lambda(lambda x: x[:, ::8, ::8], (4, 4, 3))
    keras.Model(images, layer(images)).save(tmp_path / "own.keras")
    with pytest.raises(Exception, match="[Ll]ambda"):
        encoder_lib.load_encoder(str(tmp_path / "own.keras"))


def test_noise_is_known_by_its_digest(small: encoder_lib.Encoder) -> None:
    shipped = encoder_lib.load_encoder().fingerprint
    own = {**small.fingerprint, "architecture": "keras 0123"}
    assert encoder_lib.is_noise(small.fingerprint)
    assert not encoder_lib.is_noise(shipped)
    assert not encoder_lib.is_noise(own)
