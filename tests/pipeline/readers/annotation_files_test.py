"""--annotations: which files it names, and when their digest changes."""

import dataclasses
from pathlib import Path

import pytest

from pipeline.readers import annotation_files
from pipeline.readers.annotation_files import DataSetError, InputFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jsonl", "b.jsonl", "c.txt"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_paths_and_patterns_name_files(folder: Path) -> None:
    assert annotation_files.find(
        [f"{folder}/*.jsonl", f"test={folder}/c.txt"]
    ) == (
        InputFile(f"{folder}/a.jsonl"),
        InputFile(f"{folder}/b.jsonl"),
        InputFile(f"{folder}/c.txt", "test"),
    )


@pytest.mark.parametrize("given", ["nothing.jsonl", "*.csv", "train=x/*"])
def test_what_is_not_there_is_told(folder: Path, given: str) -> None:
    split, _, pattern = given.rpartition("=")
    text = f"{folder}/{pattern}"
    with pytest.raises(DataSetError) as caught:
        annotation_files.find([f"{split}={text}" if split else text])
    assert str(caught.value) == f"--annotations: no such path: {text}"


def test_a_file_is_named_once(folder: Path) -> None:
    path = f"{folder}/a.jsonl"
    with pytest.raises(DataSetError) as caught:
        annotation_files.find([f"train={path}", f"{folder}/*.jsonl"])
    assert str(caught.value) == f"--annotations names twice: {path}"


def test_a_digest_is_of_content_and_splits(folder: Path) -> None:
    def digest(*given: str) -> str:
        return annotation_files.digest(
            InputFile(f"{folder}/{name}", split)
            for split, name in (text.split("=") for text in given)
        )

    one = digest("train=a.jsonl", "test=b.jsonl")
    assert digest("test=b.jsonl", "train=a.jsonl") == one
    assert digest("test=a.jsonl", "train=b.jsonl") != one
    (folder / "a.jsonl").rename(folder / "moved.jsonl")
    assert digest("train=moved.jsonl", "test=b.jsonl") == one
    (folder / "b.jsonl").write_text("more")
    assert digest("train=moved.jsonl", "test=b.jsonl") != one


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["a/b/1.tar", "a/b/2.tar"], "a/b"),
        (["a/b/1.tar", "a/c/b/1.tar"], "a"),
        (["/a/x/b/1.tar", "/a/y/b/1.tar"], "/a"),
        (["/ab/1.tar", "/ac/1.tar"], "/"),
        (["a/1.tar", "b/1.tar"], ""),
        (["1.tar", "2.tar"], ""),
        (["gs://b/x/1.tar", "gs://b/y/1.tar"], "gs://b"),
    ],
)
def test_a_folder_holds_every_file(paths: list[str], folder: str) -> None:
    files = [InputFile(path) for path in paths]
    assert annotation_files.common_folder(files) == folder


def test_a_state_is_of_names_sizes_and_times() -> None:
    file = InputFile("a/1.tar", "train", (7, 1.0))
    one = annotation_files.digest_states([file, InputFile("a/2.tar")], "a")
    moved = dataclasses.replace(file, path="b/1.tar")
    assert (
        annotation_files.digest_states([InputFile("b/2.tar"), moved], "b")
        == one
    )
    for change in ({"split": "test"}, {"state": (8, 1.0)}, {"path": "a/3.tar"}):
        changed = dataclasses.replace(file, **change)
        found = annotation_files.digest_states(
            [changed, InputFile("a/2.tar")], "a"
        )
        assert found != one


def test_what_was_found_is_no_pattern(tmp_path: Path) -> None:
    for name in ("part[1].jsonl", "part1.jsonl"):
        (tmp_path / name).write_text(name)
    found = annotation_files.find([f"{tmp_path}/*.jsonl"])
    assert [file.path for file in found] == [
        f"{tmp_path}/part1.jsonl",
        f"{tmp_path}/part[1].jsonl",
    ]
    (one,) = annotation_files.find([f"test={tmp_path}/part[1].jsonl"])
    assert one == InputFile(f"{tmp_path}/part[1].jsonl", "test")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "away.jsonl").symlink_to("nowhere")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "l\udce9.jsonl").touch()
    for given, told in (
        ("a/*", "a/away.jsonl: this link leads nowhere"),
        ("b/*", r"b/l\xe9.jsonl: this name is not UTF-8: rename it"),
        ("a", f"a is a folder: name its files, such as {tmp_path}/a/*"),
    ):
        with pytest.raises(DataSetError) as caught:
            annotation_files.find([f"{tmp_path}/{given}"])
        assert str(caught.value) == f"--annotations: {tmp_path}/{told}"


def test_what_macos_adds_is_left_out_and_told(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "._a.jsonl").write_text("a resource fork")
    with caplog.at_level("WARNING"):
        found = annotation_files.find([f"{folder}/*.jsonl"])
    assert [file.path[-7:] for file in found] == ["a.jsonl", "b.jsonl"]
    (told,) = caplog.messages
    assert told == (
        "--annotations: 1 files that macOS added (._...) are left out of "
        f"{folder}/*.jsonl"
    )
    (named,) = annotation_files.find([f"{folder}/._a.jsonl"])
    assert named.path == f"{folder}/._a.jsonl"
