"""Scores tell a captioner that looks at the image from one that can't."""

import pytest
import tensorflow as tf

from pipeline.scoring import bleu, cider
from tests.support import fixtures
from trainer.data import batches, split_images
from trainer.data.batching import Batching
from trainer.decoding import beam, generator
from trainer.evaluation import evaluation, scorers, split_loss
from trainer.training import (
    loss,
    loss_scale,
    objective,
    optimizer,
    train_step,
)

BATCHING = Batching(
    batch_images=4, num_streams=2, captions_per_image=2, max_length=8
)


def trained(record_set, *, uses_image):
    """A tiny captioner after a minute's worth of a real run, in seconds."""
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    with strategy.scope():
        model = fixtures.tiny_captioner(
            record_set.vocabulary, units=24, uses_image=uses_image
        )
        adamw = optimizer.AdamW(
            learning_rate=2e-2, warmup_steps=5, decay_steps=150
        ).build(model.trainable_variables)
    step = train_step.TrainStep(
        strategy=strategy,
        captioner=model,
        optimizer=adamw,
        objective=objective.TeacherForcing(loss.CaptionLoss()),
        loss_scale=loss_scale.LossScale(None),
        seed=1,
    )
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=True)
    step.over(data.distribute(strategy, first_step=0))(150)
    return strategy, model


def evaluated(record_set, captioner, *, split="validation", truth=None):
    strategy, model = captioner
    return evaluation.evaluate(
        record_set,
        batches.CaptionDataset(record_set, split, BATCHING, shuffle=False),
        split=split,
        generator_=generator.CaptionGenerator(
            model,
            record_set.vocabulary,
            beam.BeamSearch(beams=2, max_length=8, batch_images=4),
        ),
        loss_of_split=split_loss.LossOfSplit(
            strategy=strategy, captioner=model
        ),
        metrics=(cider.CiderDMetric(), bleu.BleuMetric()),
        truth=truth,
    )


@pytest.fixture(scope="module")
def record_set(tmp_path_factory):
    return fixtures.write_record_set(
        tmp_path_factory.mktemp("records"),
        images={"train": 24, "validation": 16, "test": 4},
        captions_per_image=1,
    )


@pytest.fixture(scope="module")
def looking(record_set):
    return trained(record_set, uses_image=True)


def test_a_captioner_that_looks_is_told_from_its_floors(record_set, looking):
    result = evaluated(record_set, looking)
    assert result.looks
    assert result.verdict.startswith("It looks at the image")
    score = result.scores["cider_d"]
    assert score.model > 2 * max(score.constant, score.shuffled)


def test_every_image_is_captioned_once_in_order(record_set, looking):
    result = evaluated(record_set, looking)
    assert [row.image_id for row in result.examples] == [
        name
        for batch in split_images.batches(
            record_set, "validation", batch_images=5
        )
        for name in batch.image_ids
    ]


def test_a_blind_captioner_is_found_out(record_set):
    blind = trained(record_set, uses_image=False)
    result = evaluated(record_set, blind)
    assert not result.looks
    assert "NOT look at the image" in result.verdict
    assert result.repetition["mode_share"] == 1
    score = result.scores["cider_d"]
    assert score.model == pytest.approx(score.shuffled)


def test_four_images_are_too_few_for_a_captioner_that_looks(
    record_set, looking
):
    result = evaluated(record_set, looking, split="test")
    assert result.looks is None
    assert result.verdict.startswith("Too few images to tell: by chance all 4")


def test_truth_of_another_data_set_is_refused(record_set, looking):
    with pytest.raises(
        scorers.TruthError, match="truth file does not know image"
    ):
        evaluated(record_set, looking, truth={})
