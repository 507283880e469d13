"""train(), evaluate(), caption() and more: the only wiring, gin's roots."""

import contextlib
import dataclasses
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

import gin
from pipeline.card import data_card
from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.scenes import truth as truth_lib
from trainer import config
from trainer.captioners import show_attend_tell
from trainer.data import batches as batches_lib
from trainer.data import card_gate, split_images
from trainer.data import folds as folds_lib
from trainer.decoding import generator as generator_lib
from trainer.devices import heartbeat, strategy, workers
from trainer.diagnosis import wiring
from trainer.evaluation import evaluation, split_loss
from trainer.evaluation import validation as validation_lib
from trainer.loop import cadence as cadence_lib
from trainer.loop import (
    early_stopping,
    every,
    loop,
    metrics_log,
    profile,
    say_progress,
    show_on_board,
    spikes,
    stop_on_nan,
    stop_signal,
    timings,
)
from trainer.report import attention_picture, curves, range_test_page, results
from trainer.run import checkpoints as checkpoints_lib
from trainer.run import directory, event_files, metrics_file
from trainer.serving import caption_files
from trainer.training import loss, loss_scale, optimizer, rate_sweep, train_step
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib

_LOG = logging.getLogger(__name__)
_WIRED_IMAGES = 4
_SHOWN_IMAGES = 4


for _constructor in (
    cadence_lib.Cadence,
    setup_lib.Setup,
    recipe_lib.Recipe,
    show_attend_tell.ShowAttendTell,
    batches_lib.Batching,
    generator_lib.Search,
    loss.CaptionLoss,
    loss_scale.DynamicScale,
    optimizer.AdamW,
    strategy.Devices,
):
    gin.register(_constructor)


@gin.configurable(denylist=["run_dir", "fold"])
def train(
    run_dir: str,
    *,
    fold: folds_lib.Fold | None = None,
    setup: setup_lib.Setup = gin.REQUIRED,
    recipe: recipe_lib.Recipe = gin.REQUIRED,
    cadence: cadence_lib.Cadence = gin.REQUIRED,
    num_steps: int = gin.REQUIRED,
    waived: Sequence[str] = (),
) -> str:
    """Trains a captioner, or goes on with one.

    Args:
      run_dir: made where it is missing.
      fold: of the train split, to be validated on in the place of the
        validation split, and not to be trained on.
      setup: what every mode needs.
      recipe: of its updates.
      cadence: what happens between steps, and how often.
      num_steps: updates to have been made at the end.
      waived: findings of the data card, and tests of the wiring, that shall
        not stop the training.

    Returns:
      A line that tells how it ended; nothing where the chief says it.

    Raises:
      DevicesError: there are no such devices.
      WorkersError: the workers do not train the same run.
      RunError: the directory belongs to a run of other settings.
      RecordSetError: the record set can't be used.
      RefusedDataError: the data card says that training would be in vain.
      WiringError: the captioner can't learn as it is wired.
      FloatingPointError: the loss, or its gradients, are no numbers.
      Preempted: a signal stopped the run, which is saved.
    """
    devices, crew = _open(setup.devices.alone() if fold else setup.devices)
    record_set = record_set_lib.open_record_set(setup.records)
    if fold:
        record_set = fold.of(record_set, cadence.validation_split)
    for line in card_gate.admit(record_set, waived, wiring.NAMES):
        _LOG.warning(line)
    recipe = recipe.for_batch()
    _LOG.info("learning rate %g", recipe.optimizer.learning_rate)
    step = recipe.build(setup, record_set, devices, workers=crew.count)
    identity = {
        **_identity(record_set, setup, step.captioner),
        **recipe.identity,
        "selection": cadence.selection,
        **({"fold": dataclasses.asdict(fold)} if fold else {}),
    }
    _claim(run_dir, crew, record_set, identity)
    patience, unusual = cadence.patient(), spikes.Spikes()
    checkpoints = _checkpoints(run_dir, crew, step, unusual, patience)
    checkpoints.restore()
    first = int(step.step)
    crew.require_same("newest checkpoints", first)
    heartbeat.ready()
    if patience.has_run_out or first >= num_steps:
        return crew.said(f"already trained: step {first}, {run_dir}")
    data = recipe.data(record_set)
    if not first:
        for line in wiring.require(_faults(record_set, data, step), waived):
            _LOG.warning(line)
    _LOG.info("%d parameters", step.captioner.count_params())
    board = event_files.Board(run_dir)
    validation = _validation(record_set, setup, recipe.batching, cadence, step)
    due = cadence.actions(
        lambda: crew.chiefs(validation()),
        last_step=num_steps,
        patience=patience,
        log=_log(run_dir, crew, board, first),
        checkpoints=checkpoints,
    )
    batches = data.distribute(devices, first_step=first)
    timed = timings.Timings()
    asked = cadence.profile_steps if crew.is_chief else None
    train = profile.Profile(board.folder, asked).over(
        unusual.counted(step.over(batches)), first_step=first
    )
    shown = _shown(board, validation, step.outcome, cadence, num_steps)
    with stop_signal.Notice(crew.most) as notice:
        reason = loop.run(
            train,
            first_step=first,
            until=num_steps,
            steps_per_call=cadence.steps_per_call,
            actions=[
                stop_on_nan.StopOnNan(data.image_ids, checkpoints),
                say_progress.SayProgress(
                    num_steps, recipe.batching.batch_images
                ),
                timed,
                *([shown] if crew.is_chief else []),
                *due,
                notice,
            ],
        )
        checkpoints.save(int(step.step), last=True)
        crew.wait()
    _LOG.info("%s", timed)
    if crew.is_chief:
        _leave_curves(run_dir, record_set, cadence.select_by)
    notice.check(run_dir)
    return crew.said(f"trained: {reason}, {run_dir}")


