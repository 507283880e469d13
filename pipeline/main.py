r"""Turns images and captions into a record set, and looks at one.

  python -m pipeline.main --annotations=captions.jsonl --images=photos/ \
    --output=records
  python -m pipeline.main --mode=verify --output=records
  python -m pipeline.main --mode=inspect --output=records --html=page.html

Flags that are not listed here go to Apache Beam, for example
`--runner=DataflowRunner --region=...`, or
`--direct_running_mode=multi_processing --direct_num_workers=2`.
"""

import os

# TensorFlow's C++ start-up notes would bury the progress lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import dataclasses
import logging
import sys
from typing import Any

import apache_beam as beam
from absl import app, flags
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.card import data_card
from pipeline.encoders import encoder as encoder_lib
from pipeline.files import beam_files, image_root, ownership
from pipeline.findings import wording
from pipeline.images import decode
from pipeline.job import beam_runner, precompute, progress, write_manifest
from pipeline.job import request as request_lib
from pipeline.modes import dry_run, inspect, inspect_page, verify
from pipeline.readers import annotation_files, formats, subset, table
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set, records, splits
from pipeline.shards import counters as counters_lib
from pipeline.shards import encode, write_shard

_MODE = flags.DEFINE_enum(
    "mode",
    "precompute",
    ["precompute", "verify", "inspect"],
    "precompute makes a record set; verify reads every byte of one and tells "
    "each damage; inspect shows what is in one.",
)
_SAMPLES = flags.DEFINE_integer(
    "samples", 3, "inspect: records of each split to show.", lower_bound=0
)
_SPLIT = flags.DEFINE_string("split", "", "inspect: the only split to show.")
_HTML = flags.DEFINE_string(
    "html", "", "inspect: a file for a page with the thumbnails."
)
_DATASET = flags.DEFINE_enum(
    "dataset", "jsonl", formats.FORMATS, "Format of --annotations."
)
_ANNOTATIONS = flags.DEFINE_list(
    "annotations",
    "",
    "Files or patterns, with commas between; `train=` before one names the "
    "split of what it holds. "
    "jsonl: a file with one {'image': path, 'captions': [...]} a line, and "
    "optionally 'id' and 'split'. flickr8k: Flickr8k.token.txt, with the "
    "official Flickr_8k.*Images.txt lists beside it. flickr30k: "
    "results_20130124.token or results.csv, with the lists train.txt, val.txt "
    "and test.txt beside it where there are any. coco: "
    "captions_train2017.json,captions_val2017.json: the names tell the "
    "splits. karpathy: dataset_coco.json and the like. csv, tsv: a first row "
    "that names columns, one caption a row. webdataset: tar shards. "
    "tfds: the name of a data set that TFDS has prepared.",
)
_TFDS_DATA_DIR = flags.DEFINE_string(
    "tfds_data_dir", None, "tfds: where data sets were prepared."
)
_IMAGE_COLUMN = flags.DEFINE_string(
    "image_column",
    "image",
    "csv, tsv: the column of paths; tfds: the feature with images.",
)
_CAPTION_COLUMN = flags.DEFINE_string(
    "caption_column",
    "caption",
    "csv, tsv: the column of captions; webdataset: the field of .json files, "
    "where there is no .txt; tfds: the feature with captions.",
)
_SPLIT_COLUMN = flags.DEFINE_string(
    "split_column", "", "csv, tsv: the column of splits, where there is one."
)
_IMAGES = flags.DEFINE_string(
    "images",
    "",
    "Root folder of the images, or a pattern such as coco/*2017/*.jpg among "
    "whose files they are found by name; webdataset and tfds hold theirs.",
)
_ALLOW_HOSTS = flags.DEFINE_list(
    "allow_hosts",
    [],
    "Hosts, with commas between, whose images are fetched where --annotations "
    "gives URLs. No other address is ever contacted for an image.",
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the record set, in every mode.", required=True
)
_ENCODER = flags.DEFINE_string(
    "encoder",
    "efficientnet-lite0",
    "The embedded encoder, a keras.applications class name, or the path of a "
    "saved Keras model.",
)
_WEIGHTS = flags.DEFINE_string(
    "weights", None, "For keras.applications: 'imagenet', 'none' or a path."
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 32, "Images that the encoder takes at once.", lower_bound=1
)
_GRID_DTYPE = flags.DEFINE_enum(
    "grid_dtype", "float16", sorted(records.GRID_DTYPES), "Storage of grids."
)
_NUM_SHARDS = flags.DEFINE_integer(
    "num_shards", 8, "Shards of each split.", lower_bound=1
)
_THUMBNAIL_SIDE = flags.DEFINE_integer(
    "thumbnail_side", 224, "Pixels; 0 stores no thumbnails.", lower_bound=0
)
_MAX_IMAGE_MEGABYTES = flags.DEFINE_integer(
    "max_image_megabytes", 50, "Larger image files are rejected.", 1
)
_MAX_IMAGE_MEGAPIXELS = flags.DEFINE_integer(
    "max_image_megapixels", 50, "Images of more pixels are rejected.", 1, 178
)
_VALIDATION_SHARE = flags.DEFINE_float(
    "validation_share", 0.05, "Of the images that have no split of their own."
)
_TEST_SHARE = flags.DEFINE_float(
    "test_share", 0.05, "Of the images that have no split of their own."
)
_HOLDOUT_SHARE = flags.DEFINE_float(
    "holdout_share", 0.0, "Of the data set's train split, for validation."
)
_MIN_COUNT = flags.DEFINE_integer(
    "min_count", 1, "Words seen less often in train become <unk>.", 1
)
_MAX_WORDS = flags.DEFINE_integer(
    "max_words", 20000, "Most tokens in the vocabulary.", lower_bound=5
)
_MAX_REJECT_SHARE = flags.DEFINE_float(
    "max_reject_share", 0.05, "The job fails above this share of rejects."
)
_LIMIT = flags.DEFINE_integer(
    "limit",
    None,
    "Take only so many images: always the same, whatever their order.",
    lower_bound=1,
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run",
    False,
    "Encode a sample on this machine, write nothing to --output, and tell what "
    "the whole would take.",
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "Replace the record set that --output holds."
)


