"""Every image is in one shard, once."""

import collections
from pathlib import Path

import apache_beam as beam

from pipeline.job import write_shards
from pipeline.readers.reference import Reference
from pipeline.recordset import splits
from tests.support import fixtures, pipes
from tests.support.shard_writers import shard_writer


def test_shards_hold_every_image_once(tmp_path: Path) -> None:
    corpus = fixtures.draw_corpus(tmp_path)
    writer = shard_writer(tmp_path, corpus)
    references = [
        Reference(name, name, (text,), corpus.splits[name], order)
        for name, texts in corpus.captions.items()
        for order, text in enumerate(texts)
    ]
    missing = Reference("missing", "missing.jpg", ("x",), "train")
    expected = collections.Counter(
        (split, splits.shard_of(name, 2))
        for name, split in corpus.splits.items()
    )
    with pipes.runner() as pipeline:
        rows, rejects, grouped, _ = (
            pipeline
            | beam.Create([*references, missing])
            | write_shards.WriteShards(writer)
        )
        pipes.check(
            rows | beam.Map(lambda row: (row.file, row.records)),
            [
                (f"{split}-{number:05d}-of-00002.tfrecord", count)
                for (split, number), count in expected.items()
            ],
        )
        pipes.check(
            pipes.reasons(rejects), [("missing", "unreadable")], "rejects"
        )
        pipes.check(
            grouped | beam.CombineGlobally(sum),
            [len(references) + 1],
            "grouped",
        )
