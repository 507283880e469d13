"""Origin: which bytes a source stands for, and which sources leave the root."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apache_beam.io.aws.clients.s3 import boto3_client
from google.cloud.storage import blob

from pipeline.files import image_root
from pipeline.images.decode import RejectedImage
from tests.support import bucket


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(b"0123456789")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    return folder


def read(root: Path, source: str, **how: int) -> bytes:
    given = {"max_bytes": 100} | how
    return image_root.ImageRoot(str(root)).read(source, **given)


def refused(root: Path, source: str, **how: int) -> tuple[str, str]:
    with pytest.raises(RejectedImage) as caught:
        read(root, source, **how)
    return caught.value.reason, caught.value.detail


def test_a_source_is_a_path_under_the_root(root: Path) -> None:
    assert read(root, "a/1.jpg") == b"0123456789"
    assert read(root, "./a//1.jpg") == b"0123456789"


def test_a_range_is_read_alone(root: Path) -> None:
    assert read(root, "a/1.jpg", offset=2, length=3) == b"234"
    assert read(root, "a/1.jpg", offset=9, length=1) == b"9"
    assert refused(root, "a/1.jpg", offset=8, length=3) == (
        "truncated",
        "2 of 3 bytes are there",
    )


def test_no_more_is_read_than_allowed(root: Path) -> None:
    assert read(root, "a/1.jpg", max_bytes=10) == b"0123456789"
    assert refused(root, "a/1.jpg", max_bytes=9) == (
        "too-many-bytes",
        "more than 9 bytes",
    )
    assert refused(root, "a/1.jpg", max_bytes=9, length=10) == (
        "too-many-bytes",
        "10 bytes, the limit is 9",
    )


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("../secret.jpg", "climbs with '..'"),
        ("..", "climbs with '..'"),
        ("a/../../secret.jpg", "climbs with '..'"),
        ("a/../a/1.jpg", "climbs with '..'"),
        ("a\\..\\..\\secret.jpg", "climbs with '..'"),
        ("%2e%2e/secret.jpg", "climbs with '..'"),
        ("%252E%252e%252fsecret.jpg", "climbs with '..'"),
        ("..%5Csecret.jpg", "climbs with '..'"),
        ("%" + "25" * 99 + "2e./a", "is percent-encoded over and over"),
        ("/etc/passwd", "is absolute; paths are relative to --images"),
        ("%2fetc/passwd", "is absolute; paths are relative to --images"),
        ("\\\\host\\a.jpg", "is absolute; paths are relative to --images"),
        ("gs://bucket/a.jpg", "names a place of its own; paths are relative"),
        ("file:///etc/passwd", "names a place of its own; paths are relative"),
        ("file:/etc/passwd", "names a place of its own; paths are relative"),
        ("C:\\a.jpg", "names a place of its own; paths are relative"),
        ("ftp://a.org/a.jpg", "names a place of its own; paths are relative"),
    ],
)
def test_no_source_leaves_the_root(
    root: Path, source: str, detail: str
) -> None:
    reason, found = refused(root, source)
    assert (reason, found[: len(detail)]) == ("outside-root", detail)
    with pytest.raises(RejectedImage, match="^outside-root: "):
        image_root.ImageRoot("gs://bucket/images").read(source, max_bytes=9)


@pytest.mark.parametrize(
    "name", ["a..b.jpg", "...jpg", "~", "12:30.jpg", "100%.jpg", "a%20b.jpg"]
)
def test_a_strange_name_is_a_name(root: Path, name: str) -> None:
    (root / name).write_bytes(b"x")
    assert read(root, name) == b"x"


def test_no_link_leaves_the_root(root: Path) -> None:
    (root / "out.jpg").symlink_to(root.parent / "secret.jpg")
    (root / "out").symlink_to(root.parent)
    (root / "in.jpg").symlink_to(root / "a" / "1.jpg")
    (root.parent / "door").symlink_to(root)
    for source in ("out.jpg", "out/secret.jpg"):
        assert refused(root, source) == (
            "outside-root",
            "a link leads out of --images; --images='.../**' follows links",
        )
    assert read(root, "in.jpg") == b"0123456789"
    assert read(root.parent / "door", "a/1.jpg") == b"0123456789"


def test_what_was_found_is_read_as_it_is(root: Path) -> None:
    (root / "out.jpg").symlink_to(root.parent / "secret.jpg")
    (root / "out").symlink_to(root.parent)
    (root / "%2e%2e").mkdir()
    (root / "%2e%2e" / "b[1]*.jpg").write_bytes(b"x")
    (root / "away.jpg").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    found = image_root.FoundImages(str(root))
    secret = (root.parent / "secret.jpg").read_bytes()
    for source in ("out.jpg", "out/secret.jpg"):
        assert found.read(source, max_bytes=1000) == secret
    assert found.read("%2e%2e/b[1]*.jpg", max_bytes=1) == b"x"
    assert dataclasses.asdict(found) == dataclasses.asdict(
        image_root.ImageRoot(str(root))
    )
    with pytest.raises(RejectedImage, match="is not a regular file"):
        found.read("pipe", max_bytes=1)
    with pytest.raises(FileNotFoundError):
        found.read("away.jpg", max_bytes=1)


def test_a_neighbour_with_the_same_beginning_is_outside(root: Path) -> None:
    (root.parent / "root2").mkdir()
    (root.parent / "root2" / "b.jpg").write_bytes(b"x")
    (root / "b").symlink_to(root.parent / "root2")
    assert refused(root, "b/b.jpg")[0] == "outside-root"


@pytest.mark.parametrize("source", ["a", "", "pipe"])
def test_only_files_are_read(root: Path, source: str) -> None:
    os.mkfifo(root / "pipe")
    assert refused(root, source) == ("unreadable", "is not a regular file")


def test_a_url_needs_its_host_named(root: Path) -> None:
    for source in ("http://a.org/1.jpg", "HTTPS://a.org/1.jpg"):
        assert refused(root, source) == (
            "url-not-allowed",
            "a.org is not in --allow_hosts",
        )


@pytest.fixture(params=["gs", "s3"])
def url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An empty bucket's URL."""
    if request.param == "gs":
        with bucket.serve(tmp_path, monkeypatch) as served:
            yield served
    else:
        with bucket.serve_s3(monkeypatch):
            yield f"s3://{bucket.NAME}"


