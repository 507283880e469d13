"""Names: each stands for one file, or for those that a pattern finds."""

import os
import string
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies

from pipeline.files import found_files
from tests.support import bucket

# What a file may be called: every ASCII sign, and some beyond.
SIGNS = "".join(
    sorted(
        {*map(chr, range(1, 128)), *"éß\u0301中文🐕\u200f\u202e\udce9"} - {"/"}
    )
)
FILE_NAMES = strategies.text(SIGNS, min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


def found(name: object) -> list[str]:
    return [file.path for file in found_files.find(str(name))]


def make(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)


@pytest.mark.parametrize("sign", string.punctuation + " \t\né中🐕")
def test_a_name_that_exists_is_no_pattern(tmp_path: Path, sign: str) -> None:
    if sign == "/":
        return
    folder = tmp_path / f"set {sign}[1]{sign}*"
    name = f"a{sign}[1]{sign}"
    make(folder / name, folder / f"a{sign}1{sign}", tmp_path / "other" / name)
    assert found(folder / name) == [str(folder / name)]
    assert sorted(found(folder / "*")) == sorted(
        [str(folder / name), str(folder / f"a{sign}1{sign}")]
    )
    assert found_files.split_pattern(f"{folder}/x*") == (str(folder), "x*")


def test_a_file_that_could_be_a_pattern_is_read_alone_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path / "*", tmp_path / "a", tmp_path / "b")
    assert found(tmp_path / "*") == [str(tmp_path / "*")]
    (told,) = caplog.messages
    assert told == (
        f"{tmp_path}/* is the name of a file, and read alone: 2 others that it "
        "would find as a pattern are left out"
    )


def test_a_range_that_is_none_is_told(tmp_path: Path) -> None:
    make(tmp_path / "[z-a]")
    assert found(tmp_path / "[z-a]") == [str(tmp_path / "[z-a]")]
    with pytest.raises(ValueError, match="bad character range z-a") as caught:
        found(tmp_path / "[z-a]*")
    assert str(caught.value).startswith("[z-a]* is no pattern: ")


@hypothesis.settings(deadline=None, max_examples=150)
@hypothesis.given(names=strategies.sets(FILE_NAMES, max_size=4))
def test_every_name_is_found_once_and_opened_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        (folder / name).write_bytes(os.fsencode(name))
    expected = sorted(str(folder / name) for name in names)
    assert sorted(found(f"{folder}/")) == expected
    if "*" not in names:
        assert sorted(found(f"{folder}/*")) == expected
    for name in names:
        (one,) = found_files.find(str(folder / name))
        assert Path(one.path).read_bytes() == os.fsencode(name)
        assert one.size == len(os.fsencode(name))
        found_files.printable(one.path).encode()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["1.jpg"]),
        ("a/*.jpg", ["a/2.jpg", "a/3.jpg"]),
        ("a/[!2].jpg", ["a/3.jpg"]),
        ("a/[[3].jpg", ["a/3.jpg"]),
        ("?/?.jpg", ["a/2.jpg", "a/3.jpg"]),
        ("*/b/*", ["a/b/4.jpg"]),
        ("a/**", ["a/2.jpg", "a/3.jpg", "a/b/4.jpg"]),
        ("**.jpg", ["1.jpg", "a/2.jpg", "a/3.jpg", "a/b/4.jpg"]),
        ("**/b/*.jpg", ["a/b/4.jpg"]),
        ("*/*/*/*", []),
        ("*.png", []),
        ("no/*", []),
        ("a", []),
    ],
)
@pytest.mark.parametrize("relative", [False, True])
def test_a_pattern_finds_files(
    tmp_path: Path,
    pattern: str,
    expected: list[str],
    relative: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make(*(tmp_path / name for name in ("1.jpg", "a/2.jpg", "a/3.jpg")))
    make(tmp_path / "a" / "b" / "4.jpg")
    if relative:
        monkeypatch.chdir(tmp_path)
        assert sorted(found(pattern)) == expected
    else:
        assert sorted(found(tmp_path / pattern)) == [
            str(tmp_path / name) for name in expected
        ]


@pytest.mark.parametrize(
    ("name", "folder", "rest"),
    [
        ("coco/*2017/*.jpg", "coco", "*2017/*.jpg"),
        ("/data/a?/b[0-9].jpg", "/data", "a?/b[0-9].jpg"),
        ("/*.jpg", "/", "*.jpg"),
        ("*.jpg", "", "*.jpg"),
        ("a/b.jpg", "a", "b.jpg"),
    ],
)
def test_a_pattern_has_a_folder(name: str, folder: str, rest: str) -> None:
    assert found_files.split_pattern(name) == (folder, rest)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///a%20b/[1].jsonl", "/a b/[1].jsonl"),
        ("FILE://localhost/a", "/a"),
        ("train=file:///a/%2A", "train=/a/*"),
        ("file:///caf%C3%A9", "/café"),
        ("file://host/a", "file://host/a"),
        ("file:/a", "file:/a"),
        ("/a/file:///b", "/a/file:///b"),
        ("gs://b/a%20b", "gs://b/a%20b"),
        ("", ""),
    ],
)
def test_a_url_of_a_file_is_a_path(text: str, path: str) -> None:
    assert found_files.from_url(text) == path


def test_links_on_the_way_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path / "disk" / "train" / "1.jpg", tmp_path / "blob")
    coco = tmp_path / "coco"
    coco.mkdir()
    (coco / "train").symlink_to("../disk/train")
    (coco / "2.jpg").symlink_to("../blob")
    (tmp_path / "disk" / "train" / "up").symlink_to("../train")
    (coco / "itself").symlink_to("itself")
    (coco / "away.jpg").symlink_to("nowhere")
    assert found(coco / "*" / "*.jpg") == [f"{coco}/train/1.jpg"]
    assert found(coco / "**.jpg") == [
        f"{coco}/2.jpg",
        f"{coco}/away.jpg",
        f"{coco}/train/1.jpg",
    ]
    sizes = {file.path: file.size for file in found_files.find(f"{coco}/*.jpg")}
    assert sizes == {f"{coco}/2.jpg": 4, f"{coco}/away.jpg": -1}


@pytest.fixture(params=["gs", "s3"])
def url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    if request.param == "gs":
        with bucket.serve(tmp_path, monkeypatch) as served:
            yield served
    else:
        with bucket.serve_s3(monkeypatch):
            yield f"s3://{bucket.NAME}"


@pytest.mark.slow
def test_a_bucket_has_the_same_rules(url: str, tmp_path: Path) -> None:
    make(tmp_path / "set" / "a[1].jpg", tmp_path / "set" / "a1.jpg")
    folder = bucket.upload(tmp_path / "set", f"{url}/set [2019]")
    names = [f"{folder}/a1.jpg", f"{folder}/a[1].jpg"]
    assert found(names[1]) == names[1:]
    assert sorted(found(f"{folder}/*.jpg")) == names
    assert sorted(found(f"{url}/*/*.jpg")) == names
    assert sorted(found(f"{folder}/")) == names
    assert found(f"{folder}/b*") == []
    assert found_files.split_pattern(f"{folder}/a*") == (folder, "a*")
