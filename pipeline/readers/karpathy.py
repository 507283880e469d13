"""Karpathy's split JSON of COCO, Flickr8k or Flickr30k."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import documents
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import (
    Reference,
    is_split,
    usual_split,
    with_text,
)
from pipeline.readers.rejects import REJECTS, Reject


def check(file: InputFile) -> None:
    """Checks the format by the file's first image.

    Raises:
      DataSetError: it is no split file.
    """
    image = documents.first(file.path, "images")
    if isinstance(image, dict) and "file_name" in image:
        raise DataSetError(
            f"{file.path} is a COCO captions file: use --dataset=coco"
        )
    if not isinstance(image, dict) or "sentences" not in image:
        raise DataSetError(
            f"{file.path} is no Karpathy split file: it needs a list 'images' "
            "with 'filename', 'split' and 'sentences'"
        )


def parse(row: Any) -> Reference:
    """An item of `images` -> its reference.

    An image of COCO is named by its id there, one of Flickr by its file.

    Raises:
      KeyError, TypeError, ValueError: the item has another form.
    """
    source, split = row["filename"], row["split"]
    texts = [sentence["raw"] for sentence in row["sentences"]]
    if not all(isinstance(text, str) for text in (source, *texts)):
        raise TypeError("'filename' and 'raw' are text")
    if not is_split(split):
        raise ValueError("'split' is one word")
    folder = row.get("filepath")
    return Reference(
        image_id=str(row.get("cocoid", source)),
        source=f"{folder}/{source}" if folder else source,
        captions=with_text(texts),
        split=usual_split(split),
    )


def _parse(pair: tuple[str, Any]) -> Iterator[Any]:
    try:
        reference = parse(pair[1])
    except (KeyError, TypeError, ValueError) as error:
        where = str(pair[1])[:120]
        detail = f"needs 'filename', 'split' and 'sentences' ({error!r})"
        reject = Reject(where, "", "malformed-image", detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)
        return
    yield reference.image_id, reference


def _judge(group: tuple[str, Iterable[Reference]]) -> Iterator[Any]:
    """Passes on images that occur once and have a caption."""
    references = sorted(group[1], key=lambda part: (part.source, part.captions))
    if len(references) > 1:
        reason = "duplicate-id"
        detail = f"one of {len(references)} images of this id"
    elif not references[0].captions:
        reason, detail = "no-captions", "no sentence has text"
    else:
        yield references[0]
        return
    for part in references:
        reject = Reject(part.image_id, part.source, reason, detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)


class ReadKarpathy(beam.PTransform):
    """Begin -> (references, rejects) of split files; `restval` is train."""

    def __init__(self, files: Sequence[InputFile]):
        """Keeps the files."""
        super().__init__()
        self._files = files

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        parsed, malformed = (
            begin
            | documents.ReadItems(self._files, "images")
            | "Parse" >> beam.FlatMap(_parse).with_outputs(REJECTS, main="good")
        )
        good, rejects = (
            parsed
            | beam.GroupByKey()  # (image id, [Reference])
            | "Judge" >> beam.FlatMap(_judge).with_outputs(REJECTS, main="good")
        )
        return good, (malformed, rejects) | "Both rejects" >> beam.Flatten()