@pytest.mark.slow
def test_a_bucket_may_hold_the_root(url: str, root: Path) -> None:
    bucket.upload(root / "a", f"{url}/root/a")
    bucket.upload(root.parent / "secret.jpg", f"{url}/secret.jpg")
    images = image_root.ImageRoot(f"{url}/root")
    assert images.read("a/1.jpg", max_bytes=10) == b"0123456789"
    assert images.read("a/1.jpg", max_bytes=9, offset=2, length=3) == b"234"
    for source, how, reason in (
        ("a/1.jpg", {"max_bytes": 9}, "too-many-bytes"),
        ("a/1.jpg", {"max_bytes": 9, "offset": 8, "length": 3}, "truncated"),
        ("../secret.jpg", {"max_bytes": 9}, "outside-root"),
        (f"{url}/secret.jpg", {"max_bytes": 9}, "outside-root"),
    ):
        with pytest.raises(RejectedImage, match=f"^{reason}: "):
            images.read(source, **how)
    with pytest.raises(OSError, match="a/2.jpg"):
        images.read("a/2.jpg", max_bytes=9)


@pytest.mark.slow
def test_a_range_of_a_bucket_is_fetched_alone(
    url: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "1.tar").write_bytes(bytes(1 << 20))
    bucket.upload(root / "1.tar", f"{url}/1.tar")
    fetched = []
    for kind, method in (
        (blob.Blob, "download_as_bytes"),
        (boto3_client.Client, "get_range"),
    ):
        original = getattr(kind, method)

        def noted(*args: Any, original: Any = original, **how: Any) -> bytes:
            fetched.append(original(*args, **how))
            return bytes(fetched[-1])

        monkeypatch.setattr(kind, method, noted)
    images = image_root.ImageRoot(url)
    images.read("1.tar", max_bytes=5000, offset=700, length=4321)
    assert 4321 <= sum(map(len, fetched)) <= 4322
