"""A stand-in for Dataflow: takes a job over HTTP, and runs what was staged.

Like the service, it sees only the job and the bucket. It installs the staged
package into an empty folder, and runs the staged pipeline in a process that can
import no other copy of the project.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_runner_api_pb2 as proto
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

JOB_ID = "2026-11-24_01_02_03-stand-in"


def staged_pipeline(job: dict[str, Any]) -> proto.Pipeline:
    """The pipeline of a job, read from where the launcher staged it."""
    options = job["environment"]["sdkPipelineOptions"]["options"]
    with FileSystems.open(options["pipelineUrl"]) as file:
        return proto.Pipeline.FromString(file.read())


def staged_files(pipeline: proto.Pipeline) -> dict[str, str]:
    """Name -> URL of every file that its workers would fetch."""
    return {
        proto.ArtifactStagingToRolePayload.FromString(
            file.role_payload
        ).staged_name: proto.ArtifactUrlPayload.FromString(
            file.type_payload
        ).url
        for environment in pipeline.components.environments.values()
        for file in environment.dependencies
    }


class JobService:
    """Dataflow's job API on a port of this machine.

    Attributes:
      jobs: what was submitted, as the API's JSON.
      endpoint: for `--dataflow_endpoint`.
    """

    def __init__(self, folder: Path) -> None:
        """Keeps an empty folder for the worker."""
        self.jobs: list[dict[str, Any]] = []
        self._folder = folder
        self._state, self._errors = "JOB_STATE_PENDING", ""
        self._server = http.server.ThreadingHTTPServer(
            ("localhost", 0), self._handler()
        )
        self.endpoint = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> "JobService":
        threading.Thread(target=self._server.serve_forever).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the service says to a request, as JSON values."""
        if path.endswith("/jobs"):
            self.jobs.append(body)
            threading.Thread(target=self._run, args=[body]).start()
        elif path.endswith("/messages"):
            return {"jobMessages": [self._message()] if self._errors else []}
        elif path.endswith("/metrics"):
            return {}
        return {"id": JOB_ID, "currentState": self._state}

    def _message(self) -> dict[str, Any]:
        return {
            "id": "1",
            "time": "2026-11-24T00:00:00Z",
            "messageText": self._errors,
            "messageImportance": "JOB_MESSAGE_ERROR",
        }

    def _run(self, job: dict[str, Any]) -> None:
        self._state = "JOB_STATE_RUNNING"
        try:
            run_with_package(job, self._folder)
            self._state = "JOB_STATE_DONE"
        except subprocess.CalledProcessError as error:
            self._errors = error.stderr
            self._state = "JOB_STATE_FAILED"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                path = self.path.partition("?")[0]
                answer = service.answer(path, json.loads(body or "{}"))
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def run_with_package(job: dict[str, Any], folder: Path) -> None:
    """Runs a job in another process, with the package that it staged.

    Raises:
      subprocess.CalledProcessError: with what went wrong as `stderr`.
    """
    package, site = folder / "workflow.tar.gz", folder / "site"
    url = staged_files(staged_pipeline(job))[package.name]
    with FileSystems.open(
        url, compression_type=CompressionTypes.UNCOMPRESSED
    ) as file:
        package.write_bytes(file.read())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    install = [*pip, "--no-build-isolation", f"--target={site}", str(package)]
    # -P: this file's own folder holds a `pipeline` too, of tests.
    work = [sys.executable, "-P", __file__, json.dumps(job)]
    environment = os.environ | {"PYTHONPATH": str(site)}
    for command in (install, work):
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )


def run_staged(job: dict[str, Any]) -> None:
    """Runs a job's pipeline in this process, as a worker's image would."""
    pipeline = staged_pipeline(job)
    for environment in pipeline.components.environments.values():
        environment.urn, environment.payload = python_urns.EMBEDDED_PYTHON, b""
        del environment.dependencies[:]
    runner = FnApiRunner()
    runner.run_via_runner_api(pipeline, PipelineOptions([])).wait_until_finish()


if __name__ == "__main__":
    run_staged(json.loads(sys.argv[1]))