@gin.configurable(denylist=["run_dir"])
def cross_validate(
    run_dir: str, *, cadence: cadence_lib.Cadence = gin.REQUIRED, folds: int = 5
) -> str:
    """Trains once a fold, on the others, and scores on the fold.

    A killed cross-validation goes on where it was: each fold is a run of its
    own, `<run_dir>/fold-1-of-5` and so on.

    Args:
      run_dir: made where it is missing.
      cadence: the trainings' own.
      folds: equal parts of the train split.

    Returns:
      A table: each fold's loss and score, their mean and standard deviation.

    Raises:
      RunError: the directory, or a fold's, belongs to another run.
      ValueError: there are fewer than two folds, or images.
    """
    directory.refuse_training(run_dir)
    rows = []
    for fold in folds_lib.every(folds):
        folder = os.path.join(run_dir, fold.name)
        _LOG.info(train(folder, fold=fold))
        row = metrics_file.best_row(
            metrics_file.read_metrics(folder), cadence.select_by
        )
        if row is None:
            raise directory.RunError(f"no {cadence.select_by} in {folder}")
        rows.append(row)
    outcome = folds_lib.Outcome(cadence.select_by, rows)
    path = os.path.join(run_dir, "cross_validation.json")
    directory.write_text(path, outcome.dump())
    return f"{outcome.table()}\n{path}"


@gin.configurable(denylist=["run_dir"])
def range_test(
    run_dir: str,
    *,
    setup: setup_lib.Setup = gin.REQUIRED,
    recipe: recipe_lib.Recipe = gin.REQUIRED,
    low: float = 1e-5,
    high: float = 10.0,
    num_steps: int = 200,
) -> str:
    """Looks for a learning rate; see `rate_sweep.Trial`.

    Args:
      run_dir: made where it is missing; gets rows and page, no checkpoint.
      setup: the run's own.
      recipe: likewise; its schedule gives way to the rise.
      low: the first update's learning rate.
      high: the last update's.
      num_steps: updates, unless the loss diverges before.

    Returns:
      A line with the suggested rate, the rule it follows, the page's place.

    Raises:
      RunError: the directory belongs to a training.
    """
    sweep = rate_sweep.Sweep(low, high, num_steps)
    directory.refuse_training(run_dir)
    devices, crew = _open(setup.devices.alone())
    record_set = record_set_lib.open_record_set(setup.records)
    # The rates of a range leave nothing that a mean of weights could show.
    steady = dataclasses.replace(recipe.optimizer, average_decay=0.0)
    rising = rate_sweep.SweptAdamW(**dataclasses.asdict(steady), sweep=sweep)
    step = dataclasses.replace(recipe, optimizer=rising).build(
        setup, record_set, devices, workers=crew.count
    )
    trial = rate_sweep.Trial(lambda: float(step.optimizer.learning_rate))
    batches = recipe.data(record_set).distribute(devices, first_step=0)
    updates = step.over(batches)
    loop.run(
        spikes.Spikes().counted(trial.watched(updates)),
        first_step=0,
        until=num_steps,
        steps_per_call=1,
        actions=[
            say_progress.SayProgress(num_steps, recipe.batching.batch_images),
            trial,
        ],
    )
    tf.io.gfile.makedirs(run_dir)
    rows, page = (
        os.path.join(run_dir, name)
        for name in ("range_test.jsonl", "range_test.html")
    )
    directory.write_text(rows, trial.dump())
    directory.write_text(page, range_test_page.render(trial))
    return f"{trial.verdict()}. Page: {page}"


def _open(
    devices: strategy.Devices,
) -> tuple[tf.distribute.Strategy, workers.Workers]:
    """The devices, and who works on them; the chief alone is heard."""
    # Before anything is computed: TensorFlow finds no other workers later.
    opened = devices.open()
    crew = workers.Workers(opened)
    if not crew.is_chief:
        logging.getLogger("trainer").setLevel(logging.ERROR)
    return opened, crew


