"""What a reader gives is added up, by unit and by reason."""

import apache_beam as beam

from pipeline.job import add_up
from pipeline.job.ledger import Ledger, Tally
from pipeline.readers import rejects
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Read, Reject, Remark, Unit
from tests.support import pipes


def test_rows_are_added_up_by_unit_and_reason() -> None:
    rows = [
        Read(Unit.LINES),
        Read(Unit.CAPTIONS, 5),
        Read(Unit.LINES),
        Reject("b", "b.jpg", "empty", "no bytes", entries=2, captions=3),
        Reject("a", "a.jpg", "empty", "nothing", entries=1, captions=4),
        rejects.caption("c", "", "blank-caption", "no text"),
        rejects.shard("1.tar", "empty file"),
        Remark("splits: none"),
    ]
    with pipes.runner() as pipeline:
        read, left_out, remarks = pipeline | beam.Create(rows) | add_up.AddUp()
        pipes.check(pipes.remarks(remarks), ["splits: none"], "remarks")
        pipes.check(read, [("lines", 2), ("captions", 5)], "read")
        expected = [
            ("empty", Tally(2, 3, 7, ("a.jpg", "nothing"))),
            ("blank-caption", Tally(1, 0, 1, ("c", "no text"))),
            ("malformed-shard", Tally(1, 0, 0, ("1.tar", "empty file"))),
        ]
        pipes.check(left_out, expected, "left out")


def test_what_went_on_is_counted_with_what_did_not() -> None:
    parts = [("a", ("x", "y")), ("a", ("z",)), ("b", ())]
    references = [Reference(name, name, texts) for name, texts in parts]
    remark = Remark("ids: none")
    rows = [Read(Unit.LINES, 3), Read(Unit.CAPTIONS, 3), remark]
    with pipes.runner() as pipeline:
        closed = (
            pipeline | "Good" >> beam.Create(references),
            pipeline | "Rows" >> beam.Create(rows),
        ) | add_up.Close()
        read = {"lines": 3, "captions": 3}
        expected = Ledger(read, {}, 3, 3, 2, (remark,))
        pipes.check(closed | beam.Map(Ledger.load), [expected])
