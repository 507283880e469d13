"""Changes the grids of a record set, as scripts that join shards anew do."""

import dataclasses
import hashlib
import pathlib
import random
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import records

Images = list[records.CaptionedImage]


def dealt_out(share: float) -> Callable[[pathlib.Path, random.Random], None]:
    """Deals out the grids of a share of the images anew."""

    def change(folder: pathlib.Path, draw: random.Random) -> None:
        def deal(images: Images, grid: records.GridSpec) -> Images:
            struck = draw.sample(range(len(images)), round(share * len(images)))
            grids = [images[n].grid for n in struck]
            for n, other in zip(struck, grids[1:] + grids[:1], strict=True):
                images[n] = dataclasses.replace(images[n], grid=other)
            return images

        _rewrite(folder, deal)

    return change


def flattened(scale: float) -> Callable[[pathlib.Path, random.Random], None]:
    """Leaves so much of what tells an image from another."""

    def change(folder: pathlib.Path, draw: random.Random) -> None:
        def flatten(images: Images, grid: records.GridSpec) -> Images:
            grids = np.stack([grid.from_bytes(each.grid) for each in images])
            mean = grids.mean(axis=0)
            flat = mean + scale * (grids - mean)
            return [
                dataclasses.replace(image, grid=grid.to_bytes(each))
                for image, each in zip(images, flat, strict=True)
            ]

        _rewrite(folder, flatten)

    return change


def _rewrite(
    folder: pathlib.Path, change: Callable[[Images, records.GridSpec], Images]
) -> None:
    """Changes the images of each shard, and writes them down as whole."""
    path = folder / manifest_lib.MANIFEST_FILE
    whole = manifest_lib.Manifest.load(path.read_text())
    rows = []
    for shard in whole.shards:
        file = str(folder / shard.file)
        stored = tf.data.TFRecordDataset(file).as_numpy_iterator()
        images = [records.CaptionedImage.from_bytes(each) for each in stored]
        with tf.io.TFRecordWriter(file) as writer:
            for image in change(images, whole.grid):
                writer.write(image.to_bytes())
        data = pathlib.Path(file).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        rows.append(dataclasses.replace(shard, bytes=len(data), sha256=digest))
    path.write_text(dataclasses.replace(whole, shards=tuple(rows)).dump())
