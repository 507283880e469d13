"""Seeded test data, drawn in code: a corpus, an encoder, a record set.

These are plain functions: each writes into a folder, and returns what a test
needs to know about the files. Equal arguments give equal bytes.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageDraw

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set, records, tfrecord
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.captioners import show_attend_tell

COLOURS = ("red", "green", "blue", "yellow")
SHAPES = ("circle", "square")


@dataclasses.dataclass(frozen=True)
class Corpus:
    """A tiny data set on disk, in both formats.

    Attributes:
      images: folder of the JPEG files.
      jsonl: caption file; every image has a split of its own.
      tokens: the same captions as `Flickr8k.token.txt`, with the split lists
        beside it.
      captions: image name -> captions, in the order of both files.
      splits: image name -> train, validation or test; Flickr8k's list of
        `validation` is called `dev`.
    """

    images: Path
    jsonl: Path
    tokens: Path
    captions: Mapping[str, Sequence[str]]
    splits: Mapping[str, str]


def draw_corpus(folder: Path, *, num_images: int = 8) -> Corpus:
    """Writes a corpus: one drawn shape an image, 2 to 5 captions of it.

    Args:
      folder: made if it is not there.
      num_images: of which the last is for testing, the one before for
        validation, and the rest for training.
    """
    images = folder / "images"
    images.mkdir(parents=True)
    captions, splits = {}, {}
    for number in range(num_images):
        name = f"image-{number:02d}.jpg"
        colour = COLOURS[number % len(COLOURS)]
        shape = SHAPES[number // len(COLOURS) % len(SHAPES)]
        _draw(number, colour, shape).save(images / name, quality=90)
        captions[name] = _describe(colour, shape)[: 2 + number % 4]
        left = num_images - number
        splits[name] = {1: "test", 2: "validation"}.get(left, "train")
    corpus = Corpus(
        images,
        folder / "captions.jsonl",
        folder / "token.txt",
        captions,
        splits,
    )
    write_jsonl(corpus.jsonl, jsonl_rows(corpus))
    _write_flickr8k(corpus)
    return corpus


def jsonl_rows(corpus: Corpus) -> list[dict[str, object]]:
    """The rows of `corpus.jsonl`, to change and write elsewhere."""
    return [
        {"image": name, "captions": list(texts), "split": corpus.splits[name]}
        for name, texts in corpus.captions.items()
    ]


def write_jsonl(path: Path, rows: Sequence[object]) -> Path:
    """Writes one JSON value a line; returns the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def save_encoder(path: Path, *, depth: int = 6) -> Path:
    """Saves a Keras model of 32 x 32 pixels to a grid [16, depth].

    It loads in a fraction of a second, so that tests of the whole job can use
    it: `--encoder=<path>`.

    Args:
      path: ends in `.keras`.
      depth: features of each of the 4 x 4 cells.
    """
    pixels = keras.Input((32, 32, 3))
    seed = keras.initializers.GlorotUniform(seed=1)
    patches = keras.layers.Conv2D(depth, 8, strides=8, kernel_initializer=seed)
    grid = patches(keras.layers.Rescaling(1 / 255)(pixels))
    keras.Model(pixels, grid, name="patches").save(path)
    return path


