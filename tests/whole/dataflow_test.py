"""The job on Dataflow: what is submitted and staged, and what that writes.

The pipeline's own command runs against a bucket and a job service on this
machine. The service runs the staged pipeline with the staged package, and its
bytes are compared with those of a local run.
"""

import base64
import bz2
import dataclasses
import io
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import beam_files
from pipeline.recordset import manifest, record_set
from tests.support import bucket, dataflow_api, fixtures, jobs

ROOT = Path(__file__).parents[2]
IMAGE = "europe-docker.pkg.dev/some-project/images/eyewitness:1"
ACCELERATOR = (
    "worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver:5xx;"
    "use_nvidia_mps"
)
PICKLE = re.compile(rb"QlpoO[A-Za-z0-9+/]+")  # bzip2's first bytes in base64.

pytestmark = pytest.mark.slow


@dataclasses.dataclass(frozen=True)
class Submission:
    """A job on Dataflow, and the same job done here."""

    ended: subprocess.CompletedProcess[str]
    job: dict[str, Any]
    remote: str
    local: Path

    @property
    def pool(self) -> dict[str, Any]:
        (pool,) = self.job["environment"]["workerPools"]
        return pool

    def staged(self) -> dict[str, bytes]:
        """Name -> content of all that the workers fetch."""
        pipeline = dataflow_api.staged_pipeline(self.job)
        files = dataflow_api.staged_files(pipeline)
        contents = {name: beam_files.read_bytes(files[name]) for name in files}
        return contents | {"pipeline.pb": pipeline.SerializeToString()}


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.main", "--num_shards=2", *flags]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def data(root: str, output: str) -> list[str]:
    return [
        f"--annotations={root}/captions.jsonl",
        f"--images={root}/images",
        f"--output={output}",
    ]


