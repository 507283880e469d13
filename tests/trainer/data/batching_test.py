"""Settings of the batches, and a worker's share of them."""

import pytest

from trainer.data.batching import Batching, Share


@pytest.mark.parametrize(
    "name",
    [
        "batch_images",
        "captions_per_image",
        "max_length",
        "num_streams",
        "shuffle_window",
    ],
)
def test_batching_refuses_what_is_not_positive(name):
    with pytest.raises(ValueError) as error:
        Batching(**{name: 0})
    assert str(error.value) == f"`{name}` must be positive, got 0"


def test_batching_refuses_streams_that_do_not_divide_the_batch():
    with pytest.raises(ValueError) as error:
        Batching(batch_images=30, num_streams=8)
    assert str(error.value) == (
        "`num_streams` must divide `batch_images`, got 8 streams and 30 images"
    )


def test_workers_have_equal_shares_in_order():
    shares = [list(Share(worker, 4).of(8)) for worker in range(4)]
    assert shares == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert list(Share().of(3)) == [0, 1, 2]
