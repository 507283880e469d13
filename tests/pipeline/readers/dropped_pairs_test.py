"""Pairs are left out by the ids of a list, and counted."""

from pathlib import Path

import apache_beam as beam
import pytest

from pipeline.readers import dropped_pairs
from pipeline.readers.annotation_files import DataSetError
from pipeline.readers.reference import Reference
from tests.support import pipes

PARTS = [Reference(name, f"{name}.jpg", ("a dog",)) for name in "abc"]


class Given(beam.PTransform):
    """Stands for a reader of three images."""

    def expand(self, begin):
        rejects = begin | "No rejects" >> beam.Create([])
        return begin | "Good" >> beam.Create(PARTS), rejects


def test_named_images_are_left_out_and_told() -> None:
    with pipes.runner() as pipeline:
        good, rejects = pipeline | dropped_pairs.LeaveOutPairs(
            Given(), frozenset({"b", "no image"})
        )
        pipes.check(good, [PARTS[0], PARTS[2]])
        pipes.check(pipes.reasons(rejects), [("b", "dropped-pair")], "rejects")


def test_a_list_has_an_id_a_line(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"image_id": "a", "gap": 1.5}\n\n{"image_id": 7}\n')
    assert dropped_pairs.read(str(path)) == {"a", "7"}


@pytest.mark.parametrize("line", ["a.jpg", "[]", '{"id": "a"}', "7"])
def test_another_list_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"image_id": "a"}\n' + line)
    with pytest.raises(DataSetError) as error:
        dropped_pairs.read(str(path))
    assert str(error.value) == (
        f"--drop_pairs: {path}, line 2: an object with 'image_id' is needed"
    )


def test_no_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="--drop_pairs: no such file: "):
        dropped_pairs.read(str(tmp_path / "no"))
