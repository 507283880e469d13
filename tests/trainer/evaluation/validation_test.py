"""What validation measures: the loss, each metric, and what is watched."""

import pytest
import tensorflow as tf

from pipeline.scoring import bleu, cider
from tests.support import fixtures
from trainer.data import batches
from trainer.data.batching import Batching
from trainer.decoding import generator, greedy
from trainer.evaluation import scorers, split_loss
from trainer.evaluation.validation import Validation


@pytest.fixture(scope="module")
def validation(tmp_path_factory) -> Validation:
    folder = tmp_path_factory.mktemp("records")
    record_set = fixtures.write_uneven_record_set(folder)
    batching = Batching(
        batch_images=4, captions_per_image=2, max_length=6, num_streams=2
    )
    model = fixtures.tiny_captioner(record_set.vocabulary)
    devices = tf.distribute.OneDeviceStrategy("CPU:0")
    data = batches.CaptionDataset(
        record_set, "validation", batching, shuffle=False
    )
    return Validation(
        record_set,
        data,
        "validation",
        num_images=3,
        loss_of_split=split_loss.LossOfSplit(strategy=devices, captioner=model),
        generator=generator.CaptionGenerator(
            model, record_set.vocabulary, greedy.Greedy(6, batch_images=4)
        ),
        metrics=(cider.CiderDMetric(), bleu.BleuMetric(2)),
        watch=lambda corpus: {"captions": len(corpus.captions)},
    )


def test_scores_come_by_name_and_in_order(validation):
    scores = validation()
    assert list(scores) == [
        "loss",
        "cider_d",
        "bleu_2",
        "captions",
    ]
    assert scores["captions"] == 3
    assert validation() == scores


def test_scores_are_those_of_the_first_images(validation):
    examples = list(
        generator.caption_split(
            validation.generator, validation.record_set, "validation", limit=3
        )
    )
    scorer = bleu.BleuMetric(2).against(scorers.references_of(examples))
    expected = scorer.corpus(scorers.words(examples))
    assert validation()["bleu_2"] == pytest.approx(expected)


def test_the_loss_is_that_of_the_whole_split(validation):
    whole = validation.loss_of_split.measure(validation.data)
    assert validation()["loss"] == pytest.approx(whole)
