"""The flags of a data set -> its reader, and digests of its files."""

import dataclasses
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files
from pipeline.readers import (
    annotation_files,
    coco,
    flickr,
    image_pattern,
    jsonl,
    karpathy,
    table,
    tfds,
    webdataset,
)
from pipeline.readers.annotation_files import DataSetError, InputFile

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
    """

    reader: beam.PTransform
    inputs: dict[str, str]
    root: str


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
            return _tfds(annotations[0], tfds_data_dir, columns)
        return _webdataset(annotation_files.find(annotations), columns)
    if not images:
        raise DataSetError("--images is needed")
    if not beam_files.exists(images):
        return _located(dataset, annotations, images, columns)
    files = annotation_files.find(annotations)
    if dataset in _LISTS:
        return _flickr(files, images, _LISTS[dataset](files[0].path))
    reader = _reader(dataset, files, columns)
    return Source(
        reader, {"annotations": annotation_files.digest(files)}, images
    )


def _located(
    dataset: str,
    annotations: Sequence[str],
    images: str,
    columns: table.Columns,
) -> Source:
    """Makes a source whose images are found by a pattern."""
    found = image_pattern.is_pattern(images) and FileSystems.match(
        [images], [1]
    )
    if not found or not found[0].metadata_list:
        raise DataSetError(f"--images: no such path: {images}")
    root = image_pattern.root_of(images)
    source = open_source(dataset, annotations, root or ".", columns)
    return dataclasses.replace(
        source,
        reader=image_pattern.LocateImages(source.reader, images),
        root=root,
    )


def _reader(
    dataset: str, files: Sequence[InputFile], columns: table.Columns
) -> beam.PTransform:
    """Checks the format of the files, and makes their reader."""
    match dataset:
        case "coco":
            for file in files:
                coco.check(file)
            return coco.ReadCoco([coco.name_split(file) for file in files])
        case "karpathy":
            for file in files:
                karpathy.check(file)
            return karpathy.ReadKarpathy(files)
        case "csv" | "tsv":
            delimiter = _DELIMITERS[dataset]
            for file in files:
                table.check(file, columns, delimiter)
            return table.ReadTable(files, columns, delimiter)
    return jsonl.ReadJsonl(files)


def _flickr(
    files: Sequence[InputFile], images: str, lists: dict[str, str]
) -> Source:
    digests = {
        split: annotation_files.digest([InputFile(path)])
        for split, path in lists.items()
    }
    return Source(
        flickr.ReadFlickr(files, lists),
        {"annotations": annotation_files.digest(files)} | digests,
        images,
    )


def _webdataset(files: Sequence[InputFile], columns: table.Columns) -> Source:
    root = annotation_files.common_folder(files)
    reader = webdataset.ReadWebDataset(files, root, columns.caption)
    states = annotation_files.digest_states(files, root)
    return Source(reader, {"annotations": states}, root)


def _tfds(name: str, data_dir: str | None, columns: table.Columns) -> Source:
    files = tfds.find(name, data_dir)
    tfds.check(files, columns)
    root = annotation_files.common_folder(files)
    states = annotation_files.digest_states(files, root)
    return Source(
        tfds.ReadTfds(files, root, columns), {"annotations": states}, root
    )
