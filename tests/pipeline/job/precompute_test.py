"""Transforms: what each stage gives, on the runner that the job uses."""

import collections
import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from pipeline.files import image_root, ownership
from pipeline.job import vocabulary as job_vocabulary
from pipeline.job import write_manifest, write_rejects, write_shards
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import records, splits
from pipeline.recordset import vocabulary as recordset_vocabulary
from pipeline.shards import encode, write_shard
from tests.support import card_sample, fixtures, pipes

# There are no shards to show pictures of.
CARD = dataclasses.replace(card_sample.HEALTHY, examples={}).dump()

VOCABULARY_PARTS = [
    Reference("1", "a.jpg", ("A dog.", "a dog and a cat"), "train"),
    Reference("2", "a.jpg", ("the man's cat",), "train"),
    Reference("3", "a.jpg", ("zebra zebra zebra",), "test"),
]


@pytest.mark.parametrize(
    ("min_count", "max_size", "words"),
    [
        (1, 99, {"a": 3, "cat": 2, "dog": 2, "and": 1, "man's": 1, "the": 1}),
        (2, 99, {"a": 3, "cat": 2, "dog": 2}),
        (1, 6, {"a": 3, "cat": 2}),
        (9, 99, {}),
    ],
)
def test_the_vocabulary_is_learned_from_train_only(
    min_count: int, max_size: int, words: dict[str, int]
) -> None:
    expected = recordset_vocabulary.Vocabulary.from_counts(
        words, num_captions=3, num_words=10
    )
    with pipes.runner() as pipeline:
        dumped = (
            pipeline
            | beam.Create(VOCABULARY_PARTS)
            | job_vocabulary.LearnVocabulary(
                min_count=min_count, max_size=max_size
            )
        )
        pipes.check(dumped, [expected.dump()])


def test_without_train_captions_the_vocabulary_is_empty() -> None:
    expected = recordset_vocabulary.Vocabulary.from_counts(
        {}, num_captions=0, num_words=0
    )
    with pipes.runner() as pipeline:
        dumped = (
            pipeline
            | beam.Create(VOCABULARY_PARTS[2:])
            | job_vocabulary.LearnVocabulary(min_count=1, max_size=9)
        )
        pipes.check(dumped, [expected.dump()])


def shard_writer(
    tmp_path: Path, corpus: fixtures.Corpus
) -> write_shard.ShardWriter:
    encoder = fixtures.save_encoder(tmp_path / "encoder.keras")
    return write_shard.ShardWriter(
        encoding=encode.Encoding(
            images=image_root.ImageRoot(str(corpus.images)),
            encoder=str(encoder),
            weights=None,
            grid=records.GridSpec(locations=16, depth=6),
            batch_size=4,
            thumbnail_side=0,
        ),
        output=str(tmp_path / "records"),
        owner=ownership.take(str(tmp_path / "records")),
        request="ab",
        num_shards=2,
    )


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


def test_rejects_are_written_and_counted(tmp_path: Path) -> None:
    rejects = [
        Reject(f"{number}", "a.jpg", reason, "")
        for number, reason in enumerate(["empty", "truncated", "empty"] * 5)
    ]
    with pipes.runner() as pipeline:
        counts = (
            pipeline
            | beam.Create(rejects)
            | write_rejects.WriteRejects(str(tmp_path), 4)
        )
        pipes.check(counts, [("empty", 10), ("truncated", 5)])
    written = [
        json.loads(line)
        for path in tmp_path.glob("rejects-*-of-00004.jsonl")
        for line in path.read_text().splitlines()
    ]
    written.sort(key=lambda row: int(row["image_id"]))
    assert written == [dataclasses.asdict(reject) for reject in rejects]


TRAIN = manifest_lib.Shard("train-1", "train", 7, 7, 10, "ab")
DUMPED = recordset_vocabulary.Vocabulary.from_counts(
    {"a": 2}, num_captions=1, num_words=2
).dump()


def finish(
    output: Path,
    *,
    rows: Iterable[manifest_lib.Shard] = (TRAIN,),
    reasons: Iterable[tuple[str, int]] = (),
    read: int = 7,
    max_reject_share: float = 0.5,
) -> None:
    summary = write_manifest.Summary(
        output=str(output),
        owner=ownership.take(str(output)),
        encoder={"architecture": "none"},
        grid=records.GridSpec(1, 1),
        settings={"dataset": "jsonl"},
        max_reject_share=max_reject_share,
    )
    with pipes.runner() as pipeline:
        parts = {
            "rows": rows,
            "reasons": reasons,
            "vocabulary": [DUMPED],
            "card": [CARD],
            "read": [read],
            "grouped": [7],
        }
        written = write_manifest.Written(
            **{
                name: pipeline | name >> beam.Create(list(values))
                for name, values in parts.items()
            }
        )
        pipeline | write_manifest.WriteManifest(summary, written)


def test_the_manifest_is_written_last(tmp_path: Path) -> None:
    test = dataclasses.replace(TRAIN, file="test-1", split="test")
    finish(tmp_path, rows=[TRAIN, test], reasons=[("empty", 2)])
    text = (tmp_path / "manifest.json").read_text()
    manifest = manifest_lib.Manifest.load(text)
    assert manifest.shards == (test, TRAIN)
    assert manifest.rejected == {"empty": 2}
    assert manifest.settings == {"dataset": "jsonl"}
    assert (tmp_path / "vocabulary.tsv").read_text() == DUMPED


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rows": []}, "the data set has no images"),
        (
            {"rows": [dataclasses.replace(TRAIN, split="test")]},
            "no image fell in the train split: read 7 references, wrote 7",
        ),
        ({"read": 8}, "references were lost: 8 read, 7 accounted for"),
        (
            {
                "reasons": [("empty", 1), ("unreadable", 2), ("broken", 1)],
                "max_reject_share": 0.1,
            },
            "4 of 11 images were rejected (36.4%, --max_reject_share is 10.0%)",
        ),
    ],
)
def test_a_bad_whole_gets_no_manifest(
    tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        finish(tmp_path, **given)
    assert str(caught.value).startswith(message)
    assert [path.name for path in tmp_path.iterdir()] == [".owner"]


def test_too_many_rejects_are_listed_by_reason(tmp_path: Path) -> None:
    reasons = [("empty", 1), ("unreadable", 2), ("broken", 1)]
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        finish(tmp_path, reasons=reasons, max_reject_share=0.36)
    assert (
        ": unreadable 2, broken 1, empty 1; see rejects-*.jsonl, and run again "
        "with --overwrite when they are mended"
    ) in str(caught.value)
    finish(tmp_path, reasons=reasons, max_reject_share=0.37)
    assert (tmp_path / "manifest.json").exists()
