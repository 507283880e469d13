"""The whole job, from a reader to an open record set."""

from pathlib import Path

from pipeline.job import ledger, precompute, write_manifest
from pipeline.readers import annotation_files, jsonl
from pipeline.recordset import record_set, splits
from tests.support import fixtures, pipes
from tests.support.shard_writers import shard_writer


def test_a_reader_becomes_a_record_set(tmp_path: Path) -> None:
    corpus = fixtures.draw_corpus(tmp_path)
    writer = shard_writer(tmp_path, corpus)
    summary = write_manifest.Summary(
        output=writer.output,
        owner=writer.owner,
        encoder={"architecture": "patches"},
        grid=writer.encoding.grid,
        settings={"thumbnail_side": 0},
        limits=ledger.Limits(0.0),
    )
    inputs = annotation_files.find([str(corpus.jsonl)])
    with pipes.runner() as pipeline:
        digests = pipeline | precompute.Precompute(
            jsonl.ReadJsonl(inputs),
            splits.SplitRule(),
            writer,
            summary,
            min_count=1,
            max_words=100,
        )
        pipes.check(digests | "Count" >> pipes.counted(), [1])
    opened = record_set.open_record_set(writer.output)
    assert opened.num_images("train") == 6
    assert opened.manifest.settings == summary.settings
    assert "circle" in opened.vocabulary.dump()
    assert (Path(writer.output) / "data_card.html").exists()
