"""Notebooks open record sets and runs, caption what they hold, and score."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import gin
from pipeline.recordset import manifest
from tests.support import fixtures
from trainer import api, config

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
ENCODER = f"caption.encoder = '{GOLDEN / 'patches.keras'}'"


@pytest.fixture(scope="module")
def captioner():
    return api.open_run(str(GOLDEN / "run"), ENCODER)


@pytest.fixture(scope="module")
def files():
    every = api.image_files([str(GOLDEN / "corpus" / "images")])
    return [file for file in every if "notes" not in file]


@pytest.fixture(scope="module")
def pixels(files):
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


def test_importing_the_package_starts_no_tensorflow():
    code = "import trainer, sys; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_record_set_gives_its_images_with_captions_and_grids(tmp_path):
    records = fixtures.write_record_set(tmp_path)
    assert records.splits == ("train", "validation")
    images = list(api.images(records, "train"))
    assert len(images) == records.num_images("train") == 12
    assert len({image.image_id for image in images}) == 12
    first = images[0]
    assert first.captions == ("a red circle", "one circle that is red")
    assert first.grid.shape == (4, 6) and first.grid.dtype == np.float32
    (alike,) = api.images(records, "train", limit=1)
    np.testing.assert_array_equal(alike.grid, first.grid)
    with pytest.raises(manifest.RecordSetError, match="no split 'tset' in"):
        next(api.images(records, "tset"))


def test_files_arrays_and_stored_grids_get_the_same_captions(
    captioner, files, pixels
):
    served = {pathlib.Path(r.image).name: r for r in captioner.serve(files)}
    made = captioner.caption_images(pixels)
    assert [c.text for c in made] == [row.caption for row in served.values()]
    records = api.open_record_set(str(GOLDEN / "records"))
    stored = list(api.images(records, "train"))
    again = captioner.caption_grids(np.stack([image.grid for image in stored]))
    for image, caption in zip(stored, again, strict=True):
        row = served[image.image_id]
        assert caption.text == row.caption
        assert caption.log_prob == pytest.approx(row.log_prob, abs=1e-4)
        assert caption.attention.shape[0] == len(caption.words)


def test_a_run_opens_with_other_settings_and_leaves_gin_empty(pixels):
    run = str(GOLDEN / "run")
    (short,) = api.open_run(
        run, ENCODER, "Search.max_length = 2"
    ).caption_images(pixels[:1])
    assert len(short.words) <= 2
    assert gin.config_str() == ""
    with pytest.raises(config.ConfigError, match="unknown name 'Serch'"):
        api.open_run(run, ENCODER, "Serch.beams = 1")
    assert gin.config_str() == ""


def test_a_caption_comes_with_the_n_best_that_were_asked_for(captioner, pixels):
    (plain,) = captioner.caption_images(pixels[:1])
    assert plain.n_best == ((plain.text, plain.log_prob),)
    (caption,) = api.open_run(
        str(GOLDEN / "run"), ENCODER, "Search.n_best = 2"
    ).caption_images(pixels[:1])
    assert caption.text == plain.text
    (_, first), (text, second) = caption.n_best
    assert text != plain.text and second < 0 and first == plain.log_prob


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(config.ConfigError, match="no trained captioner in"):
        api.open_run(str(tmp_path))


def test_arrays_of_another_kind_are_refused(captioner, pixels):
    with pytest.raises(ValueError) as error:
        captioner.caption_images([pixels[0] / 255])
    shape = list(pixels[0].shape)
    assert str(error.value) == (
        f"an image must be uint8 [height, width, 3], got float64 {shape}"
    )
    with pytest.raises(ValueError) as error:
        captioner.caption_grids(np.zeros((2, 49, 1280)))
    locations, depth = captioner.grid.locations, captioner.grid.depth
    assert str(error.value) == (
        f"`grids` must be [images, {locations}, {depth}], got [2, 49, 1280]"
    )
    assert captioner.caption_images([]) == []


def test_captions_are_scored_together_and_each():
    references = [["a red circle", "one circle"], ["a blue square"]]
    scores = api.score(["a red circle", "a dog"], references)
    assert scores.keys() == {"cider_d", "bleu_4"}
    for score in scores.values():
        right, wrong = score.each
        assert wrong < score.corpus < right
    with pytest.raises(ValueError, match="1 captions for 2 images"):
        api.score(["a dog"], references)
