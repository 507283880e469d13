"""File systems that are not installed or do not answer are told in a line."""

import importlib.util
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from apache_beam.io.filesystems import FileSystems

from pipeline.files import reach


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    paths: list[str] = []
    monkeypatch.setattr(FileSystems, "exists", paths.append)
    return paths


def test_each_bucket_is_asked_once(asked: list[str]) -> None:
    reach.check(
        [
            ("annotations", "gs://a/1.jsonl"),
            ("annotations", "gs://a/2.jsonl"),
            ("images", "s3://a/photos"),
            ("output", "gs://b"),
            ("encoder", "here.keras"),
        ]
    )
    assert asked == ["gs://a/1.jsonl", "s3://a/photos", "gs://b"]


@pytest.mark.parametrize(
    ("path", "missing", "told"),
    [
        (
            "gs://b/a",
            "google.cloud.storage",
            "gs:// needs a part more: pip install 'eyewitness[gcp]'",
        ),
        (
            "s3://b/a",
            "boto3",
            "s3:// needs a part more: pip install 'eyewitness[aws]'",
        ),
        ("ftp://b/a", "", "ftp:// is not read: give a path, gs:// or s3://"),
        ("file://b/a", "", "file:// is not read: give a path, gs:// or s3://"),
    ],
)
def test_what_is_not_installed_is_told(
    path: str,
    missing: str,
    told: str,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec

    def lacking(name: str, *rest: Any) -> Any:
        return None if name == missing else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", lacking)
    with pytest.raises(reach.UnreachableError) as caught:
        reach.check([("images", path)])
    assert str(caught.value) == f"--images={path}: {told}"
    assert asked == []


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A bucket that answers when the event is set."""
    heard = threading.Event()
    monkeypatch.setattr(FileSystems, "exists", lambda path: heard.wait())
    monkeypatch.setattr(reach, "_SILENT_SECONDS", 0.05)
    yield heard
    heard.set()


def test_silence_has_a_line_and_an_end(
    silent: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reach, "_MOST_SECONDS", 0.1)
    with caplog.at_level("INFO"), pytest.raises(reach.UnreachableError) as e:
        reach.check([("output", "s3://b/a")])
    assert caplog.messages == ["waiting for an answer about s3://b/a"]
    assert str(e.value).startswith("--output=s3://b/a: no answer in 0 seconds:")


def test_a_late_answer_or_an_error_is_one(
    silent: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    threading.Timer(0.2, silent.set).start()
    reach.check([("output", "s3://b/a")])

    def refuse(path: str) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(FileSystems, "exists", refuse)
    reach.check([("output", "s3://b/a")])
