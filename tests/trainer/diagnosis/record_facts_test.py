"""What is measured of drawn records."""

from trainer.data import batches
from trainer.data.batching import Batching
from trainer.diagnosis import record_facts

BATCHING = Batching(
    batch_images=4, captions_per_image=2, max_length=6, num_streams=2
)


def test_records_are_measured_without_a_data_card(record_set) -> None:
    found = record_facts.measure(record_set, BATCHING, "validation", None)
    assert found.images == record_set.num_images("train")
    assert found.captions >= found.images
    assert found.ladder == {} and found.human is None
    assert found.grids is None
    assert 0 < found.dispersion <= 1 and found.deviation > 0
    assert set(found.unknown) == {"train", "validation"}
    assert 0 <= found.own_words < 1
    assert 1 / found.captions <= found.mode_share <= 1
    assert found.mode_images >= found.mode_share


def test_a_short_limit_cuts_captions(record_set) -> None:
    whole, cut = (
        record_facts.measure(
            record_set,
            Batching(
                batch_images=4,
                captions_per_image=2,
                max_length=length,
                num_streams=2,
            ),
            "train",
            None,
        ).cut
        for length in (30, 2)
    )
    assert whole == 0
    assert cut > 0.5


def test_tokens_are_those_that_a_training_counts(record_set) -> None:
    found = record_facts.measure(record_set, BATCHING, "validation", None)
    data = batches.CaptionDataset(record_set, "train", BATCHING, shuffle=False)
    weights = data.first_images(record_set.num_images("train"))["weights"]
    captions = weights.numpy().max(axis=-1).sum()
    assert found.drawn == captions / len(weights)
    assert abs(found.tokens - weights.numpy().sum() / captions) < 0.5
