"""Patterns find images whose folder the captions do not name."""

from pathlib import Path

from pipeline.readers import image_pattern, jsonl
from pipeline.readers.annotation_files import InputFile
from pipeline.readers.reference import Reference
from pipeline.readers.rejects import Reject
from tests.support import fixtures, pipes


def test_images_are_found_by_name(tmp_path: Path) -> None:
    for name in ("train/1.jpg", "train/3.jpg", "val/2.jpg", "val/3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    rows = [
        {"image": name, "captions": ["x"], "id": name[-5]}
        for name in ("1.jpg", "val/2.jpg", "3.jpg", "4.jpg")
    ]
    path = fixtures.write_jsonl(tmp_path / "c.jsonl", [*rows, {}])
    reader = jsonl.ReadJsonl([InputFile(str(path))])
    with pipes.runner() as pipeline:
        good, rejects = pipeline | image_pattern.LocateImages(
            reader, f"{tmp_path}/*/*.jpg"
        )
        pipes.check(
            good,
            [
                Reference("1", "train/1.jpg", ("x",)),
                Reference("2", "val/2.jpg", ("x",)),
            ],
        )
        told = "files of --images have this name"
        pipes.check(
            rejects,
            [
                Reject("3", "3.jpg", "ambiguous-image", f"2 {told}"),
                Reject("4", "4.jpg", "no-such-image", f"0 {told}"),
                Reject(
                    "{}",
                    "",
                    "malformed-line",
                    "needs 'image' and 'captions' (KeyError('image'))",
                ),
            ],
            "rejects",
        )


SIGNS = [chr(code) for code in range(1, 127) if chr(code) != "/"]
BEYOND = ["é", "e\u0301", "中", "🐕", "\u202e", "\u2028", "\x7f", "\x85"]


def test_every_name_is_found_and_one_that_is_no_text_is_told(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "set [1]*"
    (folder / "sub").mkdir(parents=True)
    names = [f"a{sign}.jpg" for sign in [*SIGNS, *BEYOND]]
    for name in names:
        (folder / "sub" / name).touch()
    (folder / "sub" / "caf\udce9.jpg").touch()
    rows = [{"image": name, "captions": ["x"]} for name in names]
    path = fixtures.write_jsonl(tmp_path / "c.jsonl", rows)
    reader = jsonl.ReadJsonl([InputFile(str(path))])
    with pipes.runner() as pipeline:
        good, rejects = pipeline | image_pattern.LocateImages(
            reader, f"{folder}/*/*.jpg"
        )
        pipes.check(
            good, [Reference(name, f"sub/{name}", ("x",)) for name in names]
        )
        told = "no caption can name it: its name is not UTF-8"
        name = r"sub/caf\xe9.jpg"
        pipes.check(
            rejects, [Reject(name, name, "unprintable-name", told)], "rejects"
        )
