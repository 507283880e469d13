"""Records drawn in code, always with the same images and grids."""

import numpy as np

from pipeline.recordset import records

SPEC = records.GridSpec(locations=3, depth=4)


def grid(spec: records.GridSpec = SPEC) -> np.ndarray:
    shape = (spec.locations, spec.depth)
    return np.random.default_rng(1).normal(scale=9, size=shape)


def image(spec: records.GridSpec = SPEC) -> records.CaptionedImage:
    return records.CaptionedImage(
        image_id="é-1",
        source="a/é.jpg",
        captions=("a dog", "ein Hündchen", "a dog"),
        grid=spec.to_bytes(grid(spec)),
        thumbnail=b"\xff\xd8\0jpeg",
    )
