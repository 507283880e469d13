"""Captioning with a run of three steps."""

import pytest

from tests.support import fixtures
from tests.support.tiny_run import load
from trainer import configurable
from trainer.run import directory


def test_caption_refuses_another_encoder(records, run, tmp_path):
    corpus = fixtures.draw_corpus(tmp_path)
    encoder = fixtures.save_encoder(tmp_path / "own.keras")
    load(records, f"caption.encoder = '{encoder}'")
    with pytest.raises(
        directory.RunError, match="another encoder than the captioner's"
    ):
        configurable.MODES["caption"](str(run[0]), [str(corpus.images)], None)
