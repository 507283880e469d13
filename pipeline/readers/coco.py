"""COCO captions JSON, of 2014 or 2017: images and annotations, joined by id."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import documents, image_ids, own_splits, rejects
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference, stripped
from pipeline.readers.rejects import REJECTS, Read, Reject, Unit


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
    yield _tagged(Read(Unit.IMAGES))
    identity = _identity(row, "id")
    if identity and isinstance(row.get("file_name"), str):
        yield (path, identity), row["file_name"]
    else:
        detail = "needs 'id' and 'file_name'"
        yield _tagged(Reject(str(row)[:120], "", "malformed-image", detail))


def _parse_annotation(pair: tuple[str, Any]) -> Iterator[Any]:
    """(file, annotation) -> ((file, image id), (place, text))."""
    path, row = pair
    yield _tagged(Read(Unit.CAPTIONS))
    identity = _identity(row, "image_id")
    if identity and isinstance(row.get("caption"), str):
        place = row.get("id")
        place = place if isinstance(place, int) else 0
        yield (path, identity), (place, row["caption"])
    else:
        reason, detail = "malformed-annotation", "needs 'image_id', 'caption'"
        yield _tagged(rejects.caption(str(row)[:120], "", reason, detail))


def _identity(row: Any, name: str) -> str:
    """A row's id as text, or '' where it has none."""
    try:
        return image_ids.identity(row[name])
    except (KeyError, TypeError):
        return ""


def _tagged(row: Read | Reject) -> beam.pvalue.TaggedOutput:
    return beam.pvalue.TaggedOutput(REJECTS, row)


def _join(
    group: tuple[
        tuple[str, str], tuple[Iterable[str], Iterable[tuple[int, str]]]
    ],
    splits: Mapping[str, str],
) -> Iterator[Any]:
    """((file, id), ([file name], [(place, text)])) -> its reference."""
    (path, image_id), texts = group[0], sorted(group[1][1])
    listed = list(group[1][0])
    images = sorted(set(listed))
    if len(images) < len(listed):
        again = len(listed) - len(images)
        yield _tagged(rejects.again(image_id, images[0], entries=again))
    if len(images) == 1:
        captions = stripped(text for _, text in texts)
        yield Reference(image_id, images[0], captions, splits[path])
        return
    if not images:
        for _, text in texts:
            reason = "annotation-without-image"
            yield _tagged(rejects.caption(image_id, "", reason, text))
    name, lost = path.rpartition("/")[2], len(texts)
    detail = f"one of {len(images)} images of this id in {name}"
    for source in images:
        yield _tagged(
            Reject(image_id, source, "duplicate-id", detail, captions=lost)
        )
        lost = 0  # The images share their captions.


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
        left_out = [part[REJECTS] for part in (*parsed, joined)]
        return agreed, [*left_out, conflicts] | "All rejects" >> beam.Flatten()
