"""The data card, and its file `data_card.json` in a record set's folder."""

import dataclasses
import json
import os
from typing import Any

from pipeline.card.facts import Facts
from pipeline.findings.finding import Finding, gravest
from pipeline.recordset import manifest, record_set

SCHEMA = 1
CARD_FILE = manifest.CARD_FILE


class DataCardError(ValueError):
    """A data card that is missing, damaged, or of another version."""


@dataclasses.dataclass(frozen=True)
class Example:
    """An image to show, and where to find its record.

    Attributes:
      image_id: the record's id.
      split: the record's split.
      file: name of its shard, which lies beside the card.
      offset: the byte of the shard at which the record begins.
      captions: the image's captions.
    """

    image_id: str
    split: str
    file: str
    offset: int
    captions: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class DataCard:
    """What a record set holds, and what that means.

    Attributes:
      facts: everything that was measured.
      findings: the gravest first, each followed by its consequences.
      examples: topic -> groups of images. `sample` is one group, drawn by hash;
        `blank` is one group; each group of `repeated` holds near-duplicates
        within one split; each of `leaked` holds an image and its near-duplicate
        in train. Topics without images are left out.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    examples: dict[str, tuple[tuple[Example, ...], ...]]

    @property
    def level(self) -> str:
        """The gravest level of all findings."""
        return gravest(self.findings)

    def dump(self) -> str:
        """Formats the text of `data_card.json`; equal cards, equal bytes."""
        row = {
            "schema": SCHEMA,
            "facts": self.facts.to_json(),
            "findings": [dataclasses.asdict(each) for each in self.findings],
            "examples": {
                topic: [list(map(dataclasses.asdict, each)) for each in groups]
                for topic, groups in self.examples.items()
            },
        }
        text = json.dumps(
            row, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False
        )
        return text + "\n"


def parse(text: str) -> DataCard:
    """Parses what `DataCard.dump` returns.

    Raises:
      DataCardError: the text is no JSON, of another schema, or has facts that
        are not known.
    """
    try:
        row = json.loads(text)
        if row["schema"] == SCHEMA:
            return DataCard(
                Facts.from_json(row["facts"]),
                tuple(map(_finding, row["findings"])),
                {
                    topic: tuple(tuple(map(_example, each)) for each in groups)
                    for topic, groups in row["examples"].items()
                },
            )
    except (KeyError, TypeError, ValueError) as error:
        raise DataCardError(f"damaged data card: {error!r}") from error
    raise DataCardError(
        f"data card schema {row['schema']}, this version reads {SCHEMA}: make "
        "the record set anew"
    )


def load(
    path: str, files: record_set.Files = record_set.TENSORFLOW
) -> DataCard:
    """Reads the card of the record set in the folder `path`.

    Raises:
      DataCardError: there is no card, or it is damaged or of another version.
    """
    file = os.path.join(path, CARD_FILE)
    if not files.exists(file):
        raise DataCardError(f"{file}: missing")
    with files.open(file) as stream:
        return parse(str(stream.read(), errors="replace"))


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(**{**row, "consequences": tuple(row["consequences"])})


def _example(row: dict[str, Any]) -> Example:
    return Example(**{**row, "captions": tuple(row["captions"])})
