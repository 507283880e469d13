"""Record set -> batches, in an order that only the seed decides.

The split's records, in the manifest's order, are cut into V virtual streams of
equal length. A global batch is the streams' parts side by side, so the same
batches come out on one device, two replicas or four workers, of which each
reads its own streams alone. Epoch and place
follow from the step alone: a resumed run skips to where it was. Iterator
checkpoints can't promise that; they shuffle otherwise from the next epoch on.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records
from trainer.data import options
from trainer.data.batching import Batching, Share

Batch = dict[str, Any]

# Batches that are parsed at once; the streams are read by threads of their own.
_PARSERS = 4
_HASHES = 1 << 40  # Leaves room for a batch's rows in 64 bits.


_WHOLE = Share()


class CaptionDataset:
    """The batches of one split.

    A batch is a dict, I being the images of one replica, C and T captions per
    image and tokens: `grid` [I, locations, depth] of the stored dtype,
    `tokens` int32 [I, C, T], `weights` float32 [I, C, T], zero for padding,
    and `streams` int64 [the replica's streams].
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

        Raises:
          RecordSetError: no such split.
        """
        self.batching, self._shuffle = batching, shuffle
        self._parts = record_set.parts(split)
        self._spec = record_set.manifest.grid
        self._vocabulary = record_set.vocabulary
        self.num_images = record_set.num_images(split)
        self._filler = _filler(self._spec)

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every image occurs once."""
        longest = -(-self.num_images // self.batching.num_streams)
        return -(-longest // self.batching.stream_images)

    def epochs(
        self, *, first_step: int, replicas: int, share: Share = _WHOLE
    ) -> tf.data.Dataset:
        """Per-replica batches, for ever, from a step of the run on.

        Args:
          first_step: updates made before.
          replicas: of all workers.
          share: whose batches; of R replicas in it, that of the share's r-th
            at step s is element s * R + r.

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
        # Else workers would ask each other before each step who has a batch.
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
        """One pass over the split, always in the same order.

        Args:
          replicas: as for `epochs`.
          share: as for `epochs`.
          swap_images: captions get the grid of the split's next image; only
            without shuffling.

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
        """`epochs`, as the strategy's replicas take them."""
        replicas = strategy.num_replicas_in_sync
        return iter(
            strategy.distribute_datasets_from_function(
                lambda worker: self.epochs(
                    first_step=first_step,
                    replicas=replicas,
                    share=_share(worker),
                )
            )
        )

    def distribute_once(
        self, strategy: tf.distribute.Strategy, *, swap_images: bool = False
    ) -> Iterator[Any]:
        """`once`, as the strategy's replicas take it."""
        replicas = strategy.num_replicas_in_sync
        return iter(
            strategy.distribute_datasets_from_function(
                lambda worker: self.once(
                    replicas=replicas,
                    share=_share(worker),
                    swap_images=swap_images,
                )
            )
        )

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
        """An epoch's batches from the `done`th on, each replica's in turn."""
        streams = share.of(self.batching.num_streams)
        own = self.batching.replica_streams(replicas, share.workers)
        turns = self._turns(streams, epoch, done).batch(own, True)
        # All of a batch at once: calls for each record cost as much again.
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
        """Each stream's number and part of a batch, serialised, in turn.

        `shift` is the number of records by which each is too far on.
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
            # Streams are read at the same time, each one part ahead.
            datasets.append(parts.prefetch(1))
        turns = tf.data.Dataset.range(len(streams))
        return tf.data.Dataset.choose_from_datasets(
            datasets, turns.repeat(self.steps_per_epoch - done)
        )

    def _shuffled(
        self, dataset: tf.data.Dataset, stream: int, epoch: tf.Tensor
    ) -> tf.data.Dataset:
        # Not `Dataset.shuffle`, whose order depends on the global seed too.
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
        """int64 []; no two runs share one, an epoch apart."""
        return self.batching.seed * 1_000_003 + epoch

    def _range(self, begin: int, end: int) -> tf.data.Dataset:
        """Serialised records of the split; behind the last comes the first."""
        parts, place = [], 0
        for each in [*self._parts, *self._parts]:
            first, last = max(begin - place, 0), min(end - place, each.records)
            if first < last:
                part = tf.data.TFRecordDataset(
                    each.path, buffer_size=_buffer(each.path)
                )
                part = part.skip(each.first + first).take(last - first)
                parts.append(part)
            place += each.records
        dataset = parts[0] if parts else tf.data.TFRecordDataset([])
        for part in parts[1:]:
            dataset = dataset.concatenate(part)
        return dataset

    def _batch(
        self, streams: tf.Tensor, serialised: tf.Tensor, epoch: tf.Tensor
    ) -> Batch:
        """[streams] and their records, string [streams, n] -> a batch."""
        b = self.batching
        row = records.fields(tf.reshape(serialised, [-1]), "image_id", "grid")
        texts, present = self._draw(row["image_id"], row["captions"], epoch)
        tokens = self._vocabulary.encode(tf.reshape(texts, [-1]), b.max_length)
        shape = [-1, b.captions_per_image, b.max_length]
        # A missing caption is all padding.
        tokens = tf.reshape(tokens, shape) * present[..., None]
        return {
            "grid": records.decode_grids(row["grid"], self._spec),
            "tokens": tokens,
            "weights": tf.cast(tokens > 0, tf.float32),
            "streams": streams,
        }

    def _swapped(
        self, batch: Batch, lent: tuple[tf.Tensor, tf.Tensor]
    ) -> Batch:
        row = records.fields(tf.reshape(lent[1], [-1]), "grid")
        return {**batch, "grid": records.decode_grids(row["grid"], self._spec)}

    def _draw(
        self, image_ids: tf.Tensor, captions: tf.RaggedTensor, epoch: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """[I] and [I, (n)] -> texts without replacement, and which there are.

        Both are [I, captions per image], string and int32.
        """
        wanted = self.batching.captions_per_image
        if self._shuffle:
            # A hash of seed, image and text is a random order, and the same
            # whichever images share the batch.
            rows, texts = captions.value_rowids(), captions.values
            seed = tf.as_string(self._seed(epoch))
            key = tf.strings.join([seed, tf.gather(image_ids, rows), texts])
            drawn = tf.strings.to_hash_bucket_fast(key, _HASHES)
            order = tf.argsort(rows * _HASHES + drawn)
            captions = captions.with_values(tf.gather(texts, order))
        present = tf.sequence_mask(captions.row_lengths(), wanted, tf.int32)
        return captions.to_tensor(shape=[None, wanted]), present


def in_parts(batch: Batch, count: int) -> Batch:
    """Cuts a batch along its rows: each value gets a first axis of `count`."""
    return {
        name: tf.reshape(
            value, [count, value.shape[0] // count, *value.shape[1:]]
        )
        for name, value in batch.items()
    }


def _share(worker: tf.distribute.InputContext) -> Share:
    return Share(worker.input_pipeline_id, worker.num_input_pipelines)


def _buffer(path: str) -> int:
    """Bytes to read ahead: a file's are by the kernel, at one copy less."""
    return 1 << 20 if "://" in path else 0


def _filler(spec: records.GridSpec) -> bytes:
    """A record without captions, for the rest of a last batch."""
    grid = np.zeros([spec.locations, spec.depth])
    return records.CaptionedImage("", "", (), spec.to_bytes(grid)).to_bytes()
