"""A writer of the shards of a drawn corpus."""

from pathlib import Path

from pipeline.files import image_root, ownership
from pipeline.recordset import records
from pipeline.shards import encode, write_shard
from tests.support import fixtures


def shard_writer(
    tmp_path: Path, corpus: fixtures.Corpus
) -> write_shard.ShardWriter:
    """Writes below `tmp_path / "records"`, which it takes."""
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
