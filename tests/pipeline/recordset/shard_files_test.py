import pytest

from pipeline.recordset import shard_files


def test_a_shards_name_comes_back() -> None:
    name = shard_files.shard_name("my-split", 3, 16)
    assert shard_files.parse_shard_name(name) == ("my-split", 3, 16)


@pytest.mark.parametrize(
    "name",
    ["", "train", "train-1-of-2", "train-00002-of-00002", "a-00000-to-00001"],
)
def test_what_is_no_shards_name(name: str) -> None:
    with pytest.raises(ValueError) as caught:
        shard_files.parse_shard_name(name)
    assert str(caught.value) == f"{name!r} is no shard's name"
