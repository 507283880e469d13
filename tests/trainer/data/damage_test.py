"""A damaged record is named by its shard and place."""

import pathlib

import pytest
import tensorflow as tf

from pipeline.recordset import tfrecord
from tests.support import fixtures
from tests.support.uneven_batching import BATCHING, replicas
from trainer.data import damage
from trainer.data.batches import CaptionDataset


def offsets(path: pathlib.Path) -> list[int]:
    with path.open("rb") as file:
        return list(tfrecord.walk(file, path.stat().st_size, str(path)))


@pytest.mark.parametrize("number", [0, -1])
def test_a_flipped_bit_is_found_in_its_shard(tmp_path, number):
    record_set = fixtures.write_uneven_record_set(tmp_path)
    shards = record_set.manifest.shards_of("train")
    path = pathlib.Path(record_set.path, shards[number].file)
    if not shards[number].records:
        pytest.skip("an empty shard")
    place = offsets(path)[-1]
    data = bytearray(path.read_bytes())
    data[place + tfrecord.HEADER_BYTES + 20] ^= 1
    path.write_bytes(data)
    train = CaptionDataset(record_set, "train", BATCHING, shuffle=False)
    batches = train.distribute_once(replicas(1))
    with (
        pytest.raises(tfrecord.CorruptShard) as error,
        damage.named(record_set),
    ):
        list(batches)
    assert str(error.value) == (
        f"{path}: the record at byte {place} does not fit its checksum: "
        "python -m pipeline.main --mode=verify "
        f"--output={record_set.path} finds all damage; make the shard anew"
    )


def test_other_losses_of_data_pass_through(record_set):
    lost = tf.errors.DataLossError(None, None, "a checkpoint is cut")
    with pytest.raises(tf.errors.DataLossError), damage.named(record_set):
        raise lost
