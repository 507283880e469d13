r"""Turns images and captions into a record set, and looks at one.

  # captions.jsonl: {"image": "a/1.jpg", "captions": ["a dog", ...]} a line
  python -m pipeline.main --annotations=captions.jsonl --images=photos \
    --output=data/mine/records
  python -m pipeline.main --dataset=csv --annotations=captions.csv \
    --image_column=file --caption_column=text --images=photos --output=...
  python -m pipeline.main ... --dry_run
  python -m pipeline.main --mode=verify --output=data/mine/records
  python -m pipeline.main --mode=inspect --output=data/mine/records \
    --html=page.html

`eyewitness-pipeline` is `python -m pipeline.main`. Flags that are not listed
here go to Apache Beam, for example `--runner=DataflowRunner --region=...`, or
`--direct_running_mode=multi_processing --direct_num_workers=2`.
"""

import dataclasses
import sys
from typing import Any

from pipeline import interruption, startup

with (
    interruption.told("pipeline"),
    startup.without_notes(),
    startup.packages("pipeline"),
):
    from absl import app, flags

    # TensorFlow looks for devices once flags are parsed, so look before.
    app.call_after_init(startup.find_devices)

    from apache_beam.io.filesystems import FileSystems

    from pipeline import command_line
    from pipeline.files import found_files, reach
    from pipeline.images import views
    from pipeline.job import beam_runner, services
    from pipeline.modes import inspect_page, precompute, verify
    from pipeline.modes import options as options_lib
    from pipeline.printable import printable
    from pipeline.readers import formats
    from pipeline.recordset import records

# What each flag is for; the help shows them in this order.
_TASK, _DATA, _WORDS, _IMAGES, _REJECTS, _LOOK = _TASKS = (
    "What to do",
    "The data set",
    "Splits and words",
    "Images and their encoder",
    "What may be left out",
    "--mode=inspect",
)

