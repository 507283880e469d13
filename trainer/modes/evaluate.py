"""Captions a split, scores the captions, and writes results and page."""

from collections.abc import Iterator, Sequence

from pipeline.recordset import record_set as record_set_lib
from pipeline.scenes import truth as truth_lib
from trainer.data import batches as batches_lib
from trainer.data import damage, folds
from trainer.data.batching import Batching
from trainer.decoding import generator as generator_lib
from trainer.decoding import step
from trainer.evaluation import (
    decoder_comparison,
    evaluation,
    scorers,
    split_loss,
)
from trainer.report import curves, results
from trainer.run import directory
from trainer.run import identity as identity_lib
from trainer.training import self_critical, session
from trainer.training import setup as setup_lib


def evaluate(
    run_dir: str,
    *,
    setup: setup_lib.Setup,
    batching: Batching,
    split: str | None = None,
    truth: str | None = None,
    page_images: int = 24,
    decoders: Sequence[step.Decoder] = (),
) -> str:
    """Captions a split, scores the captions, and writes results and page.

    Args:
      run_dir: of a trained captioner.
      setup: the run's own.
      batching: the run's own.
      split: the split to score; None for `test`, or in a cross-validation for
        what the run held out.
      truth: path of the scenes' `truth.jsonl`, or None for other data.
      page_images: number of examples on the page.
      decoders: caption the split too, to be compared with `Setup.search` in a
        table and in `decoders.json`.

    Returns:
      The table of decoders, if there are some to compare; scores, some
      captions, the verdict, and the path of the page.

    Raises:
      RunError: the record set is not the one that was trained on.
      RecordSetError: no such split.
      CorruptShard: a shard of it is damaged.
      TruthError: there is no truth file, or it is that of other images.
    """
    record_set, identity = _open(run_dir, setup)
    held_out = identity.selection["validation_split"]
    split = split or (held_out if identity.fold else "test")
    record_set.require(split, "`evaluate.split`")
    devices = setup.devices.alone().open()
    with devices.scope():
        generator, model = session.restore_best(run_dir, setup)
    scenes = _truth(truth) if truth else None
    data = batches_lib.CaptionDataset(
        record_set, split, batching, shuffle=False
    )
    loss = split_loss.LossOfSplit(strategy=devices, captioner=model)
    with damage.named(record_set):
        result = evaluation.evaluate(
            record_set,
            data,
            split=split,
            generator_=generator,
            loss_of_split=loss,
            metrics=setup.metrics,
            truth=scenes,
        )
        compared = _compared(generator, decoders, record_set, result)
    return results.write(
        run_dir,
        result,
        compared=compared,
        facts=[
            ("Encoder", record_set.manifest.encoder["architecture"]),
            ("Captioner", f"{model.count_params():,} parameters"),
            ("Trained on", f"{record_set.num_images('train'):,} images"),
            ("Loss", f"{result.loss:.3f} nats per token"),
            ("Decoder", setup.search.description),
            *_trained_otherwise(setup, identity),
        ],
        curves=curves.read(
            run_dir, record_set, setup, identity.selection["select_by"]
        ),
        truth=scenes,
        page_images=page_images,
    )


def _trained_otherwise(
    setup: setup_lib.Setup, identity: identity_lib.RunIdentity
) -> Iterator[tuple[str, str]]:
    """What scores must be read with, as facts."""
    if setup.ensemble:
        yield "Ensemble", f"with {', '.join(setup.ensemble)}"
    if identity.self_critical:
        settings = self_critical.SelfCritical(**identity.self_critical)
        yield "Self-critical", settings.signature


def _compared(
    generator: generator_lib.CaptionGenerator,
    decoders: Sequence[step.Decoder],
    record_set: record_set_lib.RecordSet,
    result: evaluation.Evaluation,
) -> decoder_comparison.Comparison | None:
    """Compares decoders with that of the evaluation, if there are some."""
    if not decoders:
        return None
    return decoder_comparison.compare(
        record_set,
        result.split,
        generator=generator,
        examples=result.examples,
        decoders=decoders,
        metrics=result.metrics,
    )


def _open(
    run_dir: str, setup: setup_lib.Setup
) -> tuple[record_set_lib.RecordSet, identity_lib.RunIdentity]:
    """Opens the record set of a run, as the run has split it."""
    record_set = record_set_lib.open_record_set(setup.records)
    identity = directory.read_identity(run_dir)
    if record_set.manifest.digest != identity.records:
        raise directory.RunError(
            f"{setup.records} (digest {record_set.manifest.digest[:12]}) is "
            f"not the record set of {run_dir} (digest {identity.records[:12]})"
        )
    if identity.fold:
        held_out = identity.selection["validation_split"]
        record_set = folds.Fold(**identity.fold).of(record_set, held_out)
    return record_set, identity


def _truth(path: str) -> dict[str, truth_lib.Scene]:
    """Reads the truth of scenes; an error names the setting."""
    try:
        return truth_lib.read_truth(path)
    except OSError as error:
        raise scorers.TruthError(
            f"evaluate.truth = {path!r}: {error.strerror}; set it to None for "
            "scores without it"
        ) from error
