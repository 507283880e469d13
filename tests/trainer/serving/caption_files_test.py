"""Serving prepares images as the job does, and refuses another encoder."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipeline.encoders import encoder as encoder_lib
from pipeline.images import decode
from pipeline.recordset import records
from tests.support import fixtures
from trainer.decoding import beam, generator
from trainer.decoding import caption as caption_lib
from trainer.run import directory
from trainer.serving import caption_files


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return fixtures.draw_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    path = tmp_path_factory.mktemp("encoder") / "own.keras"
    return encoder_lib.load_encoder(str(fixtures.save_encoder(path)))


@pytest.fixture
def server(encoder):
    words = fixtures.count_words(["a red circle", "one blue square"])
    grid = records.GridSpec(encoder.locations, encoder.depth)
    model = fixtures.tiny_captioner(words, grid=grid)
    search = beam.BeamSearch(beams=2, max_length=5, batch_images=3)
    others = np.random.default_rng(0).normal(
        size=(2, encoder.locations, encoder.depth)
    )
    captions = generator.CaptionGenerator(
        model, words, search, others.astype(np.float32)
    )
    return caption_files.CaptionServer(encoder, grid, captions, batch_size=4)


def test_folders_give_their_files_sorted(corpus):
    files = caption_files.image_files([str(corpus.images)])
    assert [file.split("/")[-1] for file in files] == sorted(corpus.captions)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "no image given: name files or folders"),
        (["/no/such.jpg"], "no such image or folder: /no/such.jpg"),
    ],
)
def test_missing_paths_are_named(paths, message):
    with pytest.raises(FileNotFoundError, match=message):
        caption_files.image_files(paths)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no files in"):
        caption_files.image_files([str(tmp_path)])


def test_every_file_has_a_row_in_order_and_bad_ones_say_why(
    server, corpus, tmp_path
):
    bad = tmp_path / "notes.jpg"
    bad.write_text("not an image")
    good = [str(corpus.images / name) for name in sorted(corpus.captions)]
    files = [good[0], str(bad), *good[1:]]
    rows = list(server.serve(files))
    assert [row.image for row in rows] == files
    assert [bool(row.error) for row in rows] == [
        file == str(bad) for file in files
    ]
    assert rows[1].to_json().keys() == {"image", "error"}
    assert all(row.log_prob < 0 for row in rows if not row.error)
    row = json.loads(json.dumps(rows[0].to_json()))
    assert list(row) == ["image", "caption", "log_prob", "image_gain"]
    assert row["log_prob"] < 0 and abs(row["image_gain"]) < 10


def test_without_other_images_a_row_has_no_gain():
    row = caption_files.Served("a.jpg", "a dog", -2.0)
    assert row.to_json().keys() == {"image", "caption", "log_prob"}


def test_a_row_has_the_n_best_where_several_were_asked_for():
    few = (caption_lib.Candidate("a dog", -2.0),)
    row = caption_files.Served("a.jpg", "a dog", -2.0, n_best=few).to_json()
    assert row.keys() == {"image", "caption", "log_prob"}
    more = (*few, caption_lib.Candidate("a cat", -2.50001))
    row = caption_files.Served("a.jpg", "a dog", -2.0, n_best=more).to_json()
    assert row["n_best"] == [
        {"caption": "a dog", "log_prob": -2.0},
        {"caption": "a cat", "log_prob": -2.5},
    ]


def test_served_captions_are_those_of_stored_grids(server, encoder, corpus):
    files = [str(corpus.images / name) for name in sorted(corpus.captions)][:3]
    stored = []
    for file in files:
        pixels = decode.canonicalise(open(file, "rb").read())
        grid = encoder.encode(encoder.fit(pixels)[None], 4)[0]
        raw = server.grid.to_bytes(grid)
        stored.append(np.frombuffer(raw, np.float16).reshape(grid.shape))
    expected = server.generator.captions(tf.constant(np.stack(stored)), 3)
    served = list(server.serve(files))
    assert [row.caption for row in served] == [row.text for row in expected]
    np.testing.assert_array_equal(
        [row.log_prob for row in served], [row.log_prob for row in expected]
    )


def test_a_png_with_alpha_is_served_too(server, tmp_path):
    path = tmp_path / "alpha.png"
    Image.new("RGBA", (40, 30), (255, 0, 0, 128)).save(path)
    (row,) = server.serve([str(path)])
    assert not row.error


def test_another_encoder_is_refused_by_field(encoder):
    caption_files.check_encoder(encoder, dict(encoder.fingerprint))
    other = {**encoder.fingerprint, "image_size": 99}
    with pytest.raises(
        directory.RunError, match="image_size: trained with 99, given 32"
    ):
        caption_files.check_encoder(encoder, other)
