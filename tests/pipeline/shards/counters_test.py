"""What a worker counts, in its file and as Beam metrics."""

import pickle
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.job import progress
from pipeline.shards import counters as counters_lib


def counted(**counts: int) -> progress.Board:
    board = progress.Board()
    for name, number in counts.items():
        pickle.loads(pickle.dumps(board.counters)).add(**{name: number})
    return board


def test_workers_are_added_up_and_nothing_is_left_behind() -> None:
    with counted(images=3, rejects=1) as board:
        again = pickle.loads(pickle.dumps(board.counters))
        again.add(images=4, bytes=10)
        again.add(images=1)
        assert board.totals() == {
            name: {"images": 8, "rejects": 1, "bytes": 10}.get(name, 0)
            for name in counters_lib.COUNTERS
        }
        folder = Path(again.__reduce__()[1][0])
        assert len(list(folder.iterdir())) == 3
    assert not folder.exists()


def test_a_worker_elsewhere_writes_no_file(tmp_path: Path) -> None:
    counters = counters_lib.Counters(str(tmp_path / "not-here"))
    counters.add(images=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "workers",
    [[], ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]],
)
def test_what_workers_count_is_metrics_too(workers: list[str]) -> None:
    board = progress.Board()

    def count(number: int) -> None:
        board.counters.add(images=1, bytes=number)

    options = PipelineOptions(["--runner=FnApiRunner", *workers])
    pipeline = beam.Pipeline(options=options)
    pipeline | beam.Create([5, 6, 7]) | beam.Reshuffle() | beam.Map(count)
    with board:
        result = pipeline.run()
        result.wait_until_finish()
        assert board.totals()["images"] == 3
        assert board.totals()["bytes"] == 18
    named = MetricsFilter().with_namespace(counters_lib.NAMESPACE)
    found = result.metrics().query(named)["counters"]
    assert {each.key.metric.name: each.committed for each in found} == {
        "images": 3,
        "bytes": 18,
    }
