"""The sample is drawn by hash, whatever shard an image is in."""

from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest

from pipeline.job.card import draw_sample
from pipeline.recordset import records, tfrecord
from pipeline.recordset import splits as splits_lib
from tests.support import pipes
from tests.support.facts_of_shards import shard


def _drawn(**counts: int) -> dict[str, list[tuple[float, draw_sample.Drawn]]]:
    return {
        split: [
            (n / 1e4, ((f"{split}{n}", split, split, n), ("x",)))
            for n in reversed(range(count))
        ]
        for split, count in counts.items()
    }


@pytest.mark.parametrize("size", [1, 4, 9])
def test_images_are_drawn_by_hash_whatever_shard_they_are_in(
    size: int,
) -> None:
    names = [f"image {number}" for number in range(9)]
    shards = [
        shard("train", {name: ["x"] for name in names[at : at + size]})
        for at in range(0, 9, size)
    ]
    silent = shard("train", {"no captions": []}, number=9)
    ranks = {name: splits_lib.unit_hash("sample", name) for name in names}
    with pipes.runner() as pipeline:
        drawn = pipeline | beam.Create([*shards, silent]) | draw_sample.Draw()
        named = drawn | beam.Map(
            lambda splits: {
                split: [ref[0] for _, (ref, _) in ranked]
                for split, ranked in splits.items()
            }
        )
        pipes.check(named, [{"train": sorted(names, key=ranks.__getitem__)}])


def test_nothing_is_drawn_where_no_shard_was_written() -> None:
    with pipes.runner() as pipeline:
        drawn = pipeline | beam.Create([]) | draw_sample.Draw()
        pipes.check(drawn, [{}])


def test_a_plan_measures_on_the_split_that_is_held_out() -> None:
    plan = draw_sample.Plan.of(_drawn(train=1200, test=50, dev=2000), {})
    assert plan.split == "dev"
    assert len(plan.counted) == 1200
    assert [len(plan.measured), len(plan.scored)] == [1000, 300]
    assert [ref[0] for ref, _ in plan.lent[:2]] == ["train0", "train1"]
    assert len(plan.lent) == 1000


def test_train_alone_is_parted() -> None:
    plan = draw_sample.Plan.of(_drawn(train=50), {})
    assert plan.split == "train"
    assert (len(plan.counted), len(plan.measured)) == (40, 10)
    assert not {*plan.counted} & {*plan.measured}


def test_nothing_can_be_planned_without_train() -> None:
    plan = draw_sample.Plan.of({}, {})
    assert (plan.counted, plan.scored, plan.lent) == ((), (), ())
    assert list(plan.places()) == []


def test_records_are_read_back_where_they_lie(tmp_path: Path) -> None:
    spec = records.GridSpec(2, 3)
    grids = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float16)
    frames = [
        tfrecord.frame(
            records.CaptionedImage(
                str(n), "", (f"image {n}",), grid.tobytes()
            ).to_bytes()
        )
        for n, grid in enumerate(grids)
    ]
    offsets = np.cumsum([0, *map(len, frames)]).tolist()
    (tmp_path / "train").write_bytes(b"".join(frames))
    first, second = ((str(n), "train", "train", offsets[n]) for n in (1, 3))
    scored = ((first, ("x",)),)
    plan = draw_sample.Plan("train", (), (), scored, (), {"blank": [(second,)]})
    with pipes.runner() as pipeline:
        stored = (
            pipeline
            | beam.Create([plan])
            | draw_sample.ReadBack(str(tmp_path), spec)
            | beam.MapTuple(
                lambda place, one: (place, one.captions, one.pooled.tolist())
            )
        )
        expected = [
            (
                ("train", offsets[n]),
                (f"image {n}",),
                grids[n].astype(np.float32).mean(0).tolist(),
            )
            for n in (1, 3)
        ]
        pipes.check(stored, expected)
