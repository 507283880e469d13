"""Captions a split, scores the captions, and writes results and page."""

from pipeline.recordset import record_set as record_set_lib
from pipeline.scenes import truth as truth_lib
from trainer.data import batches as batches_lib
from trainer.data import damage, folds
from trainer.data.batching import Batching
from trainer.evaluation import evaluation, split_loss
from trainer.report import curves, results
from trainer.run import directory
from trainer.training import session
from trainer.training import setup as setup_lib


def evaluate(
    run_dir: str,
    *,
    setup: setup_lib.Setup,
    batching: Batching,
    split: str | None = None,
    truth: str | None = None,
    page_images: int = 24,
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

    Returns:
      The verdict, scores, some captions, and the path of the page.

    Raises:
      RunError: the record set is not the one that was trained on.
      CorruptShard: a shard of it is damaged.
    """
    record_set = record_set_lib.open_record_set(setup.records)
    identity = directory.read_identity(run_dir)
    if record_set.manifest.digest != identity.records:
        raise directory.RunError(
            f"{setup.records} (digest {record_set.manifest.digest[:12]}) is "
            f"not the record set of {run_dir} (digest {identity.records[:12]})"
        )
    held_out = identity.selection["validation_split"]
    if identity.fold:
        record_set = folds.Fold(**identity.fold).of(record_set, held_out)
    split = split or (held_out if identity.fold else "test")
    devices = setup.devices.alone().open()
    with devices.scope():
        generator, model = session.restore_best(run_dir, setup)
    scenes = truth_lib.read_truth(truth) if truth else None
    with damage.named(record_set):
        result = evaluation.evaluate(
            record_set,
            batches_lib.CaptionDataset(
                record_set, split, batching, shuffle=False
            ),
            split=split,
            generator_=generator,
            loss_of_split=split_loss.LossOfSplit(
                strategy=devices, captioner=model
            ),
            metrics=setup.metrics,
            truth=scenes,
        )
    select_by = identity.selection["select_by"]
    facts = [
        ("Encoder", record_set.manifest.encoder["architecture"]),
        ("Captioner", f"{model.count_params():,} parameters"),
        ("Trained on", f"{record_set.num_images('train'):,} images"),
        ("Loss", f"{result.loss:.3f} nats per token"),
        ("Decoder", setup.search.description),
    ]
    return results.write(
        run_dir,
        result,
        facts=facts,
        curves=curves.read(
            run_dir,
            record_set,
            metrics=setup.metrics,
            select_by=select_by,
            higher_is_better=setup.direction(select_by),
        ),
        truth=scenes,
        page_images=page_images,
    )
