"""A real record set, damaged in every way we know; each damage is found."""

import dataclasses
import gzip
import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.modes import verify
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set, records, tfrecord
from tests.support import fixtures, jobs

FIRST, SECOND = "train-00000-of-00002", "train-00001-of-00002"
SHARD, SIDE = f"{FIRST}.tfrecord", f"{FIRST}.index.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """23 images of three splits, and one that is no image."""
    folder = tmp_path_factory.mktemp("made")
    corpus = fixtures.draw_corpus(folder / "corpus", num_images=24)
    (corpus.images / "image-03.jpg").write_bytes(b"no image")
    world = jobs.World(corpus, fixtures.save_encoder(folder / "patches.keras"))
    ended = jobs.run(*world.flags(folder / "records"))
    assert ended.code == 0, ended.errors
    return folder / "records"


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "records"))


def damages(folder: Path) -> list[str]:
    return list(verify.find_damages(str(folder), verify.Tally()))


def place(folder: Path, number: int) -> int:
    """Where a record of the first shard begins."""
    return int(json.loads((folder / SIDE).read_text())["offsets"][number])


def row(folder: Path, name: str = FIRST) -> manifest_lib.Shard:
    side = json.loads((folder / f"{name}.index.json").read_text())
    return manifest_lib.Shard(**side["row"])


def told(shard: manifest_lib.Shard) -> str:
    return f"the manifest says {shard.records} with {shard.captions}"


def test_a_sound_record_set_has_no_damage(made: Path) -> None:
    tally = verify.Tally()
    assert list(verify.find_damages(str(made), tally)) == []
    rows = record_set.open_record_set(str(made)).manifest.shards
    assert (tally.shards, tally.images) == (len(rows), 23)
    assert tally.bytes == tally.total == sum(row.bytes for row in rows)
    assert tally.line().startswith(f"{len(rows)} shards, 23 images, 0.0 MB")


@pytest.mark.parametrize("bytes_kept", [6, 20])
def test_a_cut_shard(copied: Path, bytes_kept: int) -> None:
    begin, shard = place(copied, 2), row(copied)
    path, size = copied / SHARD, begin + bytes_kept
    path.write_bytes(path.read_bytes()[:size])
    short, ends, count = damages(copied)
    assert short == f"{SHARD}: {size} bytes, the manifest says {shard.bytes}"
    assert ends.startswith(
        f"{SHARD}: cut inside a header at byte {begin}"
        if bytes_kept < 12
        else f"{SHARD}: the record at byte {begin} is "
    )
    assert count.startswith(f"{SHARD}: 2 records with ")
    assert count.endswith(told(shard))


def test_an_empty_shard(copied: Path) -> None:
    shard = row(copied)
    (copied / SHARD).write_bytes(b"")
    assert damages(copied) == [
        f"{SHARD}: 0 bytes, the manifest says {shard.bytes}",
        f"{SHARD}: 0 records with 0 captions, {told(shard)}",
    ]


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_flipped_bit_loses_one_record_and_finds_the_next(
    copied: Path,
) -> None:
    for number in (1, 3):
        flip(copied / SHARD, place(copied, number) + 40)
    first, second = damages(copied)
    begins = [place(copied, number) for number in (1, 3)]
    for line, begin in zip((first, second), begins, strict=True):
        assert line == (
            f"{SHARD}: the record at byte {begin} does not fit its checksum"
        )


def test_a_flipped_bit_in_a_header(copied: Path) -> None:
    begin = place(copied, 1)
    flip(copied / SHARD, begin + 3)
    header, count = damages(copied)
    assert header == f"{SHARD}: damaged header at byte {begin}"
    assert count.startswith(f"{SHARD}: 1 records with ")


def test_a_crafted_length_crashes_nothing(copied: Path) -> None:
    path, begin = copied / SHARD, place(copied, 1)
    data, length = bytearray(path.read_bytes()), struct.pack("<Q", 2**60)
    data[begin : begin + 12] = length + tfrecord.frame(length)[-4:]
    path.write_bytes(data)
    crafted, _ = damages(copied)
    assert crafted == (
        f"{SHARD}: the record at byte {begin} is {2**60} bytes long, but the "
        f"file ends at {row(copied).bytes}"
    )


def test_a_compressed_shard(copied: Path) -> None:
    path = copied / SHARD
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert f"{SHARD}: damaged header at byte 0" in damages(copied)


def test_exchanged_shards_are_one_damage_each(copied: Path) -> None:
    second = f"{SECOND}.tfrecord"
    data = (copied / SHARD).read_bytes()
    (copied / SHARD).write_bytes((copied / second).read_bytes())
    (copied / second).write_bytes(data)
    assert damages(copied) == [
        f"{SHARD}: holds the bytes of {second}",
        f"{second}: holds the bytes of {SHARD}",
    ]


def test_a_missing_shard_and_a_missing_side_file(copied: Path) -> None:
    (copied / SHARD).unlink()
    (copied / f"{SECOND}.index.json").unlink()
    assert damages(copied) == [
        f"{SHARD}: missing",
        f"{SECOND}.index.json: missing",
    ]


def test_a_shard_too_many(copied: Path) -> None:
    extra = copied / "train-00002-of-00003.tfrecord"
    shutil.copy(copied / SHARD, extra)
    shutil.copy(copied / SIDE, copied / "dev-00000-of-00002.index.json")
    assert damages(copied) == [
        "dev-00000-of-00002.index.json: its shard is missing",
        f"{extra.name}: not in the manifest",
    ]


def test_a_side_file_of_another_shard(copied: Path) -> None:
    (copied / SIDE).write_text("{")
    assert damages(copied)[0].startswith(f"{SIDE}: damaged: JSONDecodeError")
    shutil.copy(copied / f"{SECOND}.index.json", copied / SIDE)
    told = f"{SIDE}: tells of another shard than the manifest"
    assert damages(copied) == [told]


def test_offsets_that_are_not_the_records(copied: Path) -> None:
    side = json.loads((copied / SIDE).read_text())
    side["offsets"][1] += 1
    (copied / SIDE).write_text(json.dumps(side))
    assert damages(copied) == [
        f"{SIDE}: its offsets are not those of the records"
    ]


def remade(
    folder: Path, change: Callable[[manifest_lib.Manifest], dict[str, object]]
) -> None:
    """Writes another manifest, whose digest fits."""
    path = folder / manifest_lib.MANIFEST_FILE
    manifest = manifest_lib.Manifest.load(path.read_text())
    changed = dataclasses.replace(manifest, **change(manifest))
    path.write_text(changed.dump())


def test_a_stale_manifest(copied: Path) -> None:
    remade(copied, lambda old: {"settings": old.settings | {"min_count": 9}})
    assert damages(copied) == [
        "manifest.json: of another run than request.json"
    ]


def test_a_changed_manifest_is_told_and_the_shards_still_read(
    copied: Path,
) -> None:
    path = copied / manifest_lib.MANIFEST_FILE
    path.write_text(path.read_text().replace('"captions": ', '"captions": 1'))
    flip(copied / SHARD, place(copied, 1) + 40)
    manifest, record = damages(copied)
    assert manifest.startswith("damaged manifest: digest ")
    assert record.endswith(" does not fit its checksum")


def test_an_unfinished_record_set(copied: Path) -> None:
    (copied / manifest_lib.MANIFEST_FILE).unlink()
    flip(copied / SHARD, place(copied, 1) + 40)
    manifest, record = damages(copied)
    assert manifest == "manifest.json: missing"
    assert record.endswith(" does not fit its checksum")


def test_a_manifest_that_names_a_file_elsewhere(copied: Path) -> None:
    def climb(manifest: manifest_lib.Manifest) -> dict[str, object]:
        first, *others = manifest.shards
        first = dataclasses.replace(first, file="../x.tfrecord")
        return {"shards": (first, *others)}

    remade(copied, climb)
    assert "'../x' is no shard's name" in damages(copied)


def test_other_files_that_are_damaged_or_missing(copied: Path) -> None:
    flip(copied / manifest_lib.VOCABULARY_FILE, 30)
    flip(copied / manifest_lib.CARD_FILE, 30)
    (copied / "request.json").write_text("{}")
    (rejects,) = copied.glob("rejects-*.jsonl")
    rejects.write_text(rejects.read_text() * 2)
    assert damages(copied) == [
        "vocabulary.tsv: not the one in the manifest",
        "data_card.json: not the one in the manifest",
        "request.json: damaged: KeyError('settings')",
        ("rejects-*.jsonl: 2 rejected as unknown-format, the manifest says 1"),
    ]
    rejects.write_text("no JSON")
    others = ["vocabulary.tsv", "data_card.json", "request.json"]
    for name in others:
        (copied / name).unlink()
    *missing, damaged, count = damages(copied)
    assert missing == [f"{name}: missing" for name in others]
    assert damaged.startswith(f"{rejects.name}: damaged: JSONDecodeError")
    assert count.startswith("rejects-*.jsonl: 0 rejected as unknown-format")


def stored(folder: Path, name: str) -> list[records.CaptionedImage]:
    path = folder / f"{name}.tfrecord"
    with path.open("rb") as file:
        found = tfrecord.read(file.read, path.stat().st_size, name)
        return [
            records.CaptionedImage.from_bytes(data or b"") for _, data in found
        ]


def replace_records(
    folder: Path, name: str, images: list[records.CaptionedImage]
) -> None:
    """Writes a shard, its side file and the manifest, all of one mind."""
    frames = [tfrecord.frame(image.to_bytes()) for image in images]
    data = b"".join(frames)
    (folder / f"{name}.tfrecord").write_bytes(data)
    shard = dataclasses.replace(
        row(folder, name),
        records=len(images),
        captions=sum(len(image.captions) for image in images),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    path = folder / f"{name}.index.json"
    starts = [sum(map(len, frames[:at])) for at in range(len(frames))]
    changed = {"row": dataclasses.asdict(shard), "offsets": starts}
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    remade(
        folder,
        lambda manifest: {
            "shards": tuple(
                shard if each.file == shard.file else each
                for each in manifest.shards
            )
        },
    )


def test_a_record_twice_and_in_the_wrong_shard(copied: Path) -> None:
    images, (strange, *_) = stored(copied, FIRST), stored(copied, SECOND)
    replace_records(copied, FIRST, [*images, images[0], strange])
    twice, misplaced = damages(copied)[:2]
    assert twice.endswith(f" is in {SHARD} too: {images[0].image_id}")
    assert misplaced.endswith(f" belongs to shard 1: {strange.image_id}")


def test_an_image_in_two_splits(copied: Path) -> None:
    held = next(copied.glob("validation-*.tfrecord")).stem
    train = held.replace("validation", "train")
    leaked = stored(copied, train)[0]
    replace_records(copied, held, [*stored(copied, held), leaked])
    (line,) = damages(copied)
    assert line.startswith(f"{held}.tfrecord: the record at byte ")
    assert line.endswith(f" is in {train}.tfrecord too: {leaked.image_id}")


def test_many_damages_are_shortened(copied: Path) -> None:
    images = stored(copied, FIRST)
    replace_records(copied, FIRST, images * 5)
    found = damages(copied)
    assert len(found) == 21
    assert found[-1] == f"{SHARD}: and {len(images) * 4 - 20} damages more"


def test_nothing_to_verify(tmp_path: Path) -> None:
    with pytest.raises(manifest_lib.RecordSetError) as caught:
        damages(tmp_path / "nothing")
    assert (
        str(caught.value) == f"no record set at {str(tmp_path / 'nothing')!r}"
    )


def test_the_command_tells_every_damage_and_fails(
    made: Path, copied: Path
) -> None:
    ended = jobs.run("--mode=verify", f"--output={made}")
    assert ended.code == 0, ended.errors
    assert ended.output.endswith("no damage\n")
    (copied / SHARD).unlink()
    flip(copied / manifest_lib.VOCABULARY_FILE, 30)
    ended = jobs.run("--mode=verify", f"--output={copied}")
    assert ended.output.splitlines() == [
        "vocabulary.tsv: not the one in the manifest",
        f"{SHARD}: missing",
    ]
    assert ended.told.startswith(f"{copied}: ")
    assert ended.told.endswith(
        " 2 damages; remove the damaged files and run the same job again"
    )
    assert "\x1b" not in ended.output + ended.errors
