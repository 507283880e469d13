"""A card of a few records; `tests/whole/data_card_test.py` has larger ones."""

from pathlib import Path

import apache_beam as beam
import numpy as np

from pipeline.card import data_card
from pipeline.card.feature_sums import Accumulator
from pipeline.card.shard_statistics import Image, ShardFacts
from pipeline.images.perceptual_hash import Look
from pipeline.job.card.make_card import Appraise
from pipeline.recordset import records, tfrecord, vocabulary
from tests.support import pipes

SPEC = records.GridSpec(2, 3)
VOCABULARY = vocabulary.Vocabulary.from_counts(
    {"a": 9, "dog": 9}, num_captions=9, num_words=18
).dump()


def _written(folder: Path, split: str, count: int) -> ShardFacts:
    """A shard on disk: the first two images of train look alike."""
    draw = np.random.default_rng([count])
    sums, images, data = Accumulator(), [], b""
    for number in range(count):
        grid = draw.normal(size=(2, 3)).astype(np.float16)
        name, captions = f"{split} {number}", ("A dog .", f"a dog {number}")
        bits = 1 << 63 | int(draw.integers(1 << 60)) if number > 1 else 5
        look = Look(bits if split == "train" else bits ^ 1 << 40, b"\0" * 12)
        file = f"{split}.tfrecord"
        images.append(Image(name, split, file, len(data), captions, look))
        sums.add(grid.astype(np.float32))
        record = records.CaptionedImage(name, "", captions, grid.tobytes())
        data += tfrecord.frame(record.to_bytes())
    (folder / f"{split}.tfrecord").write_bytes(data)
    return ShardFacts(tuple(images), sums.total())


def _card(
    folder: Path, shards: list[ShardFacts], reasons: dict[str, int]
) -> data_card.DataCard:
    with pipes.runner() as pipeline:
        facts = pipeline | "Facts" >> beam.Create(shards)
        words = pipeline | "Words" >> beam.Create([VOCABULARY])
        rejects = pipeline | "Rejects" >> beam.Create(list(reasons.items()))
        card = (facts, words, rejects) | Appraise(
            str(folder), SPEC, "no-grid", 3
        )
        card | "Write" >> beam.Map(
            lambda text: (folder / "data_card.json").write_text(text)
        )
    return data_card.load(str(folder))


def test_a_card_tells_of_every_split(tmp_path: Path) -> None:
    shards = [
        _written(tmp_path, split, count)
        for split, count in (("train", 12), ("test", 5))
    ]
    reasons = {"no-grid": 2, "empty": 1}
    card = _card(tmp_path, shards, reasons)
    facts = card.facts
    train, test = facts.splits["train"], facts.splits["test"]
    assert (train.images, train.captions, test.images) == (12, 24, 5)
    assert train.captions_per_image == ((2, 12),)
    assert train.caption_lengths == ((2, 12), (3, 12))
    assert (train.words, train.unknown_words, train.types) == (60, 12, 14)
    assert train.known_types == 2
    assert train.repeats.frequent[0].text == "a dog"
    assert train.repeats.mode_share == 0.5
    assert train.repeats.shared == 12
    assert (train.repeated_images, train.leaked_images) == (2, None)
    assert (test.repeated_images, test.leaked_images) == (2, 2)
    assert facts.rejected == reasons
    assert (facts.features.images, facts.features.non_finite) == (17, 2)
    assert facts.ladder and facts.ladder.split == "test"
    assert facts.floors and facts.floors.images == 5
    assert sorted(card.examples) == ["leaked", "repeated", "sample"]
    (pair, *_) = card.examples["leaked"]
    assert [each.image_id for each in pair] == ["test 0", "train 0"]
    assert pair[1].captions == ("A dog .", "a dog 0")


def test_a_set_without_train_has_a_card(tmp_path: Path) -> None:
    card = _card(tmp_path, [_written(tmp_path, "test", 3)], {})
    assert (card.facts.ladder, card.facts.floors) == (None, None)
    assert [each.slug for each in card.findings][0] == "too-few-images"


def test_an_empty_set_has_a_card(tmp_path: Path) -> None:
    card = _card(tmp_path, [], {"empty": 3})
    assert card.facts.splits == {}
    assert card.examples == {}
