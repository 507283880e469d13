"""The captioned pictures that faults are put into: scenes, or photographs."""

import collections
import dataclasses
import json
import pathlib
import shutil
from collections.abc import Callable, Sequence

from PIL import Image

from pipeline.readers import flickr

# Runs a module with arguments, unless a file is there.
Call = Callable[..., None]
_TINY = """include '{recipe}'
RECORDS = '{records}'
ShowAttendTell.units = 128
ShowAttendTell.attention_units = 64
ShowAttendTell.embedding_units = 64
ShowAttendTell.dropout_rate = 0.1
AdamW.warmup_steps = 30
Batching.captions_per_image = 3
Cadence.validation_images = 100
Search.beams = 3
MAX_LENGTH = 22
NUM_STEPS = {steps}
Cadence.evaluate_every = {every}
Cadence.checkpoint_every = {every}
"""


def _config(records: pathlib.Path, recipe: str, steps: int) -> str:
    return _TINY.format(
        recipe=recipe, records=records, steps=steps, every=steps // 2
    )


def _placeholder(folder: pathlib.Path) -> None:
    """Draws what stands where a download failed."""
    grey = Image.new("RGB", (256, 256), (200, 200, 200))
    grey.save(folder / "placeholder.png")


@dataclasses.dataclass(frozen=True)
class Scenes:
    """Rendered scenes.

    Attributes:
      images: to train on.
      flags: of the job that makes records of them.
    """

    images: int = 1200
    flags: Sequence[str] = ()

    def make(self, folder: pathlib.Path, call: Call) -> None:
        """Renders pictures and captions.jsonl into a folder."""
        call(
            "pipeline.scenes",
            f"--output={folder}",
            f"--images={self.images}",
            "--validation=200",
            "--test=100",
            "--composition=0",
            done=folder / "captions.jsonl",
        )
        _placeholder(folder)

    def config(self, records: pathlib.Path) -> str:
        """The gin file of a run that takes half a minute."""
        return _config(records, "gin/run_scenes.gin", 180)


@dataclasses.dataclass(frozen=True)
class Photographs:
    """A part of Flickr8k (Hodosh et al. 2013).

    Attributes:
      source: folder with Flickr8k's own files.
      images: to train on.
      flags: of the job that makes records of them.
    """

    source: pathlib.Path
    images: int = 2000
    flags: Sequence[str] = ("--min_count=4",)

    def make(self, folder: pathlib.Path, call: Call) -> None:
        """Copies pictures and writes captions.jsonl into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        captions = collections.defaultdict(list)
        for line in (self.source / "Flickr8k.token.txt").open():
            said = flickr.parse_token(line.rstrip("\n"))
            captions[said.image_id] += said.captions
        rows = []
        for split, file, count in (
            ("train", "Flickr_8k.trainImages.txt", self.images),
            ("validation", "Flickr_8k.devImages.txt", 200),
        ):
            for name in (self.source / file).read_text().split()[:count]:
                if not (folder / name).exists():
                    shutil.copy(self.source / "images" / name, folder)
                row = {
                    "image": name,
                    "split": split,
                    "captions": captions[name],
                }
                rows.append(json.dumps(row) + "\n")
        (folder / "captions.jsonl").write_text("".join(rows))
        _placeholder(folder)

    def config(self, records: pathlib.Path) -> str:
        """The gin file of a run that takes two minutes."""
        return _config(records, "gin/run_flickr8k.gin", 400)


Pictures = Scenes | Photographs
