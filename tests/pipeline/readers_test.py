"""Readers: what each format gives, on the runner that the job uses."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline import readers, splits
from pipeline.captions import Reference
from pipeline.rejects import Reject
from tests import fixtures


def runner() -> test_pipeline.TestPipeline:
    """FnApiRunner, because DirectRunner downloads a binary first."""
    options = PipelineOptions(["--runner=FnApiRunner"])
    return test_pipeline.TestPipeline(options=options)


def reasons(rejects: Any) -> Any:
    return rejects | "Reasons" >> beam.Map(
        lambda reject: (reject.image_id, reject.reason)
    )


def check(good: Any, expected: Iterable[Any], label: str = "good") -> None:
    assert_that(good, equal_to(list(expected)), label=label)


def test_jsonl_is_read_with_its_rejects(tmp_path: Path) -> None:
    rows = [
        {"image": "a.jpg", "captions": ["one", "two"], "split": "test"},
        {"image": "b.jpg", "captions": ["thr\u00e9e"]},
        {"image": "../c.jpg", "captions": ["x"]},
        {"image": "d.jpg", "captions": []},
    ]
    path = fixtures.write_jsonl(tmp_path / "c.jsonl", rows)
    with path.open("ab") as file:
        file.write(b"\n   \r\nbroken\r\n")
        file.write(
            '{"image": "e", "captions": ["caf\u00e9"]}'.encode("latin-1")
        )
    with runner() as pipeline:
        good, rejects = pipeline | readers.ReadJsonl(str(path))
        check(
            good,
            [
                Reference("a.jpg", "a.jpg", ("one", "two"), "test"),
                Reference("b.jpg", "b.jpg", ("thr\u00e9e",)),
            ],
        )
        check(
            reasons(rejects),
            [
                ("../c.jpg", "outside-image-root"),
                ("d.jpg", "no-captions"),
                ("broken", "malformed-line"),
                ('{"image": "e", "captions": ["caf\ufffd"]}', "malformed-line"),
            ],
            "rejects",
        )


def test_jsonl_lines_may_share_an_image_but_not_split_it(
    tmp_path: Path,
) -> None:
    rows = [
        {"image": "a.jpg", "captions": ["one"], "split": "train"},
        {"image": "b.jpg", "captions": ["one"], "split": "train"},
        {"image": "a.jpg", "captions": ["two"], "split": "train"},
        {"image": "b.jpg", "captions": ["two"], "split": "test"},
        {"image": "c.jpg", "captions": ["one"]},
        {"image": "c.jpg", "captions": ["two"], "split": "test"},
    ]
    path = fixtures.write_jsonl(tmp_path / "c.jsonl", rows)
    with runner() as pipeline:
        good, rejects = pipeline | readers.ReadJsonl(str(path))
        check(
            good,
            [
                Reference("a.jpg", "a.jpg", (text,), "train")
                for text in ("one", "two")
            ],
        )
        check(
            rejects,
            [
                Reject(name, name, "in-two-splits", detail)
                for name, detail in (
                    ("b.jpg", "named by ['test', 'train']"),
                    ("c.jpg", "named by ['', 'test']"),
                )
            ],
            "rejects",
        )


def test_flickr8k_joins_captions_and_lists(tmp_path: Path) -> None:
    tokens = tmp_path / "token.txt"
    tokens.write_bytes(
        b"a.jpg#0\tone\r\nb.jpg#0\tone\na.jpg#1\ttwo\nc.jpg#0\tx\n"
        b"not a line\nd.jpg#0\ty\n"
    )
    (tmp_path / "train").write_bytes(b"\xef\xbb\xbfa.jpg\r\nd.jpg\n\n")
    (tmp_path / "dev").write_bytes(b"b.jpg\nd.jpg\nno-captions.jpg")
    lists = {name: str(tmp_path / name) for name in ("train", "dev")}
    with runner() as pipeline:
        good, rejects = pipeline | readers.ReadFlickr8k(str(tokens), lists)
        check(
            good,
            [
                Reference("a.jpg", "a.jpg", ("one",), "train", 0),
                Reference("a.jpg", "a.jpg", ("two",), "train", 1),
                Reference("b.jpg", "b.jpg", ("one",), "dev", 0),
            ],
        )
        check(
            reasons(rejects),
            [("not a line", "malformed-line"), ("d.jpg", "in-two-splits")],
            "rejects",
        )
    (counter,) = pipeline.result.metrics().query(
        beam.metrics.MetricsFilter().with_name("unlisted")
    )["counters"]
    assert counter.committed == 1


def test_adding_images_moves_no_other(tmp_path: Path) -> None:
    rule = splits.SplitRule(validation_share=0.2, test_share=0.2)
    few = [Reference(f"{number}", "a.jpg", ("x",)) for number in range(40)]
    more = [Reference(f"new-{number}", "a.jpg", ("x",)) for number in range(40)]
    expected = [
        dataclasses.replace(part, split=rule.assign(part.image_id, ""))
        for part in few
    ]
    assert {part.split for part in expected} == {"train", "validation", "test"}
    with runner() as pipeline:
        assigned = (
            pipeline
            | beam.Create([*more, *few])
            | readers.AssignSplits(rule)
            | beam.Filter(lambda part: not part.image_id.startswith("new"))
        )
        check(assigned, expected)
