"""How near the Beam job comes to the bare encoder, in one process and run.

  python benchmarks/precompute.py --annotations=Flickr8k.token.txt \
    --images=images/ --num_images=5000
  python benchmarks/precompute.py ... --megapixels=12

The floor is the encoder alone, fed from memory in the same batches, TensorFlow
having the same threads: called in a loop, and called by two threads at once,
which is the most that it gives. With `--megapixels`, which enlarges a hundred
of the photographs to the size that a camera writes, decoding on two threads
comes before it. The job reads, splits, groups, decodes, encodes, writes,
appraises and finishes a record set. Start-up is reported apart: imports,
weights and first trace, and what Beam takes for a job of one batch beyond
encoding it. The floor is measured before and after the job, so that a machine
that grows busy shows.
"""

import argparse
import concurrent.futures
import itertools
import json
import pathlib
import sys
import tempfile
import time

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from pipeline.encoders import encoder as encoder_lib  # noqa: E402
from pipeline.files import image_root, ownership  # noqa: E402
from pipeline.job import ledger, write_manifest  # noqa: E402
from pipeline.job import precompute as precompute_lib  # noqa: E402
from pipeline.readers import (
    annotation_files,  # noqa: E402
    flickr,  # noqa: E402
    reference,  # noqa: E402
)
from pipeline.readers import jsonl as jsonl_lib  # noqa: E402
from pipeline.recordset import (
    record_set,  # noqa: E402
    records,  # noqa: E402
    splits,  # noqa: E402
)
from pipeline.shards import encode as encode_lib  # noqa: E402
from pipeline.shards import write_shard  # noqa: E402

BATCH = 32
# A shard of 1,250 images is 170 MB, as large as shards should be.
SHARDS = 4
THREADS = 2
CALLERS = (1, 2)
DISTINCT = 100


def write_jsonl(
    tokens: pathlib.Path, root: pathlib.Path, output: pathlib.Path, limit: int
) -> int:
    """Merges a Flickr8k token file into one line an image; returns how many."""
    lines = tokens.read_text(encoding="utf-8").splitlines()
    parts = [flickr.parse_token(line) for line in lines]
    groups = itertools.groupby(parts, key=lambda part: part.source)
    merged = (reference.merge(group) for _, group in groups)
    present = (row for row in merged if (root / row.source).exists())
    rows = list(itertools.islice(present, limit))
    output.write_text(
        "".join(
            json.dumps({"image": row.source, "captions": row.captions}) + "\n"
            for row in rows
        )
    )
    return len(rows)


def enlarge(
    photographs: pathlib.Path, folder: pathlib.Path, megapixels: float
) -> pathlib.Path:
    """Every photograph's name, over `DISTINCT` enlarged files, 4:3."""
    folder.mkdir()
    names = [file.name for file in sorted(photographs.iterdir())]
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    size = (round(height * 4 / 3), height)
    for number, name in enumerate(names):
        if number < DISTINCT:
            image = Image.open(photographs / name).resize(size)
            image.save(folder / name, quality=90)
        else:
            (folder / name).hardlink_to(folder / names[number % DISTINCT])
    return folder


class Floor:
    """Images per second of what cannot be left out."""

    def __init__(self, encoder: encoder_lib.Encoder, root: pathlib.Path):
        """Loads a few batches and traces the encoder."""
        files = sorted(root.iterdir())[: 8 * BATCH]
        self._data = [file.read_bytes() for file in files]
        self._encoder = encoder
        self._fitted = np.stack([self._decode(data) for data in self._data])
        self._encode(self._fitted[: BATCH + 1])

    def _encode(self, batch: np.ndarray) -> None:
        self._encoder.encode(batch, BATCH)

    def _decode(self, data: bytes) -> np.ndarray:
        pixels = self._encoder.decode(data)
        return np.asarray(self._encoder.fit(pixels))

    def encode(self, count: int, callers: int) -> float:
        """Of the encoder alone, fed `count` images from memory."""
        size = len(self._fitted)
        batches = [
            self._fitted[start % size :][:BATCH]
            for start in range(0, count - count % BATCH, BATCH)
        ]
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(callers) as pool:
            list(pool.map(self._encode, batches))
        return len(batches) * BATCH / (time.perf_counter() - begin)

    def decode_and_encode(self, count: int, callers: int) -> float:
        """Of decoding alone, on as many threads, and then encoding alone."""
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self._decode, self._data))
        decoding = (time.perf_counter() - begin) / len(self._data)
        return 1 / (decoding + 1 / self.encode(count, callers))


