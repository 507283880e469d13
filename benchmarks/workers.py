"""What a second worker process brings, and whether a worker's memory is flat.

  python benchmarks/workers.py --images=photographs/ --num_images=4000

Linux only. Runs the whole command, `python -m pipeline.main`: with one worker
process pinned to one core, with two pinned to two, and with one on an eighth of
the images. Each worker computes on one thread. The time that a job of one image
takes is start-up, reported and taken off. What two processes of the bare
encoder gain over one tells what the machine's second core is worth.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).parent.parent
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

ENCODE = """
import sys, time
import numpy as np
from pipeline import encoders
encoder = encoder.load_encoder()
images = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), np.uint8)
encoder.encode(images)
time.sleep(float(sys.argv[1]) - time.time())
begin, rounds = time.perf_counter(), 0
while time.perf_counter() - begin < 15:
    encoder.encode(images)
    rounds += 1
print(rounds * len(images) / (time.perf_counter() - begin))
"""


def copy_images(
    photographs: pathlib.Path, folder: pathlib.Path, count: int
) -> None:
    """Makes `count` files of however many photographs there are."""
    folder.mkdir()
    files = sorted(photographs.iterdir())
    for number in range(count):
        target = folder / f"{number:06d}.jpg"
        if number < len(files):
            shutil.copyfile(files[number], target)
        else:
            first = folder / f"{number % len(files):06d}.jpg"
            target.hardlink_to(first)


def write_jsonl(images: pathlib.Path, count: int, path: pathlib.Path) -> None:
    """One line an image, of the first `count`."""
    names = sorted(file.name for file in images.iterdir())[:count]
    rows = [
        json.dumps({"image": name, "captions": [f"picture {name}"] * 5})
        for name in names
    ]
    path.write_text("\n".join(rows) + "\n")


def peak_megabytes(session: int) -> dict[int, float]:
    """Process -> peak resident megabytes, of a session but not its leader."""
    peaks = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if pid == session or os.getsid(pid) != session:
            continue
        status = (folder / "status").read_text()
        found = [row for row in status.splitlines() if row.startswith("VmHWM")]
        if found:
            peaks[pid] = int(found[0].split()[1]) / 1024
    return peaks


def run_job(jsonl: pathlib.Path, images: pathlib.Path, workers: int) -> dict:
    """Seconds of a whole job, and the largest worker's peak of memory."""
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as output:
        command = [
            f"--annotations={jsonl}",
            f"--images={images}",
            f"--output={output}/records",
            "--validation_share=0",
            "--test_share=0",
            "--direct_running_mode=multi_processing",
            f"--direct_num_workers={workers}",
        ]
        cores = ",".join(map(str, range(workers)))
        begin = time.perf_counter()
        process = subprocess.Popen(
            ["taskset", "-c", cores, sys.executable, "-m", "pipeline.main"]
            + command,
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,
            stderr=subprocess.PIPE,
            text=True,
        )
        watch = threading.Thread(target=_watch, args=(process, peaks))
        watch.start()
        _, told = process.communicate()
        watch.join()
        if process.returncode:
            raise RuntimeError(told[-2000:])
    return {
        "seconds": time.perf_counter() - begin,
        "megabytes": max(peaks.values()),
    }


def _watch(process: subprocess.Popen, peaks: dict[int, float]) -> None:
    while process.poll() is None:
        try:
            peaks.update(peak_megabytes(process.pid))
        except OSError:  # A process ended while it was looked at.
            pass
        time.sleep(0.5)


def bare(workers: int) -> float:
    """Images per second of as many pinned processes that only encode."""
    begin = str(time.time() + 20)  # When all have loaded the encoder.
    processes = [
        subprocess.Popen(
            ["taskset", "-c", str(core), sys.executable, "-c", ENCODE, begin],
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for core in range(workers)
    ]
    return sum(float(process.communicate()[0]) for process in processes)


def main() -> None:
    """Prints rates, their ratio, and memory at one and eight times the data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--num_images", type=int, default=4000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images = pathlib.Path(folder) / "images"
        copy_images(args.images.resolve(), images, args.num_images)
        rates, peaks = {}, {}
        for workers, counts in ((1, (8, 1)), (2, (1,))):
            jsonl = pathlib.Path(folder) / "captions.jsonl"
            write_jsonl(images, 1, jsonl)
            start_up = run_job(jsonl, images, workers)["seconds"]
            for part in counts:
                count = args.num_images // part
                write_jsonl(images, count, jsonl)
                ended = run_job(jsonl, images, workers)
                rates[workers] = count / (ended["seconds"] - start_up)
                peaks[workers, count] = ended["megabytes"]
                print(
                    f"{workers} workers, {count} images: "
                    f"{rates[workers]:.1f} images/s after {start_up:.1f} s of "
                    f"start-up, {ended['megabytes']:.0f} MB in a worker",
                    flush=True,
                )
    alone, both = bare(1), bare(2)
    print(f"2 bare encoders to 1: {both / alone:.2f} times as fast")
    print(f"2 workers to 1: {rates[2] / rates[1]:.2f} times as fast")
    eighth, whole = peaks[1, args.num_images // 8], peaks[1, args.num_images]
    print(f"8 times the images: {whole / eighth:.2f} times the memory")


if __name__ == "__main__":
    main()