def write_record_set(
    folder: Path,
    *,
    images: Mapping[str, int] | None = None,
    num_shards: int = 2,
    grid: records.GridSpec | None = None,
    captions_per_image: int = 2,
) -> record_set.RecordSet:
    """Writes a finished record set without Beam or an encoder.

    The grid of an image is noise around the mean of its colour's, so that a
    captioner can learn the colours; half the images are circles.

    Args:
      folder: made if it is not there.
      images: split -> number of images; 12 for training and 4 for validation
        if not given.
      num_shards: of each split.
      grid: shape and storage; [4, 6] of float16 if not given.
      captions_per_image: at most 5.

    Returns:
      The record set, as `record_set.open_record_set` gives it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spec = grid or records.GridSpec(locations=4, depth=6)
    rows, words = [], []
    for split, count in (images or {"train": 12, "validation": 4}).items():
        stored = [
            _stored(split, number, spec, captions_per_image)
            for number in range(count)
        ]
        if split == "train":
            words = [text for image in stored for text in image.captions]
        for number in range(num_shards):
            name = f"{split}-{number:05d}-of-{num_shards:05d}.tfrecord"
            part = stored[number::num_shards]
            rows.append(_write_shard(folder / name, split, part))
    vocabulary = count_words(words)
    manifest = manifest_lib.Manifest(
        encoder={"architecture": "noise", "weights": "none"},
        grid=spec,
        shards=tuple(sorted(rows, key=lambda row: row.file)),
        vocabulary_sha256=vocabulary.digest,
        rejected={},
        settings={"dataset": "drawn", "batch_size": 4},
    )
    (folder / manifest_lib.VOCABULARY_FILE).write_text(vocabulary.dump())
    (folder / manifest_lib.MANIFEST_FILE).write_text(manifest.dump())
    return record_set.open_record_set(str(folder))


def count_words(captions: Sequence[str]) -> vocabulary_lib.Vocabulary:
    """The vocabulary of captions that are plain lower-case words."""
    words = [word for text in captions for word in text.split()]
    return vocabulary_lib.Vocabulary.from_counts(
        {word: words.count(word) for word in words},
        num_captions=len(captions),
        num_words=len(words),
    )


def _describe(colour: str, shape: str) -> list[str]:
    return [
        f"a {colour} {shape}",
        f"one {shape} that is {colour}",
        f"there is a {colour} {shape} here",
        f"a {shape}",
        f"something {colour}",
    ]


def _draw(number: int, colour: str, shape: str) -> Image.Image:
    """48 x 40 pixels; the number decides ground and place."""
    generator = np.random.default_rng(number)
    ground = tuple(int(level) for level in generator.integers(96, 160, 3))
    left, top = (int(place) for place in generator.integers(2, 16, 2))
    image = Image.new("RGB", (48, 40), ground)
    pen = ImageDraw.Draw(image)
    draw = pen.ellipse if shape == "circle" else pen.rectangle
    draw((left, top, left + 20, top + 20), fill=colour)
    return image


def _write_flickr8k(corpus: Corpus) -> None:
    lines = [
        f"{name}#{order}\t{text}\n"
        for name, texts in corpus.captions.items()
        for order, text in enumerate(texts)
    ]
    corpus.tokens.write_text("".join(lines))
    for split, list_name in (
        ("train", "train"),
        ("validation", "dev"),
        ("test", "test"),
    ):
        names = [name for name, own in corpus.splits.items() if own == split]
        path = corpus.tokens.with_name(f"Flickr_8k.{list_name}Images.txt")
        path.write_text("".join(f"{name}\n" for name in names))


def _stored(
    split: str, number: int, spec: records.GridSpec, num_captions: int
) -> records.CaptionedImage:
    colour = COLOURS[number % len(COLOURS)]
    shape = SHAPES[number // len(COLOURS) % len(SHAPES)]
    noise = np.random.default_rng([number, *split.encode()])
    mean = np.random.default_rng(COLOURS.index(colour)).normal(size=spec.depth)
    grid = mean + noise.normal(scale=0.1, size=(spec.locations, spec.depth))
    return records.CaptionedImage(
        image_id=f"{split}-{number}",
        source=f"{split}-{number}.jpg",
        captions=tuple(_describe(colour, shape)[:num_captions]),
        grid=spec.to_bytes(grid),
    )


def _write_shard(
    path: Path, split: str, images: Sequence[records.CaptionedImage]
) -> manifest_lib.Shard:
    data = b"".join(tfrecord.frame(image.to_bytes()) for image in images)
    path.write_bytes(data)
    return manifest_lib.Shard(
        file=path.name,
        split=split,
        records=len(images),
        captions=sum(len(image.captions) for image in images),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def write_uneven_record_set(
    folder: Path,
    shards: Mapping[str, Sequence[int]] | None = None,
    *,
    views: Sequence[str] = (),
) -> record_set.RecordSet:
    """Writes a record set in which nothing divides evenly.

    Grids are float16 noise [4, 6]: no two are alike, so that a grid tells its
    image. An image has 1 to 7 captions, all different, of 1 to 6 words.

    Args:
      folder: made if it is not there.
      shards: split -> records of each of its shards, in order; 5, 0, 7 and 1
        for training, 3 and 2 for validation if not given.
      views: of which train images have the first: none, one, ..., all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = shards or {"train": (5, 0, 7, 1), "validation": (3, 2)}
    rows, captions = [], []
    for split, sizes in shards.items():
        seen = views if split == "train" else ()
        images = [_uneven(split, number, seen) for number in range(sum(sizes))]
        if split == "train":
            captions = [text for image in images for text in image.captions]
        for number, size in enumerate(sizes):
            name = f"{split}-{number:05d}-of-{len(sizes):05d}.tfrecord"
            begin = sum(sizes[:number])
            part = images[begin : begin + size]
            rows.append(_write_shard(folder / name, split, part))
    vocabulary = count_words(captions)
    manifest = manifest_lib.Manifest(
        encoder={"architecture": "noise", "weights": "none"},
        grid=UNEVEN_GRID,
        shards=tuple(rows),
        vocabulary_sha256=vocabulary.digest,
        rejected={},
        settings={"dataset": "uneven", "batch_size": 4}
        | ({"views": list(views)} if views else {}),
    )
    (folder / manifest_lib.VOCABULARY_FILE).write_text(vocabulary.dump())
    (folder / manifest_lib.MANIFEST_FILE).write_text(manifest.dump())
    return record_set.open_record_set(str(folder))


