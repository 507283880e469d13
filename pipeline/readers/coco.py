"""COCO captions JSON, of 2014 or 2017: images and annotations, joined by id."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import documents, image_ids, own_splits
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference, with_text
from pipeline.readers.rejects import REJECTS, Reject


def check(file: InputFile) -> None:
    """Checks the format by the first items of the file's lists.

    Raises:
      DataSetError: it holds no COCO captions.
    """
    path = file.path
    image = documents.first(path, "images")
    if isinstance(image, dict) and "sentences" in image:
        raise DataSetError(
            f"{path} is a Karpathy split file: use --dataset=karpathy"
        )
    if not isinstance(image, dict) or not {"id", "file_name"} <= image.keys():
        raise DataSetError(
            f"{path} is no COCO file: it needs a list 'images' with 'id' and "
            "'file_name'"
        )
    row = documents.first(path, "annotations")
    if not isinstance(row, dict) or not {"image_id", "caption"} <= row.keys():
        raise DataSetError(
            f"{path} holds no captions: it needs a list 'annotations' with "
            "'image_id' and 'caption', as captions_train2017.json has"
        )


def _parse_image(pair: tuple[str, Any]) -> Iterator[Any]:
    """(file, image) -> ((file, id), file name)."""
    path, row = pair
    identity = _identity(row, "id")
    if identity and isinstance(row.get("file_name"), str):
        yield (path, identity), row["file_name"]
    else:
        yield _malformed("malformed-image", row, "'id' and 'file_name'")


def _parse_annotation(pair: tuple[str, Any]) -> Iterator[Any]:
    """(file, annotation) -> ((file, image id), (place, text))."""
    path, row = pair
    identity = _identity(row, "image_id")
    if identity and isinstance(row.get("caption"), str):
        place = row.get("id")
        place = place if isinstance(place, int) else 0
        yield (path, identity), (place, row["caption"])
    else:
        yield _malformed("malformed-annotation", row, "'image_id', 'caption'")


def _identity(row: Any, name: str) -> str:
    """A row's id as text, or '' where it has none."""
    try:
        return image_ids.identity(row[name])
    except (KeyError, TypeError):
        return ""


def _malformed(reason: str, row: Any, needs: str) -> beam.pvalue.TaggedOutput:
    reject = Reject(str(row)[:120], "", reason, f"needs {needs}")
    return beam.pvalue.TaggedOutput(REJECTS, reject)


def _join(
    group: tuple[
        tuple[str, str], tuple[Iterable[str], Iterable[tuple[int, str]]]
    ],
    splits: Mapping[str, str],
) -> Iterator[Any]:
    """((file, id), ([file name], [(place, text)])) -> its reference."""
    (path, image_id), texts = group[0], sorted(group[1][1])
    images = sorted(set(group[1][0]))
    captions = with_text(text for _, text in texts)
    if len(images) == 1 and captions:
        yield Reference(image_id, images[0], captions, splits[path])
        return
    if not images:
        faults = [("", "annotation-without-image", text) for _, text in texts]
    elif len(images) > 1:
        name = path.rpartition("/")[2]
        detail = f"one of {len(images)} images of this id in {name}"
        faults = [(source, "duplicate-id", detail) for source in images]
    else:
        faults = [(images[0], "no-captions", "no annotation has text")]
    for source, reason, detail in faults:
        reject = Reject(image_id, source, reason, detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


class ReadCoco(beam.PTransform):
    """Begin -> (references, rejects) of COCO captions files.

    Ids join images and annotations of one file. Files may use the same ones
    for other images.
    """

    def __init__(self, files: Sequence[InputFile]):
        """Keeps the files, each with the split that it stands for."""
        super().__init__()
        self._files = files

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        splits = {file.path: file.split_of() for file in self._files}
        parsed = [
            begin
            | f"Read {name}" >> documents.ReadItems(self._files, name)
            | f"Parse {name}"
            >> beam.FlatMap(parse).with_outputs(REJECTS, main="parsed")
            for name, parse in (
                ("images", _parse_image),
                ("annotations", _parse_annotation),
            )
        ]
        join = beam.FlatMap(_join, splits)
        joined = (
            tuple(part.parsed for part in parsed)
            | beam.CoGroupByKey()
            | "Join" >> join.with_outputs(REJECTS, main="joined")
        )
        agreed, conflicts = joined.joined | own_splits.AgreeOnSplits(whole=True)
        rejects = [part[REJECTS] for part in (*parsed, joined)]
        return agreed, [*rejects, conflicts] | "All rejects" >> beam.Flatten()
