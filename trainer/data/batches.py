"""Record set -> batches, in an order that only the seed decides.

The split's records, in the manifest's order, are cut into V virtual streams of
equal length. A global batch has a part of each stream, side by side. So one
device, two replicas or four workers get the same batches, and each worker reads
only its own streams. The step alone decides epoch and position: a resumed run
skips to where it was. Iterator checkpoints can't promise that, because they
shuffle differently from the next epoch on.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer.data import options, part_records, replica_batches
from trainer.data.batching import Batching, Share

Batch = dict[str, Any]

# Batches parsed in parallel; each stream is read by a thread of its own.
_PARSERS = 4
_HASHES = 1 << 40  # Leaves room for a batch's rows in 64 bits.


_WHOLE = Share()


class CaptionDataset:
    """The batches of one split.

    A batch is a dict of tensors. With I images of one replica, C captions per
    image and T tokens per caption, it holds
      grid: [I, locations, depth], of the stored dtype.
      tokens: int32 [I, C, T].
      weights: float32 [I, C, T], zero for padding.
      streams: int64 [streams of the replica].
    """

    def __init__(
        self,
        record_set: record_set_lib.RecordSet,
        split: str,
        batching: Batching,
        *,
        shuffle: bool,
    ):
        """Binds a record set, one of its splits and the settings.

        Args:
          record_set: where from.
          split: one of its splits.
          batching: how examples become batches.
          shuffle: draw the order of images, their captions and views anew in
            each epoch, to train; else every image is seen as it is.

        Raises:
          RecordSetError: no such split.
        """
        self.batching, self._shuffle = batching, shuffle
        self._parts = record_set.parts(split)
        self._spec = record_set.manifest.grid
        drawn = shuffle and not batching.plain_only
        seen = drawn and record_set.manifest.views
        self._grids = ("grid", "views") if seen else ("grid",)
        self._vocabulary = record_set.vocabulary
        self.num_images = record_set.num_images(split)
        self._filler = _filler(self._spec)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch, in which every image occurs once."""
        longest = -(-self.num_images // self.batching.num_streams)
        return -(-longest // self.batching.stream_images)

    def epochs(
        self, *, first_step: int, replicas: int, share: Share = _WHOLE
    ) -> tf.data.Dataset:
        """Batches of the replicas in turn, without end.

        Args:
          first_step: updates made before the first batch.
          replicas: number of replicas of all workers.
          share: whose batches. If it has R replicas, element s * R + r is the
            batch of its r-th replica at step s.

        Raises:
          ValueError: the replicas don't divide the streams.
        """
        self.batching.replica_streams(replicas, share.workers)
        first, done = divmod(first_step, self.steps_per_epoch)
        epochs = tf.data.Dataset.range(first, np.iinfo(np.int64).max)
        batches = epochs.flat_map(
            lambda epoch: self._epoch(
                epoch,
                tf.where(epoch == first, tf.constant(done, tf.int64), 0),
                replicas,
                share,
            )
        )
        # Otherwise workers ask each other before each step who has a batch.
        endless = tf.data.experimental.assert_cardinality(
            tf.data.INFINITE_CARDINALITY
        )
        return self._with_options(batches.apply(endless))

    def once(
        self,
        *,
        replicas: int,
        share: Share = _WHOLE,
        swap_images: bool = False,
    ) -> tf.data.Dataset:
        """Batches of one pass over the split, always in the same order.

        Args:
          replicas: as for `epochs`.
          share: as for `epochs`.
          swap_images: pair captions with the grid of the split's next image;
            only without shuffling.

        Raises:
          ValueError: the replicas don't divide the streams.
        """
        self.batching.replica_streams(replicas, share.workers)
        zero = tf.constant(0, tf.int64)
        return self._with_options(
            self._epoch(zero, zero, replicas, share, swap_images=swap_images)
        )

    def distribute(
        self, strategy: tf.distribute.Strategy, *, first_step: int
    ) -> Iterator[Any]:
        """Opens `epochs` for the replicas of a strategy."""
        count = strategy.num_replicas_in_sync
        return replica_batches.distribute(
            strategy,
            lambda share: self.epochs(
                first_step=first_step, replicas=count, share=share
            ),
        )

    def distribute_once(
        self, strategy: tf.distribute.Strategy, *, swap_images: bool = False
    ) -> Iterator[Any]:
        """Opens `once` for the replicas of a strategy."""
        count = strategy.num_replicas_in_sync
        return replica_batches.distribute(
            strategy,
            lambda share: self.once(
                replicas=count, share=share, swap_images=swap_images
            ),
        )

    def first_images(self, count: int) -> Batch:
        """The first images of the first epoch, however batches are cut.

        Returns:
          `grid`, `tokens` and `weights` of a batch without fillers, of at most
          `count` images, and no fewer if the split has as many.
        """
        epoch = self.epochs(first_step=0, replicas=1).take(self.steps_per_epoch)
        images = epoch.map(
            lambda batch: {n: batch[n] for n in ("grid", "tokens", "weights")}
        ).unbatch()
        real = images.filter(lambda row: tf.reduce_any(row["weights"] > 0))
        return dict(next(iter(real.batch(count))))

    def image_ids(self, step: int) -> list[str]:
        """Ids of the images in a step's global batch, in its order."""
        epoch, done = (
            tf.constant(part, tf.int64)
            for part in divmod(step, self.steps_per_epoch)
        )
        streams = _WHOLE.of(self.batching.num_streams)
        turns = self._turns(streams, epoch, done).batch(len(streams))
        _, serialised = next(iter(turns))
        row = records.fields(tf.reshape(serialised, [-1]), "image_id")
        ids = row["image_id"].numpy()
        return [image_id.decode() for image_id in ids if image_id]

    def _with_options(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        return dataset.with_options(options.steady()).prefetch(4)

    def _epoch(
        self,
        epoch: tf.Tensor,
        done: tf.Tensor,
        replicas: int,
        share: Share,
        *,
        swap_images: bool = False,
    ) -> tf.data.Dataset:
        """An epoch's batches after the first `done`, each replica's in turn."""
        streams = share.of(self.batching.num_streams)
        own = self.batching.replica_streams(replicas, share.workers)
        turns = self._turns(streams, epoch, done).batch(own, True)
        # Parsing record by record costs twice as much as a batch at once.
        batches = turns.map(
            lambda numbers, serialised: self._batch(numbers, serialised, epoch),
            num_parallel_calls=_PARSERS,
        )
        if swap_images:
            lent = self._turns(streams, epoch, done, shift=1).batch(own, True)
            return tf.data.Dataset.zip((batches, lent)).map(self._swapped)
        return batches

    def _turns(
        self,
        streams: range,
        epoch: tf.Tensor,
        done: tf.Tensor,
        *,
        shift: int = 0,
    ) -> tf.data.Dataset:
        """Each stream's number and serialised part of a batch, in turn.

        `shift` moves every stream on by that many records.
        """
        count, size = self.batching.num_streams, self.batching.stream_images
        datasets = []
        for stream in streams:
            begin = self.num_images * stream // count
            end = self.num_images * (stream + 1) // count
            dataset = self._range(begin + shift, end + shift)
            if self._shuffle:
                dataset = self._shuffled(dataset, stream, epoch)
            filler = tf.data.Dataset.from_tensors(self._filler).repeat()
            dataset = dataset.skip(done * size).concatenate(filler)
            number = tf.data.Dataset.from_tensors(np.int64(stream)).repeat()
            parts = tf.data.Dataset.zip((number, dataset.batch(size, True)))
            # Streams are read in parallel, each one part ahead.
            datasets.append(parts.prefetch(1))
        turns = tf.data.Dataset.range(len(streams))
        return tf.data.Dataset.choose_from_datasets(
            datasets, turns.repeat(self.steps_per_epoch - done)
        )

    def _shuffled(
        self, dataset: tf.data.Dataset, stream: int, epoch: tf.Tensor
    ) -> tf.data.Dataset:
        # The order of `Dataset.shuffle` depends on the global seed too.
        shuffled = tf.raw_ops.ShuffleDataset(
            input_dataset=tf.data.experimental.to_variant(dataset),
            buffer_size=self.batching.shuffle_window,
            seed=self._seed(epoch),
            seed2=stream + 1,  # Two zeros would mean any seed.
            reshuffle_each_iteration=False,
            output_types=[tf.string],
            output_shapes=[[]],
        )
        return tf.data.experimental.from_variant(shuffled, dataset.element_spec)

    def _seed(self, epoch: tf.Tensor) -> tf.Tensor:
        """int64 []; runs with adjacent seeds share no epoch's seed."""
        return self.batching.seed * 1_000_003 + epoch

    def _range(self, begin: int, end: int) -> tf.data.Dataset:
        """Serialised records of the split; the first follows the last."""
        parts, place = [], 0
        for each in [*self._parts, *self._parts]:
            first, last = max(begin - place, 0), min(end - place, each.records)
            if first < last:
                parts.append(
                    record_set_lib.Part(
                        each.path, each.first + first, last - first
                    )
                )
            place += each.records
        return part_records.read(parts)

    def _batch(
        self, streams: tf.Tensor, serialised: tf.Tensor, epoch: tf.Tensor
    ) -> Batch:
        """[streams] and their records, string [streams, n] -> a batch."""
        flat = tf.reshape(serialised, [-1])
        row = records.fields(flat, "image_id", *self._grids)
        drawn = self._drawn(row["image_id"], row["captions"], epoch)
        rows = serialised.shape.num_elements()
        return {
            "grid": records.decode_grids(self._seen(row, epoch), self._spec),
            **encode(drawn, rows, self._vocabulary, self.batching),
            "streams": streams,
        }

    def _swapped(
        self, batch: Batch, lent: tuple[tf.Tensor, tf.Tensor]
    ) -> Batch:
        row = records.fields(tf.reshape(lent[1], [-1]), "grid")
        return {**batch, "grid": records.decode_grids(row["grid"], self._spec)}

    def _drawn(
        self, image_ids: tf.Tensor, captions: tf.RaggedTensor, epoch: tf.Tensor
    ) -> tf.RaggedTensor:
        """Orders the captions of each image, of which the first are used.

        Args:
          image_ids: string [I].
          captions: string [I, (captions)].
          epoch: int64 [].
        """
        if not self._shuffle:
            return captions
        # Sorting by a hash of seed, image and text is a random order that does
        # not depend on the other images of the batch.
        rows, texts = captions.value_rowids(), captions.values
        drawn = self._hashed(epoch, tf.gather(image_ids, rows), texts)
        order = tf.argsort(rows * _HASHES + drawn)
        return captions.with_values(tf.gather(texts, order))

    def _seen(self, row: dict[str, Any], epoch: tf.Tensor) -> tf.Tensor:
        """The grid of one view of each image, its own among them.

        Args:
          row: `image_id` and `grid`, string [I]; `views`, string [I, (views)],
            if they are drawn.
          epoch: int64 [].

        Returns:
          string [I], raw bytes: a grid that is not drawn is never decoded.
        """
        if "views" not in row:
            return row["grid"]
        views = row["views"]
        # No caption is a null byte, so that captions are drawn apart.
        hashed = self._hashed(epoch, row["image_id"], "\0")
        drawn = hashed % (1 + views.row_lengths())
        others = tf.where(drawn > 0)
        places = tf.gather_nd(views.row_starts() + drawn - 1, others)
        return tf.tensor_scatter_nd_update(
            row["grid"], others, tf.gather(views.values, places)
        )

    def _hashed(self, epoch: tf.Tensor, *texts: tf.Tensor | str) -> tf.Tensor:
        """int64 in [0, _HASHES), drawn by texts and the seed of an epoch."""
        key = tf.strings.join([tf.as_string(self._seed(epoch)), *texts])
        return tf.strings.to_hash_bucket_fast(key, _HASHES)


def encode(
    captions: tf.RaggedTensor,
    rows: int,
    vocabulary: vocabulary_lib.Vocabulary,
    batching: Batching,
) -> Batch:
    """The first captions of each image as tokens, as training reads them.

    Args:
      captions: string [rows, (captions)].
      rows: number of images.
      vocabulary: of the record set.
      batching: says how many captions of an image, and tokens of a caption.

    Returns:
      `tokens` and `weights` of a batch.
    """
    wanted, length = batching.captions_per_image, batching.max_length
    present = tf.sequence_mask(captions.row_lengths(), wanted, tf.int32)
    texts = captions.to_tensor(shape=[None, wanted])
    tokens = vocabulary.encode(tf.reshape(texts, [-1]), length)
    # A missing caption is all padding.
    tokens = tf.reshape(tokens, [rows, wanted, length]) * present[..., None]
    return {"tokens": tokens, "weights": tf.cast(tokens > 0, tf.float32)}


def in_groups(batch: Batch, size: int) -> Iterator[Batch]:
    """Cuts a batch into groups of `size` images; a single one left is dropped.

    It has no other image to be compared with.
    """
    count = len(batch["grid"])
    for begin in range(0, count, size):
        if count - begin > 1:
            yield {n: v[begin : begin + size] for n, v in batch.items()}


def in_parts(batch: Batch, count: int) -> Batch:
    """Cuts a batch into `count` parts: [I, ...] -> [count, I / count, ...]."""
    return {
        name: tf.reshape(
            value, [count, value.shape[0] // count, *value.shape[1:]]
        )
        for name, value in batch.items()
    }


def _filler(spec: records.GridSpec) -> bytes:
    """A serialised record without captions, which fills up a last batch."""
    grid = np.zeros([spec.locations, spec.depth])
    return records.CaptionedImage("", "", (), spec.to_bytes(grid)).to_bytes()
