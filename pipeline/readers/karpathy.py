"""Karpathy's split JSON of COCO, Flickr8k or Flickr30k."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from pipeline.readers import documents, image_ids, own_splits, split_names
from pipeline.readers.annotation_files import DataSetError, InputFile
from pipeline.readers.reference import Reference, stripped
from pipeline.readers.rejects import REJECTS, Read, Reject, Unit


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
    if not split_names.is_split(split):
        raise ValueError("'split' must be one word")
    folder = row.get("filepath")
    return Reference(
        image_id=image_ids.identity(row.get("cocoid")) or source,
        source=f"{folder}/{source}" if folder else source,
        captions=stripped(texts),
        split=split.strip(),
    )


def _parse(
    pair: tuple[str, Any], files: Mapping[str, InputFile]
) -> Iterator[Any]:
    yield beam.pvalue.TaggedOutput(REJECTS, Read(Unit.IMAGES))
    try:
        reference = parse(pair[1])
    except (KeyError, TypeError, ValueError) as error:
        where = str(pair[1])[:120]
        detail = f"needs 'filename', 'split' and 'sentences' ({error!r})"
        reject = Reject(where, "", "malformed-image", detail)
        yield beam.pvalue.TaggedOutput(REJECTS, reject)
        return
    captions = Read(Unit.CAPTIONS, len(reference.captions))
    yield beam.pvalue.TaggedOutput(REJECTS, captions)
    split = files[pair[0]].split_of(reference.split)
    yield dataclasses.replace(reference, split=split)


class ReadKarpathy(beam.PTransform):
    """Begin -> (references, rejects) of split files."""

    def __init__(self, files: Sequence[InputFile]):
        """Keeps the files."""
        super().__init__()
        self._files = files

    def expand(self, begin: Any) -> Any:
        """Builds the stages of this transform."""
        files = {file.path: file for file in self._files}
        parse = beam.FlatMap(_parse, files)
        parsed, malformed = (
            begin
            | documents.ReadItems(self._files, "images")
            | "Parse" >> parse.with_outputs(REJECTS, main="good")
        )
        agreed, conflicts = parsed | own_splits.AgreeOnSplits(whole=True)
        return agreed, (malformed, conflicts) | "Both rejects" >> beam.Flatten()
