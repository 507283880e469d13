"""What the mode checks before the job, and what it prints after it."""

import dataclasses
from pathlib import Path

import pytest

from pipeline.job import beam_runner
from pipeline.modes.options import OptionsError
from pipeline.modes.precompute import precompute
from tests.pipeline.modes.options_test import OPTIONS
from tests.support import fixtures


def test_an_encoder_that_does_not_load_is_named(tmp_path: Path) -> None:
    corpus = fixtures.draw_corpus(tmp_path)
    options = dataclasses.replace(
        OPTIONS,
        output=str(tmp_path / "records"),
        annotations=(str(corpus.jsonl),),
        images=str(corpus.images),
        encoder="NoSuchNet",
    )
    with pytest.raises(OptionsError, match="--encoder=NoSuchNet: "):
        precompute(options, beam_runner.parse_options([]))
    assert not (tmp_path / "records").exists()


def test_a_rehearsal_leaves_no_output(tmp_path: Path) -> None:
    corpus = fixtures.draw_corpus(tmp_path)
    options = dataclasses.replace(
        OPTIONS,
        output=str(tmp_path / "records"),
        annotations=(str(corpus.jsonl),),
        images=str(corpus.images),
        encoder=str(fixtures.save_encoder(tmp_path / "patches.keras")),
        dry_run=True,
    )
    said = precompute(options, beam_runner.parse_options([]))
    assert "8 images" in said
    assert not (tmp_path / "records").exists()
