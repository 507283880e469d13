"""Captions image files."""

import contextlib
import json
import sys
from collections.abc import Sequence

from pipeline.encoders import encoder as encoder_lib
from trainer.decoding import caption as caption_lib
from trainer.run import directory
from trainer.serving import caption_files
from trainer.training import setup as setup_lib


def caption(
    run_dir: str,
    paths: Sequence[str],
    output: str | None,
    *,
    setup: setup_lib.Setup,
    encoder: str = encoder_lib.DEFAULT,
    weights: str | None = None,
) -> str:
    """Captions image files; one JSON object a line.

    Args:
      run_dir: of a trained captioner.
      paths: image files, and folders of them.
      output: path of the file to write, or None for standard output.
      setup: the run's own.
      encoder: the one that made the training grids: a name or path, as
        `--encoder` of `pipeline.main` takes it.
      weights: its weights, as `--weights` takes them.

    Returns:
      A line that says how many files were captioned.

    Raises:
      RunError: the encoder is not the one that made the training grids, or
        no file could be captioned.
      FileNotFoundError: a path does not exist.
    """
    files = caption_files.image_files(paths)
    server = caption_files.open_server(
        run_dir, setup=setup, encoder=encoder, weights=weights
    )
    rejected = owing = 0
    with (
        open(output, "w")
        if output
        else contextlib.nullcontext(sys.stdout) as file
    ):
        for row in server.serve(files):
            rejected += bool(row.error)
            owing += caption_lib.owes_nothing(row.image_gain)
            file.write(json.dumps(row.to_json()) + "\n")
    if rejected == len(files):
        raise directory.RunError(
            f"no file was captioned, {rejected} rejected, the last for "
            f"{row.error}"
        )
    said = f"{len(files) - rejected} captioned, {rejected} rejected"
    if owing:
        said += (
            f"; {owing} are as likely with other images (image_gain below "
            f"{caption_lib.LITTLE_GAIN})"
        )
    return said
