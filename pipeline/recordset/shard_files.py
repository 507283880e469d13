"""Names of a shard and of its two files."""

# The suffixes of a shard's records and of its side file, which is written after
# them and marks the shard as finished.
RECORDS, SIDE = ".tfrecord", ".index.json"


def shard_name(split: str, number: int, num_shards: int) -> str:
    """Such as `train-00003-of-00016`."""
    return f"{split}-{number:05d}-of-{num_shards:05d}"


def parse_shard_name(name: str) -> tuple[str, int, int]:
    """The inverse of `shard_name`: split, number and number of shards.

    Raises:
      ValueError: it is no shard's name.
    """
    try:
        split, number, _, num_shards = name.rsplit("-", 3)
        parts = split, int(number), int(num_shards)
    except ValueError:
        parts = "", 0, 0
    if shard_name(*parts) != name or not 0 <= parts[1] < parts[2]:
        raise ValueError(f"{name!r} is no shard's name")
    return parts
