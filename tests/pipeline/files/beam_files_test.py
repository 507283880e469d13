"""Storage: a file is written whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from pipeline.files import beam_files
from pipeline.recordset import manifest, record_set
from tests.support import bucket, fixtures


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_under_its_name(tmp_path: Path) -> None:
    size = beam_files.write_bytes(str(tmp_path), "a.bin", [b"one", b"", b"two"])
    assert size == 6
    assert beam_files.read_bytes(str(tmp_path / "a.bin")) == b"onetwo"
    assert names(tmp_path) == ["a.bin"]


def test_folders_are_made(tmp_path: Path) -> None:
    name = beam_files.write_text(str(tmp_path / "a" / "b"), "c.txt", "é")
    assert name == "c.txt"
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "é".encode()


def test_a_file_is_replaced(tmp_path: Path) -> None:
    beam_files.write_text(str(tmp_path), "a.txt", "a longer text")
    beam_files.write_text(str(tmp_path), "a.txt", "short")
    assert (tmp_path / "a.txt").read_text() == "short"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["a.gz", "a.bz2", "a.tfrecord"])
def test_bytes_are_written_as_they_are(tmp_path: Path, name: str) -> None:
    beam_files.write_bytes(str(tmp_path), name, [b"plain"])
    assert (tmp_path / name).read_bytes() == b"plain"


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path) -> None:
    beam_files.write_text(str(tmp_path), "a.bin", "old")

    def chunks() -> Iterator[bytes]:
        yield b"new"
        # The temporary file stands beside it, under another name.
        assert len(names(tmp_path)) == 2
        raise RuntimeError("the encoder fell over")

    with pytest.raises(RuntimeError, match="^the encoder fell over$"):
        beam_files.write_bytes(str(tmp_path), "a.bin", chunks())
    assert names(tmp_path) == ["a.bin"]
    assert (tmp_path / "a.bin").read_text() == "old"


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        beam_files.write_bytes(str(tmp_path), "a.bin", chunks())
    assert names(tmp_path) == []


def test_a_failed_rename_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.bin").mkdir()
    with pytest.raises(BeamIOError, match="^Rename operation failed"):
        beam_files.write_bytes(str(tmp_path), "a.bin", [b"x"])
    assert names(tmp_path) == ["a.bin"]


def test_a_file_that_arrives_short_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = FileSystems.rename

    def cutting(sources: list[str], finals: list[str]) -> None:
        rename(sources, finals)
        Path(finals[0]).write_bytes(b"x")

    monkeypatch.setattr(FileSystems, "rename", cutting)
    with pytest.raises(OSError) as caught:
        beam_files.write_bytes(str(tmp_path), "a.bin", [b"long"])
    assert str(caught.value) == (
        f"{tmp_path / 'a.bin'}: wrote 4 bytes, found 1"
    )


def test_a_folder_under_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="Not a directory|File exists"):
        beam_files.write_text(str(tmp_path / "file" / "out"), "a.txt", "x")


def test_what_a_killed_write_left_is_swept(tmp_path: Path) -> None:
    kept = ["a.bin", ".lock", ".notes.txt", ".a.bin.0123", f"b.{'a' * 32}"]
    for name in [*kept, f".a.bin.{'0123456789abcdef' * 2}"]:
        (tmp_path / name).write_text("x")
    beam_files.sweep(str(tmp_path))
    assert names(tmp_path) == sorted(kept)
    beam_files.sweep(str(tmp_path))
    assert names(tmp_path) == sorted(kept)


def test_a_write_whose_file_was_swept_fails(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"new"
        beam_files.sweep(str(tmp_path))

    with pytest.raises(BeamIOError, match="^Rename operation failed"):
        beam_files.write_bytes(str(tmp_path), "a.bin", chunks())
    assert names(tmp_path) == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with bucket.serve(tmp_path, monkeypatch) as url:
        yield f"{url}/folder"


def test_a_bucket_holds_what_was_written_and_nothing_else(folder: str) -> None:
    beam_files.write_text(folder, "a.txt", "a longer text")
    beam_files.write_bytes(folder, "a.txt", [b"one", b"two"])
    assert beam_files.read_bytes(f"{folder}/a.txt") == b"onetwo"
    (found,) = FileSystems.match([f"{folder}/**"])
    assert [item.path for item in found.metadata_list] == [f"{folder}/a.txt"]


def test_a_bucket_that_is_not_there_is_named(folder: str) -> None:
    with pytest.raises(OSError, match="gs://none/b.txt could not be written"):
        beam_files.write_text("gs://none", "b.txt", "text")


def test_what_a_bucket_does_not_hold_is_not_found(folder: str) -> None:
    with pytest.raises(FileNotFoundError, match=f"{folder}/b.txt"):
        beam_files.read_bytes(f"{folder}/b.txt")


def test_a_bucket_has_a_folder_where_files_begin_alike(folder: str) -> None:
    assert not beam_files.exists(folder)
    beam_files.write_text(f"{folder}/deep", "a.txt", "text")
    assert beam_files.exists(folder)
    assert beam_files.exists(f"{folder}/deep/a.txt")
    assert not beam_files.exists(f"{folder}/dee")


def test_a_record_set_opens_in_a_bucket(folder: str, tmp_path: Path) -> None:
    local = fixtures.write_record_set(tmp_path / "records")
    bucket.upload(tmp_path / "records", folder)
    opened = record_set.open_record_set(folder, beam_files.BEAM)
    assert opened.manifest == local.manifest
    with pytest.raises(manifest.RecordSetError, match="no record set at"):
        record_set.open_record_set(f"{folder}/none", beam_files.BEAM)
    beam_files.write_text(folder, local.manifest.shards[0].file, "short")
    with pytest.raises(manifest.RecordSetError, match="5 bytes, the man"):
        record_set.open_record_set(folder, beam_files.BEAM)


def test_what_a_killed_write_left_in_a_bucket_is_swept(folder: str) -> None:
    beam_files.write_text(folder, "a.txt", "kept")
    beam_files.write_text(folder, f".a.txt.{'a' * 32}", "left")
    beam_files.sweep(folder)
    (found,) = FileSystems.match([f"{folder}/**"])
    assert [item.path for item in found.metadata_list] == [f"{folder}/a.txt"]
