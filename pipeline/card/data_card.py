"""The data card <-> `data_card.json`, beside the shards of a record set."""

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
    """An image to show, and where its record lies.

    Attributes:
      image_id: of the record.
      split: of the record.
      file: the shard, beside the card.
      offset: byte at which the record begins in its shard.
      captions: of the image.
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
      facts: every number.
      findings: the gravest first, each followed by its consequences.
      examples: topic -> groups of images. `sample`: one group, drawn by hash;
        `blank`: one group; `repeated`: each a group of near-duplicates in one
        split; `leaked`: each an image and its near-duplicate in train. A topic
        without any is missing.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    examples: dict[str, tuple[tuple[Example, ...], ...]]

    @property
    def level(self) -> str:
        """The gravest level of all findings."""
        return gravest(self.findings)

    def dump(self) -> str:
        """The text of `data_card.json`; equal cards give equal bytes."""
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
    """The inverse of `DataCard.dump`.

    Raises:
      DataCardError: no JSON, another schema, or facts that are not known.
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
      DataCardError: there is none, or it is damaged or of another version.
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
