"""Records of parts come one after the other, whole."""

import dataclasses

from pipeline.recordset import records
from trainer.data import part_records


def ids(parts) -> list[str]:
    rows = part_records.read(parts).map(
        lambda row: records.fields(row, "image_id")["image_id"]
    )
    return [name.decode() for name in rows.as_numpy_iterator()]


def test_parts_are_read_in_their_order(record_set):
    parts = record_set.parts("train")
    every = ids(parts)
    assert len(every) == record_set.num_images("train")
    assert ids(parts[::-1]) == [i for part in parts[::-1] for i in ids([part])]


def test_a_part_is_a_run_of_its_file(record_set):
    part = max(record_set.parts("train"), key=lambda part: part.records)
    inner = dataclasses.replace(part, first=1, records=part.records - 2)
    assert ids([inner]) == ids([part])[1:-1]


def test_no_parts_have_no_records():
    assert ids([]) == []
