"""Growth of resident memory, and speed, of readers that stream a file.

  python benchmarks/readers.py --megabytes=100

Each reads a file of that size and one eight times as large, in a process of its
own, and keeps nothing.
"""

import argparse
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

CAPTION = "a dog runs over wet grass with a stick in its mouth " * 4
PHOTO = bytes(100_000)


def write_json(path: pathlib.Path, size: int) -> None:
    """Writes a document with one long list, as COCO's annotations are."""
    with path.open("w") as file:
        file.write('{"annotations": [')
        number = 0
        while file.tell() < size:
            row = {"image_id": number, "id": number, "caption": CAPTION}
            file.write(("," if number else "") + json.dumps(row))
            number += 1
        file.write("]}")


def write_csv(path: pathlib.Path, size: int) -> None:
    """Writes quoted captions."""
    with path.open("w") as file:
        file.write("image,caption\n")
        number = 0
        while file.tell() < size:
            file.write(f'{number}.jpg,"{CAPTION}"\n')
            number += 1


def write_tar(path: pathlib.Path, size: int) -> None:
    """Writes samples of 100 kB."""
    with tarfile.open(path, "w") as tar:
        number = 0
        while tar.offset < size:
            for kind, data in (("jpg", PHOTO), ("txt", CAPTION.encode())):
                member = tarfile.TarInfo(f"{number}.{kind}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            number += 1


WRITERS = {"json": write_json, "csv": write_csv, "tar": write_tar}


def read(kind: str, path: str) -> None:
    """Prints items, seconds, and by how many MB resident memory grew."""
    from pipeline.readers import (
        annotation_files,
        documents,
        table,
        webdataset,
    )

    file = annotation_files.InputFile(path)
    # Importing TensorFlow took more than any reader does: a new peak.
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    begin = time.perf_counter()
    items = {
        "json": lambda: documents.items(path, "annotations"),
        "csv": lambda: table.rows(file, table.Columns(), ","),
        "tar": lambda: webdataset.samples(file, "", "caption"),
    }[kind]()
    count = sum(1 for _ in items)
    seconds = time.perf_counter() - begin
    print(count, seconds, peak() - before)


def peak() -> float:
    """The largest resident size since it was reset, in MB (Linux)."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1e3


def main() -> None:
    """Measures each reader at both sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--read", nargs=2, metavar=("KIND", "PATH"))
    given = parser.parse_args()
    if given.read:
        read(*given.read)
        return
    print("reader  file MB    items    MB/s  growth MB")
    for kind, write in WRITERS.items():
        for times in (1, 8):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, f"file.{kind}")
                write(path, times * given.megabytes * 1_000_000)
                size = path.stat().st_size / 1e6
                output = subprocess.run(
                    [sys.executable, __file__, "--read", kind, str(path)],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
            count, seconds, growth = map(float, output.split()[-3:])
            print(
                f"{kind:6} {size:8.0f} {count:8.0f} {size / seconds:7.0f} "
                f"{growth:12.1f}"
            )


if __name__ == "__main__":
    main()