UNEVEN_GRID = records.GridSpec(locations=4, depth=6)


def _uneven(
    split: str, number: int, views: Sequence[str]
) -> records.CaptionedImage:
    draw = np.random.default_rng([number, *split.encode()])
    words = "a the red blue old dog cat bird runs sits on under grass".split()
    captions = {" ".join(draw.choice(words, 1 + number % 6))}
    while len(captions) < 1 + number % 7:
        captions.add(" ".join(draw.choice(words, draw.integers(1, 7))))
    shape = (UNEVEN_GRID.locations, UNEVEN_GRID.depth)
    grid = draw.normal(size=shape)
    return records.CaptionedImage(
        image_id=f"{split}-{number}",
        source=f"{split}-{number}.jpg",
        captions=tuple(sorted(captions)),
        grid=UNEVEN_GRID.to_bytes(grid),
        thumbnail=f"thumbnail of {split}-{number}".encode(),
        views={
            name: UNEVEN_GRID.to_bytes(draw.normal(size=shape))
            for name in views[: number % (len(views) + 1)]
        },
    )


def tiny_captioner(
    vocabulary: vocabulary_lib.Vocabulary,
    *,
    units: int = 8,
    dropout_rate: float = 0.0,
    word_dropout: float = 0.0,
    uses_image: bool = True,
    grid: records.GridSpec = UNEVEN_GRID,
) -> show_attend_tell.ShowAttendTell:
    """A captioner of some thousand weights; always the same."""
    keras.utils.set_random_seed(1)
    return show_attend_tell.ShowAttendTell(
        vocabulary_size=len(vocabulary),
        locations=grid.locations,
        depth=grid.depth,
        log_unigram=vocabulary.log_unigram(),
        units=units,
        attention_units=5,
        embedding_units=7,
        dropout_rate=dropout_rate,
        word_dropout=word_dropout,
        uses_image=uses_image,
    )
