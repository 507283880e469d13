"""How examples become batches, and which worker reads which of them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Batching:
    """How examples become batches. An example is an image with captions.

    Attributes:
      batch_images: images of a global batch, over all devices.
      captions_per_image: captions of each image. If an image has more, they
        are drawn anew in each epoch; if fewer, the missing ones weigh zero.
      max_length: tokens of a caption, with END.
      num_streams: virtual streams V; divides `batch_images`, and is divided by
        the number of replicas.
      shuffle_window: records of a stream that are shuffled among each other,
        and held in memory.
      seed: of the order of images and the choice of captions and views.
      plain_only: train on the images as they are, even where the record set
        has other views of them.

    Raises:
      ValueError: a number below one, or streams that don't divide the batch.
    """

    batch_images: int = 32
    captions_per_image: int = 5
    max_length: int = 24
    num_streams: int = 8
    shuffle_window: int = 64
    seed: int = 1
    plain_only: bool = False

    def __post_init__(self) -> None:
        """Validates once, where the settings are made."""
        for field in dataclasses.fields(self)[:-2]:
            value = getattr(self, field.name)
            if value < 1:
                raise ValueError(
                    f"`{field.name}` must be positive, got {value}"
                )
        if self.batch_images % self.num_streams:
            raise ValueError(
                "`num_streams` must divide `batch_images`, got "
                f"{self.num_streams} streams and {self.batch_images} images"
            )

    @property
    def stream_images(self) -> int:
        """Images that each stream gives to a batch."""
        return self.batch_images // self.num_streams

    def replica_streams(self, replicas: int, workers: int = 1) -> int:
        """Number of streams of each replica.

        Raises:
          ValueError: the replicas can't share the streams evenly.
        """
        streams = self.num_streams
        if streams % replicas:
            fits = [n for n in range(1, streams + 1) if not streams % n]
            of = f" of {workers} workers" if workers > 1 else ""
            raise ValueError(
                f"{replicas} replicas{of} can't share {streams} streams "
                f"evenly: use one of {fits} replicas in all, or another "
                "`num_streams`"
            )
        return streams // replicas


@dataclasses.dataclass(frozen=True)
class Share:
    """A worker's part of the replicas, and so of the streams.

    Attributes:
      worker: number of the worker, from zero.
      workers: number of workers; divides the number of replicas.
    """

    worker: int = 0
    workers: int = 1

    def of(self, count: int) -> range:
        """The worker's part of `count` streams or replicas, in order."""
        part = count // self.workers
        return range(self.worker * part, (self.worker + 1) * part)