def on_dataflow(root: str, service: dataflow_api.JobService) -> list[str]:
    return [
        "--runner=DataflowRunner",
        "--project=some-project",
        "--region=europe-west4",
        f"--temp_location={root}/temp",
        f"--dataflow_endpoint={service.endpoint}",
        "--setup_file=./setup.py",
    ]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket with a corpus, of which one image is missing."""
    folder = tmp_path_factory.mktemp("account")
    with pytest.MonkeyPatch.context() as monkeypatch:
        with bucket.serve(folder, monkeypatch) as url:
            yield url


@pytest.fixture(scope="module")
def submission(
    root: str, tmp_path_factory: pytest.TempPathFactory
) -> Submission:
    folder = tmp_path_factory.mktemp("here")
    corpus = fixtures.draw_corpus(folder / "corpus")
    (corpus.images / "image-01.jpg").unlink()
    bucket.upload(corpus.jsonl, f"{root}/captions.jsonl")
    bucket.upload(corpus.images, f"{root}/images")
    lax = "--max_reject_share=0.2"
    given = data(str(folder / "corpus"), str(folder / "records"))
    here = jobs.run("--num_shards=2", *given, lax)
    assert here.code == 0, here.errors
    with dataflow_api.JobService(tmp_path_factory.mktemp("worker")) as service:
        ended = run(
            *data(root, f"{root}/records"),
            *on_dataflow(root, service),
            lax,
            f"--sdk_container_image={IMAGE}",
            "--machine_type=g2-standard-8",
            "--max_num_workers=7",
            "--number_of_worker_harness_threads=2",
            f"--dataflow_service_options={ACCELERATOR}",
        )
    assert ended.returncode == 0, ended.stderr
    return Submission(
        ended, service.jobs[0], f"{root}/records", folder / "records"
    )


def test_the_launcher_tells_what_the_workers_wrote(
    submission: Submission,
) -> None:
    first, *_ = submission.ended.stdout.splitlines()
    assert first == (
        f"{submission.remote}: test 1, train 5, validation 1 images, 1 rejected"
    )
    told = submission.ended.stderr
    assert "console" in told and dataflow_api.JOB_ID in told
    assert "is in state JOB_STATE_DONE" in told


def test_its_record_set_is_a_local_runs_to_the_byte(
    submission: Submission,
) -> None:
    opened = record_set.open_record_set(submission.remote, beam_files.BEAM)
    names = [manifest.MANIFEST_FILE, manifest.VOCABULARY_FILE]
    names += ["data_card.json", "data_card.html"]
    names += [shard.file for shard in opened.manifest.shards]
    assert len(names) > 6
    for name in names:
        remote = beam_files.read_bytes(f"{submission.remote}/{name}")
        assert remote == (submission.local / name).read_bytes(), name


def test_it_asks_for_the_workers_that_were_named(
    submission: Submission,
) -> None:
    pool = submission.pool
    assert pool["machineType"] == "g2-standard-8"
    assert pool["autoscalingSettings"]["maxNumWorkers"] == 7
    assert pool["numThreadsPerWorker"] == 2
    assert pool["workerHarnessContainerImage"] == IMAGE
    assert submission.job["environment"]["serviceOptions"] == [ACCELERATOR]


def test_it_stages_the_whole_package_and_no_session(
    submission: Submission,
) -> None:
    staged = submission.staged()
    assert set(staged) == {
        "pipeline.pb",
        "submission_environment_dependencies.txt",
        "workflow.tar.gz",
    }
    with tarfile.open(fileobj=io.BytesIO(staged["workflow.tar.gz"])) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    modules, templates, sheets = (
        {
            str(path.relative_to(ROOT))
            for package in ("pipeline", "trainer")
            for path in (ROOT / package).rglob(f"*.{kind}")
        }
        for kind in ("py", "html", "css")
    )
    configurations = {f"gin/{path.name}" for path in ROOT.glob("gin/*.gin")}
    assert modules and templates and sheets and configurations
    needed = modules | templates | sheets | configurations
    needed |= {"setup.py", "README.md", "LICENSE"}
    assert needed <= names


def test_what_it_pickles_is_small_and_free_of_weights_and_gin(
    submission: Submission,
) -> None:
    found = PICKLE.findall(submission.staged()["pipeline.pb"])
    pickles = [
        bz2.BZ2Decompressor().decompress(
            base64.b64decode(text[: len(text) // 4 * 4])
        )
        for text in found
    ]
    assert any(b"ShardWriter" in pickle for pickle in pickles)
    assert max(map(len, pickles)) < 16 << 10
    for module in (b"numpy", b"keras", b"tensorflow", b"gin", b"trainer"):
        name = re.compile(rb"\b%s\b" % module)
        assert not any(name.search(pickle) for pickle in pickles), module


def test_it_tells_nobody_the_secrets_of_its_account(
    submission: Submission,
) -> None:
    told = [json.dumps(submission.job).encode(), *submission.staged().values()]
    told += [submission.ended.stderr.encode()]
    for secret in bucket.SECRETS.values():
        assert not any(secret.encode() in text for text in told)


def test_what_is_complete_is_not_submitted_again(
    submission: Submission, root: str, tmp_path: Path
) -> None:
    with dataflow_api.JobService(tmp_path) as service:
        ended = run(*data(root, submission.remote), *on_dataflow(root, service))
    assert ended.stdout == f"already complete: {submission.remote}\n"
    assert not service.jobs


def test_a_worker_that_fails_is_one_line_here(
    submission: Submission, root: str, tmp_path: Path
) -> None:
    with dataflow_api.JobService(tmp_path) as service:
        ended = run(
            *data(root, f"{root}/strict"),
            *on_dataflow(root, service),
            "--max_reject_share=0",
        )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith(
        "pipeline: 1 of 8 images were rejected (12.5%, --max_reject_share is "
        "0.0%): no-such-image 1 (first image-01.jpg: "
    )
    with pytest.raises(manifest.RecordSetError, match="has not finished"):
        record_set.open_record_set(f"{root}/strict", beam_files.BEAM)
