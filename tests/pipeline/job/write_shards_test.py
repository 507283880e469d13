"""Every image is in one shard, once; and no shard waits for the one before."""

import collections
import dataclasses
import threading
from pathlib import Path

import apache_beam as beam
import numpy as np
from PIL import Image

from pipeline.job import write_shards
from pipeline.readers.reference import Reference
from pipeline.recordset import splits
from tests.support import fixtures, mean_colour, pipes
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
            pipes.reasons(rejects), [("missing", "no-such-image")], "rejects"
        )
        pipes.check(
            grouped | beam.CombineGlobally(sum),
            [len(references) + 1],
            "grouped",
        )


# Of this module, for an encoder that travels by pickle.
BOTH = threading.Barrier(2, timeout=20)


class Together(mean_colour.MeanColour):
    """Fails unless two batches are encoded at once."""

    def encode(self, fitted: np.ndarray, batch_size: int) -> np.ndarray:
        BOTH.wait()
        return super().encode(fitted, batch_size)


def test_the_next_shard_is_encoded_while_one_is_finished(
    tmp_path: Path,
) -> None:
    (tmp_path / "images").mkdir()
    for split in ("train", "test"):
        image = Image.new("RGB", (8, 6), (1, 2, 3))
        image.save(tmp_path / "images" / f"{split}.png")
    writer = dataclasses.replace(
        shard_writer(tmp_path, fixtures.draw_corpus(tmp_path / "corpus")),
        encoding=mean_colour.encoding(tmp_path / "images", Together()),
    )
    with pipes.runner() as pipeline:
        rows, rejects, _, _ = (
            pipeline
            | beam.Create(
                [
                    Reference(split, f"{split}.png", ("x",), split)
                    for split in ("train", "test")
                ]
            )
            | write_shards.WriteShards(writer)
        )
        pipes.check(
            rows | beam.Map(lambda row: (row.split, row.records)),
            [("train", 1), ("test", 1)],
        )
        pipes.check(pipes.reasons(rejects), [], "rejects")