def job(
    encoder: encoder_lib.Encoder,
    jsonl: pathlib.Path,
    root: pathlib.Path,
    output: pathlib.Path,
    num_shards: int,
) -> float:
    """Seconds of the whole job."""
    grid = records.GridSpec(encoder.locations, encoder.depth)
    writer = write_shard.ShardWriter(
        encoding=encode_lib.Encoding(
            images=image_root.ImageRoot(str(root)),
            encoder=encoder.name,
            weights=None,
            grid=grid,
            batch_size=BATCH,
            thumbnail_side=224,
        ),
        output=str(output),
        owner=ownership.take(str(output)),
        request="benchmark",
        num_shards=num_shards,
    )
    summary = write_manifest.Summary(
        output=str(output),
        owner=writer.owner,
        encoder=encoder.fingerprint,
        grid=grid,
        settings={"batch_size": BATCH},
        limits=ledger.Limits(0.0),
    )
    precompute = precompute_lib.Precompute(
        jsonl_lib.ReadJsonl([annotation_files.InputFile(str(jsonl))]),
        splits.SplitRule(validation_share=0, test_share=0),
        writer,
        summary,
        min_count=5,
        max_words=20000,
    )
    loaded = writer.encoding.model.acquire(lambda: encoder)
    begin = time.perf_counter()
    options = PipelineOptions(["--runner=FnApiRunner"])
    with beam.Pipeline(options=options) as pipeline:
        pipeline | precompute
    seconds = time.perf_counter() - begin
    # Held until here, or each bundle would load the weights again.
    del loaded
    return seconds


def measure(
    encoder: encoder_lib.Encoder,
    tokens: pathlib.Path,
    root: pathlib.Path,
    folder: pathlib.Path,
    args: argparse.Namespace,
) -> None:
    """Prints start-up, floor, job and their ratio."""
    begin = time.perf_counter()
    floor = Floor(encoder, root)
    rate = floor.decode_and_encode if args.megapixels else floor.encode
    traced = time.perf_counter() - begin
    jsonl = folder / "captions.jsonl"
    few = write_jsonl(tokens, root, jsonl, BATCH)
    begun = job(encoder, jsonl, root, folder / "few", 1) - few / rate(256, 2)
    print(f"start-up      {traced:.1f} s of tracing, {begun:.1f} s of Beam")
    count = write_jsonl(tokens, root, jsonl, args.num_images)
    before = [rate(count, callers) for callers in CALLERS]
    output = folder / "records"
    seconds = job(encoder, jsonl, root, output, SHARDS)
    after = [rate(count, callers) for callers in CALLERS]
    found = record_set.open_record_set(str(output)).manifest
    written = sum(shard.records for shard in found.shards)
    whole, steady = written / seconds, written / (seconds - begun)
    print(f"job           {whole:.1f} images/s, {steady:.1f} less start-up")
    for callers, first, last in zip(CALLERS, before, after, strict=True):
        bare = 2 / (1 / first + 1 / last)
        print(
            f"floor, {callers} calling {first:.1f} before, {last:.1f} after; "
            f"job's share {whole / bare:.3f}, {steady / bare:.3f} less start-up"
        )


def main() -> None:
    """Prints the floor, the job, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--num_images", type=int, default=5000)
    parser.add_argument("--megapixels", type=float, default=0)
    args = parser.parse_args()
    encoder = encoder_lib.load_encoder()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        root = args.images
        if args.megapixels:
            root = enlarge(root, folder / "large", args.megapixels)
        measure(encoder, args.annotations, root, folder, args)


if __name__ == "__main__":
    main()