def _limits() -> decode.Limits:
    return decode.Limits(
        max_bytes=_MAX_IMAGE_MEGABYTES.value << 20,
        max_pixels=_MAX_IMAGE_MEGAPIXELS.value * 1_000_000,
    )


def _settings() -> dict[str, Any]:
    """What the manifest records of the flags: no path, no runner."""
    rule = splits.SplitRule(
        validation_share=_VALIDATION_SHARE.value,
        test_share=_TEST_SHARE.value,
        holdout_share=_HOLDOUT_SHARE.value,
    )
    return {
        "dataset": _DATASET.value,
        "allow_hosts": sorted(_ALLOW_HOSTS.value),
        "limit": _LIMIT.value,
        "split_rule": dataclasses.asdict(rule),
        "num_shards": _NUM_SHARDS.value,
        "grid_dtype": _GRID_DTYPE.value,
        "thumbnail_side": _THUMBNAIL_SIDE.value,
        "limits": dataclasses.asdict(_limits()),
        "min_count": _MIN_COUNT.value,
        "max_words": _MAX_WORDS.value,
        "batch_size": _BATCH_SIZE.value,
    }


def _check_paths() -> None:
    """Finds a wrong path before the encoder is loaded."""
    if set(_OUTPUT.value) & set("*?["):  # Beam would read it as a pattern.
        raise manifest_lib.RecordSetError(
            f"--output: a path without * ? and [ is needed: {_OUTPUT.value}"
        )


def _paths() -> list[tuple[str, str]]:
    """What the workers are told to read and write: flag and path."""
    if _DATASET.value == "tfds":
        paths = [("tfds_data_dir", _TFDS_DATA_DIR.value or "")]
    else:
        patterns = [
            annotation_files.pattern(given) for given in _ANNOTATIONS.value
        ]
        paths = [("annotations", pattern) for _, pattern in patterns]
    if _IMAGES.value:
        paths.append(("images", _IMAGES.value))
    paths.append(("output", _OUTPUT.value))
    if _ENCODER.value.endswith(".keras"):
        paths.append(("encoder", _ENCODER.value))
    if _WEIGHTS.value not in (None, "imagenet", "none"):
        paths.append(("weights", _WEIGHTS.value))
    return paths


def _load_encoder() -> encoder_lib.Encoder:
    try:
        return encoder_lib.load_encoder(_ENCODER.value, weights=_WEIGHTS.value)
    except Exception as error:  # Keras' own for a download that fails.
        raise manifest_lib.RecordSetError(
            f"--encoder={_ENCODER.value}: {error}"
        ) from error


def _run(argv: list[str]) -> str:
    """Does what --mode says; returns the line that tells how it ended."""
    options = beam_runner.parse_options(argv)
    # What is read here, before the pipeline is, may lie on S3 too.
    FileSystems.set_options(options)
    if _MODE.value == "verify":
        return _verify()
    if _MODE.value == "inspect":
        return _inspect()
    return _precompute(options)


def _inspect() -> str:
    inspected = inspect.inspect(
        _OUTPUT.value, split=_SPLIT.value, samples=_SAMPLES.value
    )
    if _HTML.value:
        folder, name = os.path.split(_HTML.value)
        beam_files.write_text(folder, name, inspect_page.render(inspected))
    return str(inspected)


