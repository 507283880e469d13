"""Images and captions -> a record set, or a sample of it."""

import logging
import os
from collections.abc import Iterator

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline import progress_line
from pipeline.card import data_card, suspicious_pairs
from pipeline.encoders import encoder as encoder_lib
from pipeline.files import beam_files, ownership
from pipeline.findings import wording
from pipeline.job import beam_runner, progress, services, write_manifest
from pipeline.job import ledger as ledger_lib
from pipeline.job import precompute as precompute_lib
from pipeline.job import request as request_lib
from pipeline.modes import dry_run
from pipeline.modes.options import Options, OptionsError
from pipeline.readers import (
    blank_captions,
    dropped_pairs,
    formats,
    rejects,
    subset,
)
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set
from pipeline.shards import counters as counters_lib
from pipeline.shards import encode, write_shard

_LOG = logging.getLogger(__name__)


def precompute(options: Options, beam_options: PipelineOptions) -> str:
    """Runs the job, or finishes one that was interrupted.

    Args:
      options: what to do.
      beam_options: where to run it.

    Returns:
      What to print: what was written, and the findings of its data card.

    Raises:
      OptionsError: the encoder or the output can't be used.
      DataSetError: the data set can't be read.
      RequestError: the output holds another request's record set.
      ServiceError: no job service answers.
      LockError: another job has the output.
      JobError: the runner failed.
    """
    options.check()
    beam_runner.check_reach(beam_options, options.paths)
    source = formats.open_source(
        options.dataset,
        options.annotations,
        options.images,
        options.columns,
        tfds_data_dir=options.tfds_data_dir,
    )
    reader = _reader(options, source)
    _LOG.info("loading %s", options.encoder)
    encoder = _load_encoder(options)
    request = request_lib.Request(
        inputs=source.inputs | options.digests,
        settings=options.settings,
        encoder=encoder.fingerprint,
    )
    if options.dry_run:
        counters = counters_lib.Counters()
        writer = _writer(options, source, encoder, request, "", counters)
        return dry_run.rehearse(
            reader, options.split_rule, writer, options.reject_limits
        )
    services.await_job_service(beam_options)
    with ownership.hold(options.output):
        owner = request_lib.claim(
            options.output, request, overwrite=options.overwrite
        )
        if owner is None:
            return f"already complete: {options.output}"
        board = progress.Board()
        writer = _writer(
            options, source, encoder, request, owner, board.counters
        )
        with (
            board,
            beam_runner.keep_terminal(beam_options) as terminal,
            progress_line.show(board.line, terminal),
        ):
            job = _job(options, reader, request, writer)
            beam_runner.run(job, beam_options)
        ownership.give_back(options.output, owner)
        return _described(options.output)


def _load_encoder(options: Options) -> encoder_lib.Encoder:
    try:
        return encoder_lib.load_encoder(
            options.encoder, weights=options.weights
        )
    except Exception as error:  # Keras raises its own if a download fails.
        raise OptionsError(f"--encoder={options.encoder}: {error}") from error


def _reader(options: Options, source: formats.Source) -> beam.PTransform:
    reader: beam.PTransform = blank_captions.LeaveOutBlanks(source.reader)
    if options.drop_pairs:
        dropped = dropped_pairs.read(options.drop_pairs)
        reader = dropped_pairs.LeaveOutPairs(reader, dropped)
    if options.limit is None:
        return reader
    return subset.ReadSome(reader, options.limit)


def _writer(
    options: Options,
    source: formats.Source,
    encoder: encoder_lib.Encoder,
    request: request_lib.Request,
    owner: str,
    counters: counters_lib.Counters,
) -> write_shard.ShardWriter:
    return write_shard.ShardWriter(
        encoding=encode.Encoding(
            images=source.images(options.allow_hosts),
            encoder=options.encoder,
            weights=options.weights,
            grid=options.grid(encoder.locations, encoder.depth),
            batch_size=options.batch_size,
            thumbnail_side=options.thumbnail_side,
            limits=options.limits,
            views=options.train_views,
        ),
        output=options.output,
        owner=owner,
        request=request.digest,
        num_shards=options.num_shards,
        counters=counters,
    )


def _job(
    options: Options,
    reader: beam.PTransform,
    request: request_lib.Request,
    writer: write_shard.ShardWriter,
) -> precompute_lib.Precompute:
    """Builds the job's Beam transform."""
    summary = write_manifest.Summary(
        output=writer.output,
        owner=writer.owner,
        encoder=request.encoder,
        grid=writer.encoding.grid,
        settings=request.settings,
        limits=options.reject_limits,
    )
    return precompute_lib.Precompute(
        reader,
        options.split_rule,
        writer,
        summary,
        min_count=options.min_count,
        max_words=options.max_words,
    )


def _described(output: str) -> str:
    """Formats the counts, findings that are not `ok`, and the card's path.

    Takes away the ledger, which the job leaves for these lines.
    """
    manifest = record_set.open_record_set(output, beam_files.BEAM).manifest
    counts = ", ".join(
        f"{split} {manifest.num_images(split)}" for split in manifest.splits
    )
    rejected = sum(manifest.rejected.values())
    card = data_card.load(output, beam_files.BEAM)
    see = FileSystems.join(output, rejects.PATTERN)
    return "\n".join(
        [
            f"{output}: {counts} images, {rejected} rejected",
            *_take_ledger(output).lines(see),
            *wording.lines(card.findings),
            *_suspicious(output),
            f"Data card: {os.path.join(output, manifest_lib.CARD_PAGE_FILE)}",
        ]
    )


def _suspicious(output: str) -> Iterator[str]:
    path = FileSystems.join(output, suspicious_pairs.FILE)
    if beam_files.exists(path):
        count = len(beam_files.read_bytes(path).splitlines())
        yield (
            f"{count} suspicious pairs: look at them, or leave them out: "
            f"--drop_pairs={path}"
        )


def _take_ledger(output: str) -> ledger_lib.Ledger:
    path = FileSystems.join(output, ledger_lib.LEDGER_FILE)
    ledger = ledger_lib.Ledger.load(beam_files.read_bytes(path).decode())
    beam_files.delete(path)
    return ledger
