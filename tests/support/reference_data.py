"""Published captions and official scores, for tests that compare with them."""

import dataclasses
import json
import os
import pathlib
from typing import Any

import pytest

_FOLDER = pathlib.Path(
    os.environ.get(
        "EYEWITNESS_DATA",
        pathlib.Path(__file__).parents[3] / "shared" / "data",
    )
)


def find(name: str) -> pathlib.Path:
    """A file or folder of the data; skips the test where it is missing."""
    path = _FOLDER / name
    if not path.exists():
        pytest.skip(f"{path} is missing; set EYEWITNESS_DATA.")
    return path


@dataclasses.dataclass(frozen=True)
class Parity:
    """Captions of 126 COCO images, cut and scored by pycocoevalcap.

    Attributes:
      images: their ids.
      captions: each image's caption as words.
      references: each image's references as words.
      file: what was read.
    """

    images: list[str]
    captions: list[list[str]]
    references: list[list[list[str]]]
    file: dict[str, Any]


def parity() -> Parity:
    """Reads the parity file; skips the test where it is missing."""
    file = json.loads(find("parity/coco_fakecap126.json").read_text())
    cut, images = file["tokenized_refs"], list(file["tokenized_refs"])
    return Parity(
        images,
        [file["tokenized_hyps"][image][0].split() for image in images],
        [[text.split() for text in cut[image]] for image in images],
        file,
    )
