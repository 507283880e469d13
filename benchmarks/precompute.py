"""How near the Beam job comes to the bare encoder, in one process and run.

  python benchmarks/precompute.py --annotations=Flickr8k.token.txt \
    --images=images/ --num_images=5000

The floor is the encoder alone, fed from memory in the same batches on the same
threads. The job reads, splits, groups, decodes, encodes, writes and finishes a
record set. Start-up (imports, weights, first trace) is reported apart. The
floor is measured before and after the job, so that a machine that grows busy
shows.
"""

import argparse
import itertools
import json
import pathlib
import sys
import tempfile
import time

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from pipeline import (  # noqa: E402
    captions,
    encoders,
    images,
    manifest,
    readers,
    records,
    shards,
    splits,
    transforms,
)

BATCH = 32
# A train shard of 1,125 images is 150 MB, as large as shards should be.
SHARDS = 4


def write_jsonl(
    tokens: pathlib.Path, root: pathlib.Path, output: pathlib.Path, limit: int
) -> int:
    """Merges a Flickr8k token file into one line an image; returns how many."""
    lines = tokens.read_text(encoding="utf-8").splitlines()
    parts = [captions.parse_flickr8k(line) for line in lines]
    groups = itertools.groupby(parts, key=lambda part: part.source)
    merged = (captions.merge(group) for _, group in groups)
    present = (row for row in merged if (root / row.source).exists())
    rows = list(itertools.islice(present, limit))
    output.write_text(
        "".join(
            json.dumps({"image": row.source, "captions": row.captions}) + "\n"
            for row in rows
        )
    )
    return len(rows)


def bare(encoder: encoders.Encoder, fitted: np.ndarray, count: int) -> float:
    """Images per second of the encoder alone."""
    begin = time.perf_counter()
    rounds = count // len(fitted)
    for _ in range(rounds):
        encoder.encode(fitted, BATCH)
    return rounds * len(fitted) / (time.perf_counter() - begin)


def job(
    encoder: encoders.Encoder,
    jsonl: pathlib.Path,
    root: pathlib.Path,
    output: pathlib.Path,
) -> float:
    """Seconds of the whole job."""
    grid = records.GridSpec(encoder.locations, encoder.depth)
    writer = shards.ShardWriter(
        images=str(root),
        output=str(output),
        request="benchmark",
        encoder=encoder.name,
        weights=None,
        grid=grid,
        num_shards=SHARDS,
        batch_size=BATCH,
        thumbnail_side=224,
    )
    summary = transforms.Summary(
        output=str(output),
        encoder=encoder.fingerprint,
        grid=grid,
        settings={"batch_size": BATCH},
        max_reject_share=0.0,
    )
    precompute = transforms.Precompute(
        readers.ReadJsonl(str(jsonl)),
        splits.SplitRule(),
        writer,
        summary,
        min_count=5,
        max_words=20000,
    )
    loaded = writer.model.acquire(lambda: encoder)
    begin = time.perf_counter()
    options = PipelineOptions(["--runner=FnApiRunner"])
    with beam.Pipeline(options=options) as pipeline:
        pipeline | precompute
    seconds = time.perf_counter() - begin
    # Held until here, or each bundle would load the weights again.
    del loaded
    return seconds


def main() -> None:
    """Prints the floor, the job, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--num_images", type=int, default=5000)
    args = parser.parse_args()
    begin = time.perf_counter()
    encoder = encoders.load_encoder()
    files = sorted(args.images.iterdir())[: 8 * BATCH]
    pixels = [images.canonicalise(file.read_bytes()) for file in files]
    fitted = np.stack([encoder.fit(p) for p in pixels])
    encoder.encode(fitted[: BATCH + 1], BATCH)
    print(f"start-up {time.perf_counter() - begin:.1f} s (after imports)")
    with tempfile.TemporaryDirectory() as folder:
        jsonl = pathlib.Path(folder) / "captions.jsonl"
        count = write_jsonl(
            args.annotations, args.images, jsonl, args.num_images
        )
        before = bare(encoder, fitted, count)
        output = pathlib.Path(folder) / "records"
        seconds = job(encoder, jsonl, args.images, output)
        after = bare(encoder, fitted, count)
        found = manifest.open_record_set(str(output)).manifest
    written = sum(shard.records for shard in found.shards)
    floor = 2 / (1 / before + 1 / after)
    print(f"bare encoder {before:.1f} before, {after:.1f} after, images/s")
    print(f"whole job    {written / seconds:.1f} images/s, {written} images")
    print(f"ratio        {written / seconds / floor:.3f}")


if __name__ == "__main__":
    main()
