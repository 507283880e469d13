"""COCO captions JSON, of 2014 or 2017: images and annotations, joined by id."""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import documents
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference, usual_split, with_text
from pipeline.readers.rejects import REJECTS, Reject

_NAMED = re.compile(r".*(?P<split>train|val|test)\d*\.json")


def name_split(file: InputFile) -> InputFile:
    """`captions_val2017.json` holds the split `validation`, and so on."""
    named = _NAMED.fullmatch(file.path)
    if file.split or not named:
        return file
    return dataclasses.replace(file, split=usual_split(named["split"]))


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
    """(split, image) -> (id, (file name, split))."""
    split, row = pair
    if _fits(row, id=int | str, file_name=str):
        yield str(row["id"]), (row["file_name"], split)
    else:
        yield _malformed("malformed-image", row, "'id' and 'file_name'")


def _parse_annotation(pair: tuple[str, Any]) -> Iterator[Any]:
    """(split, annotation) -> (image id, (place among annotations, text))."""
    row = pair[1]
    if _fits(row, image_id=int | str, caption=str):
        place = row.get("id")
        place = place if isinstance(place, int) else 0
        yield str(row["image_id"]), (place, row["caption"])
    else:
        yield _malformed("malformed-annotation", row, "'image_id', 'caption'")


def _fits(row: Any, **kinds: Any) -> bool:
    return isinstance(row, dict) and all(
        isinstance(row.get(name), kind) for name, kind in kinds.items()
    )


def _malformed(reason: str, row: Any, needs: str) -> beam.pvalue.TaggedOutput:
    reject = Reject(str(row)[:120], "", reason, f"needs {needs}")
    return beam.pvalue.TaggedOutput(REJECTS, reject)


def _join(
    group: tuple[
        str, tuple[Iterable[tuple[str, str]], Iterable[tuple[int, str]]]
    ],
) -> Iterator[Any]:
    """(id, ([(file name, split)], [(place, text)])) -> its reference."""
    image_id, images, texts = group[0], list(group[1][0]), sorted(group[1][1])
    captions = with_text(text for _, text in texts)
    if len(images) == 1 and captions:
        ((source, split),) = images
        yield Reference(image_id, source, captions, split)
        return
    if not images:
        faults = [("", "annotation-without-image", text) for _, text in texts]
    elif len(images) > 1:
        faults = [
            (source, "duplicate-id", f"one of {len(images)} images of this id")
            for source, _ in sorted(images)
        ]
    else:
        faults = [(images[0][0], "no-captions", "no annotation has text")]
    for source, reason, detail in faults:
        reject = Reject(image_id, source, reason, detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


class ReadCoco(beam.PTransform):
    """Begin -> (references, rejects) of COCO captions files."""

    def __init__(self, files: Sequence[InputFile]):
        """Keeps the files, each with the split that it stands for."""
        super().__init__()
        self._files = files

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
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
        joined = (
            tuple(part.parsed for part in parsed)
            | beam.CoGroupByKey()
            | "Join" >> beam.FlatMap(_join).with_outputs(REJECTS, main="joined")
        )
        rejects = [part[REJECTS] for part in (*parsed, joined)]
        return joined.joined, rejects | "All rejects" >> beam.Flatten()
