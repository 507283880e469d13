"""Shards are read again only where the card finds wrong pairs."""

import dataclasses
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest

from pipeline.card import data_card, suspicious_pairs
from pipeline.card.facts import PairFacts
from pipeline.card.feature_sums import Accumulator
from pipeline.card.shard_statistics import Image, ShardFacts
from pipeline.images.perceptual_hash import Look
from pipeline.job.card.list_suspicious import ListSuspicious, by_part
from pipeline.recordset import records, shard_files, tfrecord
from tests.support import card_sample, pipes

SPEC = records.GridSpec(2, 12)
KINDS = ["dog", "cat", "boat", "tree", "car", "bird"]


def _written(folder: Path, numbers: range) -> ShardFacts:
    """A shard of images that show their kind; every fifth says the next."""
    images, data = [], b""
    shard = shard_files.shard_name(
        "train", numbers.start // len(numbers), 240 // len(numbers)
    )
    file = f"{shard}{shard_files.RECORDS}"
    for number in numbers:
        draw = np.random.default_rng([number])
        kind = int(draw.integers(len(KINDS)))
        grid = draw.normal(0, 0.2, (2, 12))
        grid[:, kind] += 1
        said = KINDS[(kind + (number % 5 == 0)) % len(KINDS)]
        captions = (f"a {said} {number}", f"{said} number {number}")
        look = Look(number, b"\0" * 12)
        images.append(
            Image(f"{number}", "train", file, len(data), captions, look)
        )
        record = records.CaptionedImage(
            f"{number}", "", captions, grid.astype(np.float16).tobytes()
        )
        data += tfrecord.frame(record.to_bytes())
    (folder / file).write_bytes(data)
    return ShardFacts(tuple(images), Accumulator().total())


def _card(wrong: PairFacts) -> str:
    train = dataclasses.replace(card_sample.FACTS.splits["train"], images=240)
    facts = dataclasses.replace(
        card_sample.FACTS, splits={"train": train}, pairs=wrong
    )
    return data_card.DataCard(facts, (), {}).dump()


def _listed(folder: Path, wrong: PairFacts) -> list[str]:
    shards = [_written(folder, range(at, at + 60)) for at in range(0, 240, 60)]
    with pipes.runner() as pipeline:
        given = (
            pipeline | "Facts" >> beam.Create(shards),
            pipeline | "Card" >> beam.Create([_card(wrong)]),
        )
        (
            given
            | ListSuspicious(str(folder), SPEC)
            | beam.combiners.ToList()
            | beam.Map(
                lambda pairs: (folder / "pairs").write_text(
                    suspicious_pairs.dump(pairs)
                )
            )
        )
    return (folder / "pairs").read_text().splitlines()


def test_pairs_of_all_shards_are_compared(tmp_path: Path) -> None:
    lines = _listed(tmp_path, PairFacts(240, 0.2, 0.1, 0.3))
    wrong = sum(int(line.split('"')[3]) % 5 == 0 for line in lines)
    assert wrong > 0.75 * len(lines)
    assert wrong > 0.6 * 48


@pytest.mark.parametrize("low", [0.0, 0.02])
def test_of_sound_pairs_none_is_read(tmp_path: Path, low: float) -> None:
    assert _listed(tmp_path, PairFacts(240, 0.05, low, 0.1)) == []


def test_a_large_shard_is_cut_into_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicious_pairs, "_PART", 100)
    card = _card(PairFacts(240, 0.2, 0.1, 0.3))
    parts = dict(by_part(_written(tmp_path, range(240)), card))
    assert [len(offsets) for _, offsets in parts.values()] == [80, 80, 80]
    small = [_written(tmp_path, range(at, at + 60)) for at in (0, 60, 120, 180)]
    images: dict[int, int] = {}
    for shard in small:
        for part, (_, offsets) in by_part(shard, card):
            images[part] = images.get(part, 0) + len(offsets)
    assert images == {0: 80, 1: 80, 2: 80}