flags.DEFINE_enum(
    "mode",
    "precompute",
    ["precompute", "verify", "inspect"],
    "precompute makes a record set; verify reads every byte of one and tells "
    "each damage; inspect shows what is in one.",
    module_name=_TASK,
)
flags.DEFINE_string(
    "output",
    None,
    "Folder of the record set, in every mode.",
    required=True,
    module_name=_TASK,
)
flags.DEFINE_bool(
    "overwrite",
    False,
    "Replace the record set that --output holds.",
    module_name=_TASK,
)
flags.DEFINE_bool(
    "dry_run",
    False,
    "Encode a sample on this machine, write nothing to --output, and tell what "
    "the whole would take.",
    module_name=_TASK,
)
flags.DEFINE_integer(
    "limit",
    None,
    "Take only so many images: always the same, whatever their order.",
    lower_bound=1,
    module_name=_TASK,
)
flags.DEFINE_string(
    "drop_pairs",
    None,
    "File of images to leave out, one {'image_id': ...} a line, such as "
    "suspicious_pairs.jsonl, which the job and the trainer's diagnosis write.",
    module_name=_TASK,
)
flags.DEFINE_enum(
    "dataset",
    "jsonl",
    formats.FORMATS,
    "Format of --annotations.",
    module_name=_DATA,
)
flags.DEFINE_list(
    "annotations",
    "",
    "Files or patterns, with commas between; `train=` before one names the "
    "split of what it holds. Else what is inside tells the split, else a word "
    "of the file's name (train, val, test), else each image's id. "
    "jsonl: a file with one {'image': path, 'captions': [...]} a line, and "
    "optionally 'id' and 'split'. flickr8k: Flickr8k.token.txt, with the "
    "official Flickr_8k.*Images.txt lists beside it. flickr30k: "
    "results_20130124.token or results.csv, with the lists train.txt, val.txt "
    "and test.txt beside it where there are any. coco: "
    "captions_train2017.json,captions_val2017.json. "
    "karpathy: dataset_coco.json and the like. csv, tsv: a first row "
    "that names columns, one caption a row. webdataset: tar shards. "
    "tfds: the name of a data set that TFDS has prepared.",
    module_name=_DATA,
)
flags.DEFINE_string(
    "images",
    "",
    "Root folder of the images, or a pattern such as coco/*2017/*.jpg among "
    "whose files they are found by name; webdataset and tfds hold theirs.",
    module_name=_DATA,
)
flags.DEFINE_string(
    "image_column",
    "image",
    "csv, tsv: the column of paths; tfds: the feature with images.",
    module_name=_DATA,
)
flags.DEFINE_string(
    "caption_column",
    "caption",
    "csv, tsv: the column of captions; webdataset: the field of .json files, "
    "where there is no .txt; tfds: the feature with captions.",
    module_name=_DATA,
)
flags.DEFINE_string(
    "split_column",
    "",
    "csv, tsv: the column of splits, where there is one.",
    module_name=_DATA,
)
flags.DEFINE_string(
    "tfds_data_dir",
    None,
    "tfds: where data sets were prepared.",
    module_name=_DATA,
)
flags.DEFINE_list(
    "allow_hosts",
    [],
    "Hosts, with commas between, whose images are fetched where --annotations "
    "gives URLs. No other address is ever contacted for an image.",
    module_name=_DATA,
)
flags.DEFINE_float(
    "validation_share",
    0.05,
    "Of the images that have no split of their own.",
    module_name=_WORDS,
)
flags.DEFINE_float(
    "test_share",
    0.05,
    "Of the images that have no split of their own.",
    module_name=_WORDS,
)
flags.DEFINE_float(
    "holdout_share",
    0.0,
    "Of the data set's train split, for validation.",
    module_name=_WORDS,
)
flags.DEFINE_integer(
    "min_count",
    1,
    "Words seen less often in train become <unk>.",
    1,
    module_name=_WORDS,
)
flags.DEFINE_integer(
    "max_words",
    20000,
    "Most tokens in the vocabulary.",
    lower_bound=5,
    module_name=_WORDS,
)
flags.DEFINE_string(
    "encoder",
    "efficientnet-lite0",
    "The embedded encoder, a keras.applications class name, or the path of a "
    "saved Keras model.",
    module_name=_IMAGES,
)
flags.DEFINE_string(
    "weights",
    None,
    "For keras.applications: 'imagenet', 'none' or a path.",
    module_name=_IMAGES,
)
flags.DEFINE_integer(
    "batch_size",
    32,
    "Images that the encoder takes at once.",
    lower_bound=1,
    module_name=_IMAGES,
)
flags.DEFINE_enum(
    "grid_dtype",
    "float16",
    sorted(records.GRID_DTYPES),
    "Storage of grids.",
    module_name=_IMAGES,
)
flags.DEFINE_integer(
    "num_shards",
    8,
    "Shards of each split.",
    lower_bound=1,
    module_name=_IMAGES,
)
flags.DEFINE_integer(
    "thumbnail_side",
    224,
    "Pixels; 0 stores no thumbnails.",
    lower_bound=0,
    module_name=_IMAGES,
)
flags.DEFINE_list(
    "views",
    [],
    "Views of each train image to encode and store beside it, with commas "
    f"between, of {', '.join(views.VIEWS)}: the mirrored image, and the corner "
    "of seven eighths of its sides. Training draws one of them or the image "
    "itself in each epoch; nothing else sees them. Each takes the time and "
    "disk of one more image. An image with `left` or `right` in a caption is "
    "not mirrored: English words alone are known.",
    module_name=_IMAGES,
)
flags.DEFINE_integer(
    "max_image_megabytes",
    50,
    "Larger image files are rejected.",
    1,
    module_name=_IMAGES,
)
flags.DEFINE_integer(
    "max_image_megapixels",
    50,
    "Images of more pixels are rejected.",
    1,
    178,
    module_name=_IMAGES,
)
flags.DEFINE_float(
    "max_reject_share",
    0.05,
    "The job fails if more than this share of the images was rejected, or of "
    "the captions, or of the lines or rows.",
    module_name=_REJECTS,
)
flags.DEFINE_float(
    "max_shard_reject_share",
    0.0,
    "webdataset, tfds: the job fails if more than this share of the shards "
    "could not be read to their ends.",
    module_name=_REJECTS,
)
flags.DEFINE_integer(
    "samples",
    3,
    "inspect: records of each split to show.",
    lower_bound=0,
    module_name=_LOOK,
)
flags.DEFINE_string(
    "split",
    "",
    "inspect: the only split to show.",
    module_name=_LOOK,
)
flags.DEFINE_string(
    "html",
    "",
    "inspect: a file for a page with the thumbnails.",
    module_name=_LOOK,
)


def _without_file_urls(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(_without_file_urls, value))
    return found_files.from_url(value) if isinstance(value, str) else value


def _run(argv: list[str]) -> str:
    """Runs the mode that --mode names; returns what to print at its end."""
    given = flags.FLAGS.flag_values_dict()
    options = options_lib.Options(
        **{
            f.name: _without_file_urls(given[f.name])
            for f in dataclasses.fields(options_lib.Options)
        }
    )
    beam_options = beam_runner.parse_options(argv)
    startup.compute_in_half()
    # Files are read before Beam's pipeline sets this, and may lie on S3.
    FileSystems.set_options(beam_options)
    services.await_bucket(beam_options)
    if given["mode"] != "precompute":
        reach.check([("output", options.output)])
    if given["mode"] == "verify":
        return verify.verify(options.output)
    if given["mode"] == "inspect":
        return inspect_page.inspect(
            options.output,
            split=given["split"],
            samples=given["samples"],
            html_file=given["html"],
        )
    return precompute.precompute(options, beam_options)


def main(argv: list[str]) -> None:
    """Runs a mode; one clear line and exit code 1 when it can't."""
    beam_runner.set_log_levels()
    try:
        command_line.show(_run(argv[1:]))
    except Exception as error:  # noqa: BLE001 - runners and buckets have theirs
        sys.exit(f"pipeline: {printable(beam_runner.cause(error))}")


def run() -> None:
    """Entry point of the console script."""
    parse = command_line.parser("pipeline", __doc__, _TASKS, known_only=True)
    with interruption.told("pipeline"):
        app.run(main, flags_parser=parse)


if __name__ == "__main__":
    run()
