"""Eyewitness from Python: what a notebook, or a script of one's own, needs.

    from trainer import api

    records = api.open_record_set("data/mine/records")
    print({split: records.num_images(split) for split in records.splits})
    for image in api.images(records, "validation", limit=3):
        print(image.image_id, image.captions, image.grid.shape)

    captioner = api.open_run("runs/mine")
    for row in captioner.serve(api.image_files(["photo.jpg", "folder/"])):
        print(row.image, row.caption or row.error)
    captions = captioner.caption_images([pixels])  # uint8 [height, width, 3]

    captioner = api.open_run("runs/mine", "Search.n_best = 3")
    for text, log_prob in captioner.caption_images([pixels])[0].n_best:
        print(text, log_prob)

    scores = api.score([caption.text for caption in captions], references)
    print(scores["cider_d"].corpus, scores["cider_d"].each)

It imports TensorFlow, which takes seconds; `import trainer` imports nothing.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from pipeline import startup

with startup.without_notes():
    from pipeline.recordset import record_set as record_set_lib
    from pipeline.recordset.record_set import open_record_set
    from pipeline.scoring import metric as metric_lib
    from pipeline.scoring import ptb_tokens
    from pipeline.scoring.bleu import BleuMetric
    from pipeline.scoring.cider import CiderDMetric
    from trainer import config, configurable
    from trainer.data import split_images
    from trainer.serving import caption_files
    from trainer.serving.caption_files import image_files

startup.find_devices()

__all__ = [
    "Image",
    "Score",
    "image_files",
    "images",
    "open_record_set",
    "open_run",
    "score",
]
_BATCH = 32


@dataclasses.dataclass(frozen=True)
class Image:
    """One image of a record set.

    Attributes:
      image_id: unique in the record set.
      captions: what people say of it.
      thumbnail: bytes of a JPEG file; empty if the record has none.
      grid: float32 [locations, depth], the encoder's features.
    """

    image_id: str
    captions: tuple[str, ...]
    thumbnail: bytes
    grid: np.ndarray


def images(
    record_set: record_set_lib.RecordSet,
    split: str,
    *,
    limit: int | None = None,
) -> Iterator[Image]:
    """Yields the images of a split once each, in the order of the records.

    The order is that of a hash: the first of a split are a fair sample of it.

    Args:
      record_set: as `open_record_set` returns it.
      split: one of `record_set.splits`.
      limit: the first so many images only; None for all.

    Raises:
      RecordSetError: no such split.
    """
    startup.compute_in_half()
    for batch in split_images.batches(
        record_set, split, batch_images=_BATCH, limit=limit
    ):
        grids = batch.grid.numpy().astype(np.float32)
        for row, image_id in enumerate(batch.image_ids):
            yield Image(
                image_id,
                tuple(batch.captions[row]),
                batch.thumbnails[row],
                grids[row],
            )


def open_run(run_dir: str, *bindings: str) -> caption_files.CaptionServer:
    """Restores the best captioner of a run, and the encoder of its images.

    Keras' precision and random seed become the run's; gin's configuration of
    this process is cleared.

    Args:
      run_dir: of a trained captioner.
      *bindings: over the run's own configuration, as `--gin_param` takes them:
        `"Search.beams = 5"`, or `"caption.encoder = 'my_model.keras'"` for a
        model that has moved.

    Raises:
      ConfigError: there is no trained captioner, or a binding is wrong.
      RunError: the run, or its encoder, is not the one that was trained.
    """
    files = [configurable.MODES_FILE, config.saved(run_dir)]
    with config.loaded(files, bindings):
        return caption_files.open_server(
            run_dir, **configurable.given("caption")
        )


@dataclasses.dataclass(frozen=True)
class Score:
    """A metric of some captions, in its own unit.

    Attributes:
      corpus: of all captions together.
      each: of each image's caption by itself.
    """

    corpus: float
    each: list[float]


def score(
    captions: Sequence[str],
    references: Sequence[Sequence[str]],
    metrics: Sequence[metric_lib.Metric] = (CiderDMetric(), BleuMetric()),
) -> dict[str, Score]:
    """Scores captions, one for each image, as `--mode=evaluate` does.

    CIDEr-D weighs words by how many of these images mention them: compare its
    values on the same images alone. It is 0 on a single image.

    Args:
      captions: text.
      references: each image's captions by people, in the same order.
      metrics: what to score by.

    Returns:
      Metric name, such as `cider_d` (0 to 10) and `bleu_4` (0 to 1) -> score.

    Raises:
      ValueError: there are not as many references as captions, or an image has
        none.
    """
    known = metric_lib.References(
        [str(number) for number in range(len(references))], references
    )
    words = [ptb_tokens.ptb_tokens(text) for text in captions]
    scorers = {each.name: each.against(known) for each in metrics}
    return {
        name: Score(scorer.corpus(words), scorer.each(words))
        for name, scorer in scorers.items()
    }