def _verify() -> str:
    """Prints a line for each damage."""
    tally, damages = verify.Tally(), 0
    with progress.Ticker(tally.line) as ticker:
        for line in verify.find_damages(_OUTPUT.value, tally):
            ticker.say(line)
            damages += 1
    if damages:
        raise manifest_lib.RecordSetError(
            f"{_OUTPUT.value}: {tally}, {damages} damages; remove the damaged "
            "files and run the same job again"
        )
    return f"{_OUTPUT.value}: {tally}, no damage"


def _precompute(options: PipelineOptions) -> str:
    """Runs the job."""
    output = _OUTPUT.value
    _check_paths()
    beam_runner.check_reach(options, _paths())
    source = formats.open_source(
        _DATASET.value,
        _ANNOTATIONS.value,
        _IMAGES.value,
        table.Columns(
            _IMAGE_COLUMN.value, _CAPTION_COLUMN.value, _SPLIT_COLUMN.value
        ),
        tfds_data_dir=_TFDS_DATA_DIR.value,
    )
    logging.getLogger(__name__).info("loading %s", _ENCODER.value)
    encoder = _load_encoder()
    request = request_lib.Request(
        inputs=source.inputs,
        settings=_settings(),
        encoder=encoder.fingerprint,
    )
    if _DRY_RUN.value:
        writer = _writer(source, encoder, request, "", counters_lib.Counters())
        return str(dry_run.rehearse(_reader(source), writer))
    with ownership.hold(output):
        owner = request_lib.claim(output, request, overwrite=_OVERWRITE.value)
        if owner is None:
            return f"already complete: {output}"
        board = progress.Board()
        writer = _writer(source, encoder, request, owner, board.counters)
        with (
            board,
            beam_runner.keep_terminal(options) as terminal,
            progress.Ticker(board.line, terminal),
        ):
            beam_runner.run(_job(source, request, writer), options)
        ownership.give_back(output, owner)
        return _described(output)


def _reader(source: formats.Source) -> beam.PTransform:
    if _LIMIT.value is None:
        return source.reader
    return subset.ReadSome(source.reader, _LIMIT.value)


def _writer(
    source: formats.Source,
    encoder: encoder_lib.Encoder,
    request: request_lib.Request,
    owner: str,
    counters: counters_lib.Counters,
) -> write_shard.ShardWriter:
    return write_shard.ShardWriter(
        encoding=encode.Encoding(
            images=image_root.ImageRoot(source.root, tuple(_ALLOW_HOSTS.value)),
            encoder=_ENCODER.value,
            weights=_WEIGHTS.value,
            grid=records.GridSpec(
                encoder.locations, encoder.depth, _GRID_DTYPE.value
            ),
            batch_size=_BATCH_SIZE.value,
            thumbnail_side=_THUMBNAIL_SIDE.value,
            limits=_limits(),
        ),
        output=_OUTPUT.value,
        owner=owner,
        request=request.digest,
        num_shards=_NUM_SHARDS.value,
        counters=counters,
    )


def _job(
    source: formats.Source,
    request: request_lib.Request,
    writer: write_shard.ShardWriter,
) -> precompute.Precompute:
    """Wires the job."""
    summary = write_manifest.Summary(
        output=writer.output,
        owner=writer.owner,
        encoder=request.encoder,
        grid=writer.encoding.grid,
        settings=request.settings,
        max_reject_share=_MAX_REJECT_SHARE.value,
    )
    return precompute.Precompute(
        _reader(source),
        splits.SplitRule(**request.settings["split_rule"]),
        writer,
        summary,
        min_count=_MIN_COUNT.value,
        max_words=_MAX_WORDS.value,
    )


def _described(output: str) -> str:
    """The counts, each finding that is not `ok`, and where to read more."""
    manifest = record_set.open_record_set(output, beam_files.BEAM).manifest
    counts = ", ".join(
        f"{split} {manifest.num_images(split)}" for split in manifest.splits
    )
    rejected = sum(manifest.rejected.values())
    card = data_card.load(output, beam_files.BEAM)
    return "\n".join(
        [
            f"{output}: {counts} images, {rejected} rejected",
            *wording.lines(card.findings),
            f"Data card: {os.path.join(output, manifest_lib.CARD_PAGE_FILE)}",
        ]
    )


def main(argv: list[str]) -> None:
    """Runs the job; one clear line and exit code 1 when it can't."""
    beam_runner.set_log_levels()
    try:
        print(_run(argv[1:]))
    except Exception as error:  # noqa: BLE001 - runners and buckets have theirs
        sys.exit(f"pipeline: {beam_runner.cause(error)}")


def _parse_known(argv: list[str]) -> list[str]:
    try:
        return flags.FLAGS(argv, known_only=True)
    except flags.Error as error:
        sys.exit(f"pipeline: {beam_runner.cause(error)}")


def run() -> None:
    """Entry point of the console script."""
    app.run(main, flags_parser=_parse_known)


if __name__ == "__main__":
    run()
