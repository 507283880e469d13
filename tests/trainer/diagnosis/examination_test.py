"""What is measured of a run of three steps."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import gin
from tests.support.tiny_run import load
from trainer.data.batching import Batching
from trainer.decoding import generator
from trainer.decoding.caption import Caption
from trainer.diagnosis import case as case_lib
from trainer.diagnosis import examination
from trainer.diagnosis.evidence import Evidence


@pytest.fixture(scope="module")
def case(records, run) -> case_lib.Case:
    gin.clear_config()
    load(records)
    return case_lib.open_case(str(run[0]), gin.get_configurable("Setup")())


def examined(case: case_lib.Case) -> Evidence:
    evidence, _ = examination.examine(
        case,
        batching=Batching(**case.identity.batching),
        decoder=gin.get_configurable("Setup")().search,
        split="validation",
        encoder=None,
    )
    return evidence


def test_all_is_measured(case, records) -> None:
    load(records)
    found = examined(case)
    validation, learning = found.validation, found.learning
    assert validation and learning and found.data and found.said
    assert validation.images == case.record_set.num_images("validation")
    assert found.replays is True
    assert learning.step == 3 and learning.passes > 0
    assert learning.tokens <= 4 * 2 * 8
    assert found.data.images == case.record_set.num_images("train")
    assert found.data.unknown["train"] < 1
    assert found.disordered == 0
    assert found.said.images == validation.images


def test_captions_that_depend_on_their_batch_are_counted(
    case, records, monkeypatch
) -> None:
    def captions(self, grid, count):
        """Says what all images of a batch have in common."""
        said = f"{float(tf.reduce_mean(tf.cast(grid, tf.float32))):.4f}"
        words = tuple(said.split())
        return [Caption(said, words, np.zeros([1, 1]), 0.0)] * count

    monkeypatch.setattr(generator.CaptionGenerator, "captions", captions)
    load(records)
    assert examined(case).disordered == 1


def test_without_weights_the_data_are_measured(case, records) -> None:
    load(records)
    found = examined(dataclasses.replace(case, step=None))
    assert found.validation is None and found.said is None
    assert found.data and found.data.pairing_z == pytest.approx(
        examined(case).data.pairing_z
    )