def _faults(
    record_set: record_set_lib.RecordSet,
    data: batches_lib.CaptionDataset,
    step: train_step.TrainStep,
) -> Iterator[wiring.Fault]:
    """Of the captioner, on a few images; of their grids, where they can."""
    batch = next(iter(data.epochs(first_step=0, replicas=1)))
    few = {name: value[:_WIRED_IMAGES] for name, value in batch.items()}
    yield from wiring.faults(
        step.captioner, few, record_set.vocabulary.log_unigram()
    )
    manifest = record_set.manifest
    if (
        manifest.encoder["architecture"] == encoder_lib.DEFAULT
        and manifest.settings["thumbnail_side"]
    ):
        encoder = encoder_lib.load_encoder()
        caption_files.check_encoder(encoder, manifest.encoder)
        images = split_images.batches(
            record_set,
            "train",
            batch_images=_WIRED_IMAGES,
            limit=_WIRED_IMAGES,
        )
        yield from wiring.compare_grids(next(images), encoder)


def _validation(
    record_set: record_set_lib.RecordSet,
    setup: setup_lib.Setup,
    batching: batches_lib.Batching,
    cadence: cadence_lib.Cadence,
    step: train_step.TrainStep,
) -> validation_lib.Validation:
    split, model = cadence.validation_split, step.outcome
    return validation_lib.Validation(
        record_set,
        batches_lib.CaptionDataset(record_set, split, batching, shuffle=False),
        split,
        num_images=cadence.validation_images,
        loss_of_split=split_loss.LossOfSplit(
            strategy=step.strategy, captioner=model
        ),
        generator=generator_lib.CaptionGenerator(
            model, record_set.vocabulary, setup.search
        ),
    )


def _shown(
    board: event_files.Board,
    validation: validation_lib.Validation,
    captioner: show_attend_tell.ShowAttendTell,
    cadence: cadence_lib.Cadence,
    last_step: int,
) -> show_on_board.ShowOnBoard:
    """The weights, and the split's first images with their captions."""
    return show_on_board.ShowOnBoard(
        board,
        weights=captioner.trainable_variables,
        pictures=lambda: attention_picture.named(
            generator_lib.caption_split(
                validation.generator,
                validation.record_set,
                validation.split,
                limit=_SHOWN_IMAGES,
            )
        ),
        when=every.Every(cadence.evaluate_every, last_step),
    )


def _leave_curves(
    run_dir: str, record_set: record_set_lib.RecordSet, select_by: str
) -> None:
    """Draws what `metrics.jsonl` holds, beside what the data card knows."""
    has_card = record_set.manifest.card_sha256 is not None
    known = data_card.load(record_set.path).facts if has_card else None
    rows = metrics_file.read_metrics(run_dir)
    curves.write(run_dir, curves.panels(rows, select_by=select_by, known=known))


def _identity(
    record_set: record_set_lib.RecordSet,
    setup: setup_lib.Setup,
    model: show_attend_tell.ShowAttendTell,
) -> dict[str, Any]:
    """Of the captioner and what it sees; a run never changes it."""
    manifest = record_set.manifest
    return {
        "records": manifest.digest,
        "encoder": manifest.encoder,
        "encoder_batch": manifest.settings["batch_size"],
        "grid": dataclasses.asdict(manifest.grid),
        "vocabulary": record_set.vocabulary.digest,
        "seed": setup.seed,
        "precision": setup.devices.precision,
        "captioner": model.settings,
    }


def _claim(
    run_dir: str,
    crew: workers.Workers,
    record_set: record_set_lib.RecordSet,
    identity: dict[str, Any],
) -> None:
    """Takes the directory, and writes what the other modes need."""
    if crew.is_chief:
        directory.claim(run_dir, identity)
        config.save(run_dir)
        path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
        directory.write_text(path, record_set.vocabulary.dump())
    crew.require_same("settings", identity)


def _checkpoints(
    run_dir: str,
    crew: workers.Workers,
    step: train_step.TrainStep,
    unusual: spikes.Spikes,
    patience: early_stopping.Patience,
) -> checkpoints_lib.Checkpoints:
    """Of all that a run must not lose; the chief writes them."""
    return checkpoints_lib.Checkpoints(
        run_dir,
        writes=crew.is_chief,
        captioner=step.outcome,
        **({"trained": step.captioner} if step.average else {}),
        optimizer=step.optimizer,
        step=step.step,
        skipped=step.skipped,
        loss_scale=step.loss_scale,
        spikes=unusual,
        patience=patience,
    )


