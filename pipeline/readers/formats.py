"""The flags of a data set -> its reader, and digests of its files."""

import dataclasses
import logging
from collections.abc import Sequence

import apache_beam as beam

from pipeline.files import beam_files, found_files, image_root
from pipeline.readers import (
    annotation_files,
    coco,
    encodings,
    flickr,
    image_pattern,
    jsonl,
    karpathy,
    own_splits,
    split_names,
    table,
    tfds,
    webdataset,
)
from pipeline.readers.annotation_files import DataSetError, InputFile

_LOG = logging.getLogger(__name__)

FORMATS = (
    "jsonl",
    "flickr8k",
    "flickr30k",
    "coco",
    "karpathy",
    "csv",
    "tsv",
    "webdataset",
    "tfds",
)
_LISTS = {
    "flickr8k": flickr.find_lists_of_8k,
    "flickr30k": flickr.find_lists_of_30k,
}
_HOLD_IMAGES = ("webdataset", "tfds")
_DELIMITERS = {"csv": ",", "tsv": "\t"}


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set that was found.

    Attributes:
      reader: Begin -> (references, rejects).
      inputs: name -> digest of the files it reads, for the request.
      root: of the images that its references name.
      found: whether the references name files that were found by what the
        user named, and not by paths that the data gives.
    """

    reader: beam.PTransform
    inputs: dict[str, str]
    root: str
    found: bool = False

    def images(self, allow_hosts: Sequence[str]) -> image_root.ImageRoot:
        """Where the bytes of the images come from.

        Args:
          allow_hosts: whose URLs are read.
        """
        kind = image_root.FoundImages if self.found else image_root.ImageRoot
        return kind(self.root, tuple(allow_hosts))


def open_source(
    dataset: str,
    annotations: Sequence[str],
    images: str,
    columns: table.Columns,
    *,
    tfds_data_dir: str | None = None,
) -> Source:
    """Finds a data set's files and makes its reader.

    Args:
      dataset: one of `FORMATS`.
      annotations: paths or patterns, each with an optional `split=`; the name
        of one data set of TFDS.
      images: root folder of the images, or a pattern among whose files they
        are found by name; '' where --annotations holds them.
      columns: of tables; also the fields of webdataset and tfds.
      tfds_data_dir: where TFDS prepared its data sets; None is TFDS's own
        folder.

    Raises:
      DataSetError: a file is missing, or is not of that format.
    """
    if not annotations:
        raise DataSetError("--annotations is needed")
    if dataset in _HOLD_IMAGES:
        if images:
            raise DataSetError(
                f"--images: --dataset={dataset} holds its images itself"
            )
        if dataset == "tfds":
            if len(annotations) > 1:
                raise DataSetError(
                    "--annotations: --dataset=tfds reads one data set, not "
                    f"{len(annotations)}: {', '.join(annotations)}"
                )
            return _tfds(annotations[0], tfds_data_dir, columns)
        return _webdataset(annotation_files.find(annotations), columns)
    if not images:
        raise DataSetError("--images is needed")
    if not beam_files.exists(images):
        return _located(dataset, annotations, images, columns)
    images = images.rstrip("/") or "/"  # `photos/` decides no other digest.
    files = annotation_files.find(annotations)
    encodings.check(file.path for file in files)
    if dataset in _LISTS:
        return _flickr(files, images, dataset)
    named = split_names.name_by_files(files)
    # COCO's names have told splits all along, without a part in the digest.
    decide = files if dataset == "coco" else named
    reader = _reader(dataset, named, columns)
    told = split_names.holdings(named)
    return Source(
        # Where names tell some files from others, an image of no split is one
        # that was forgotten.
        own_splits.SettleSplits(reader, whole=len(told) > 1),
        {"annotations": annotation_files.digest(decide)},
        images,
    )


def _located(
    dataset: str,
    annotations: Sequence[str],
    images: str,
    columns: table.Columns,
) -> Source:
    """Makes a source whose images are found by a pattern."""
    if not next(found_files.find(images), None):
        told = found_files.printable(images)
        raise DataSetError(f"--images: no such path: {told}")
    root, _ = found_files.split_pattern(images)
    source = open_source(dataset, annotations, root or ".", columns)
    return dataclasses.replace(
        source,
        reader=image_pattern.LocateImages(source.reader, images),
        root=root,
        found=True,
    )


def _reader(
    dataset: str, files: Sequence[InputFile], columns: table.Columns
) -> beam.PTransform:
    """Checks the format of the files, and makes their reader."""
    match dataset:
        case "coco":
            for file in files:
                coco.check(file)
            _tell(files, alone=True)
            return coco.ReadCoco(files)
        case "karpathy":
            for file in files:
                karpathy.check(file)
            return karpathy.ReadKarpathy(files)
        case "csv" | "tsv":
            delimiter = _DELIMITERS[dataset]
            for file in files:
                table.check(file, columns, delimiter)
            _tell(files, alone=not columns.split)
            return table.ReadTable(files, columns, delimiter)
    for file in files:
        jsonl.check(file)
    _tell(files, alone=False)
    return jsonl.ReadJsonl(files)


def _tell(files: Sequence[InputFile], *, alone: bool) -> None:
    """Says in the log what files are of which split, where any is of one.

    Args:
      files: with the splits that flags or their names tell.
      alone: nothing inside of them tells splits.

    Raises:
      DataSetError: they are `alone`, and some are of none, or none is train.
    """
    held = split_names.holdings(files)
    if alone:
        split_names.check(held)
    if any(held):
        where = "" if alone else ", where nothing in them tells any"
        _LOG.info("splits of the files%s: %s", where, split_names.listed(held))


def _flickr(files: Sequence[InputFile], images: str, dataset: str) -> Source:
    lists = _LISTS[dataset](files[0].path)
    encodings.check(lists.values())
    digests = {
        split: annotation_files.digest([InputFile(path)])
        for split, path in lists.items()
    }
    kept = [flickr.OFFICIAL_DEV] if dataset == "flickr8k" else []
    return Source(
        own_splits.SettleSplits(flickr.ReadFlickr(files, lists), kept=kept),
        {"annotations": annotation_files.digest(files)} | digests,
        images,
    )


def _webdataset(files: Sequence[InputFile], columns: table.Columns) -> Source:
    root = annotation_files.common_folder(files)
    named = split_names.name_by_files(files)
    _tell(named, alone=True)
    reader = webdataset.ReadWebDataset(named, root, columns.caption)
    states = annotation_files.digest_states(named, root)
    return Source(
        own_splits.SettleSplits(reader),
        {"annotations": states},
        root,
        found=True,
    )


def _tfds(name: str, data_dir: str | None, columns: table.Columns) -> Source:
    files = tfds.find(name, data_dir)
    tfds.check(files, columns)
    _tell(files, alone=True)
    root = annotation_files.common_folder(files)
    states = annotation_files.digest_states(files, root)
    reader = own_splits.SettleSplits(tfds.ReadTfds(files, root, columns))
    return Source(reader, {"annotations": states}, root, found=True)
