"""What a reader gives -> the counts of a ledger."""

from typing import Any

import apache_beam as beam
from apache_beam import metrics

from pipeline.job.ledger import Ledger, Tally
from pipeline.readers.rejects import Read, Reject, Remark


class AddUp(beam.PTransform):
    """Rows of a reader -> (unit, number), (reason, Tally), [Remark]."""

    def expand(self, rows: Any) -> Any:
        """Builds the stages of this transform."""
        read = (
            rows
            | "Read rows" >> beam.Filter(lambda row: isinstance(row, Read))
            | "By unit" >> beam.Map(_by_unit)
            | "Sum read" >> beam.CombinePerKey(sum)
        )
        left_out = (
            rows
            | "Rejects" >> beam.Filter(lambda row: isinstance(row, Reject))
            | "By reason" >> beam.Map(_by_reason)
            | "Sum left out" >> beam.CombinePerKey(Tally.merge)
        )
        remarks = rows | "Remarks" >> beam.Filter(
            lambda row: isinstance(row, Remark)
        )
        return read, left_out, remarks


def _by_unit(row: Any) -> tuple[str, int]:
    metrics.Metrics.counter("read", row.unit).inc(row.number)
    return str(row.unit), row.number


def _by_reason(row: Any) -> tuple[str, Tally]:
    metrics.Metrics.counter("left_out", row.reason).inc()
    return row.reason, Tally.of(row)


class Close(beam.PTransform):
    """(References, rejects) of a reader -> one dumped ledger."""

    def expand(self, rows: Any) -> Any:
        """Builds the stages of this transform."""
        references, left_out = rows
        read, tallies, remarks = left_out | AddUp()
        passed = [
            references | "Count entries" >> beam.combiners.Count.Globally(),
            references
            | "Captions of each" >> beam.Map(lambda part: len(part.captions))
            | "Count captions" >> beam.CombineGlobally(sum),
            references
            | "Image of each" >> beam.Map(lambda part: part.image_id)
            | "Once an image" >> beam.Distinct()
            | "Count images" >> beam.combiners.Count.Globally(),
        ]
        return (
            references.pipeline
            | "Once" >> beam.Create([None])
            | "Close"
            >> beam.Map(
                _closed,
                beam.pvalue.AsDict(read),
                beam.pvalue.AsDict(tallies),
                *map(beam.pvalue.AsSingleton, passed),
                beam.pvalue.AsList(remarks),
            )
        )


def _closed(_: None, *parts: Any) -> str:
    return Ledger(*parts).dump()