def _log(
    run_dir: str, crew: workers.Workers, board: event_files.Board, first: int
) -> metrics_log.MetricsLog | metrics_log.NoLog:
    if crew.is_chief:
        return metrics_log.MetricsLog(run_dir, board, resumed_step=first)
    return metrics_log.NoLog()


def _restored(
    run_dir: str, setup: setup_lib.Setup
) -> tuple[generator_lib.CaptionGenerator, show_attend_tell.ShowAttendTell]:
    """The best captioner of a run; needs nothing but the run directory."""
    identity = directory.read_identity(run_dir)
    path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
    with tf.io.gfile.GFile(path, "r") as file:
        vocabulary = vocabulary_lib.Vocabulary.load(file.read())
    model = setup.build(records.GridSpec(**identity["grid"]), vocabulary)
    checkpoints_lib.Checkpoints(run_dir, captioner=model).restore_best()
    return generator_lib.CaptionGenerator(
        model, vocabulary, setup.search
    ), model


@gin.configurable(denylist=["run_dir"])
def evaluate(
    run_dir: str,
    *,
    setup: setup_lib.Setup = gin.REQUIRED,
    batching: batches_lib.Batching = gin.REQUIRED,
    split: str = "test",
    truth: str | None = None,
    page_images: int = 24,
) -> str:
    """Captions a split, scores it beside its floors, and writes the page.

    Args:
      run_dir: of a trained captioner.
      setup: the run's own.
      batching: the run's own.
      split: to score.
      truth: `truth.jsonl` of scenes, or None for other data.
      page_images: examples on the page.

    Returns:
      What to read first: the verdict, scores, captions, the page's place.

    Raises:
      RunError: the record set is not the one that was trained on.
    """
    record_set = record_set_lib.open_record_set(setup.records)
    identity = directory.read_identity(run_dir)
    trained_on = identity["records"]
    if record_set.manifest.digest != trained_on:
        raise directory.RunError(
            f"{setup.records} (digest {record_set.manifest.digest[:12]}) is "
            f"not the record set of {run_dir} (digest {trained_on[:12]})"
        )
    if "fold" in identity:
        held_out = identity["selection"]["validation_split"]
        record_set = folds_lib.Fold(**identity["fold"]).of(record_set, held_out)
    devices = setup.devices.alone().open()
    with devices.scope():
        generator, model = _restored(run_dir, setup)
    scenes = truth_lib.read_truth(truth) if truth else None
    result = evaluation.evaluate(
        record_set,
        batches_lib.CaptionDataset(record_set, split, batching, shuffle=False),
        split=split,
        generator_=generator,
        loss_of_split=split_loss.LossOfSplit(strategy=devices, captioner=model),
        truth=scenes,
    )
    manifest = record_set.manifest
    facts = [
        ("Encoder", manifest.encoder["architecture"]),
        ("Captioner", f"{model.count_params():,} parameters"),
        ("Trained on", f"{record_set.num_images('train'):,} images"),
        ("Loss", f"{result.loss:.3f} nats per token"),
        ("Beams", str(setup.search.beams)),
    ]
    return results.write(
        run_dir,
        result,
        facts=facts,
        select_by=identity["selection"]["select_by"],
        truth=scenes,
        page_images=page_images,
    )


@gin.configurable(denylist=["run_dir", "paths", "output"])
def caption(
    run_dir: str,
    paths: Sequence[str],
    output: str | None,
    *,
    setup: setup_lib.Setup = gin.REQUIRED,
    encoder: str = encoder_lib.DEFAULT,
    weights: str | None = None,
) -> str:
    """Captions image files; one JSON object a line.

    Args:
      run_dir: of a trained captioner.
      paths: files and folders.
      output: file to write, or None for standard output.
      setup: the run's own.
      encoder: see `encoder.load_encoder`.
      weights: likewise.

    Returns:
      A line that tells how many were captioned.

    Raises:
      RunError: the encoder is not the one that made the training grids, or
        no file could be captioned.
      FileNotFoundError: a path does not exist.
    """
    files = caption_files.image_files(paths)
    identity = directory.read_identity(run_dir)
    setup.devices.alone().open()
    loaded = encoder_lib.load_encoder(encoder, weights=weights)
    caption_files.check_encoder(loaded, identity["encoder"])
    server = caption_files.CaptionServer(
        loaded,
        records.GridSpec(**identity["grid"]),
        _restored(run_dir, setup)[0],
        identity["encoder_batch"],
    )
    rejected = 0
    with (
        open(output, "w")
        if output
        else contextlib.nullcontext(sys.stdout) as file
    ):
        for row in server.serve(files):
            rejected += bool(row.error)
            file.write(json.dumps(row.to_json()) + "\n")
    if rejected == len(files):
        raise directory.RunError(
            f"no file was captioned, {rejected} rejected, the last for "
            f"{row.error}"
        )
    return f"{len(files) - rejected} captioned, {rejected} rejected"
