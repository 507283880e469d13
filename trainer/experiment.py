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
from pipeline import encoders, grammar
from pipeline import manifest as manifest_lib
from pipeline import records as records_lib
from pipeline import vocabulary as vocabulary_lib
from pipeline.card import data_card
from trainer import (
    actions,
    admission,
    checkpoint,
    config,
    curves,
    evaluation,
    heartbeat,
    loop,
    pictures,
    preemption,
    profile,
    report,
    serving,
    spikes,
    split_images,
    sweep_page,
    tensorboard,
    timings,
    train_step,
    wiring,
    workers,
)
from trainer import cadence as cadence_lib
from trainer import captioner as captioner_lib
from trainer import dataset as dataset_lib
from trainer import folds as folds_lib
from trainer import generator as generator_lib
from trainer import loss as loss_lib
from trainer import loss_scale as loss_scale_lib
from trainer import optimizer as optimizer_lib
from trainer import recipe as recipe_lib
from trainer import setup as setup_lib
from trainer import strategy as strategy_lib
from trainer import sweep as sweep_lib

_LOG = logging.getLogger(__name__)
_WIRED_IMAGES = 4
_SHOWN_IMAGES = 4


for _constructor in (
    cadence_lib.Cadence,
    setup_lib.Setup,
    recipe_lib.Recipe,
    captioner_lib.ShowAttendTell,
    dataset_lib.Batching,
    generator_lib.Search,
    loss_lib.CaptionLoss,
    loss_scale_lib.DynamicScale,
    optimizer_lib.AdamW,
    strategy_lib.Devices,
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
    record_set = manifest_lib.open_record_set(setup.records)
    if fold:
        record_set = fold.of(record_set, cadence.validation_split)
    for line in admission.admit(record_set, waived, wiring.NAMES):
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
    board = tensorboard.Board(run_dir)
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
    with preemption.Notice(crew.most) as notice:
        reason = loop.run(
            train,
            first_step=first,
            until=num_steps,
            steps_per_call=cadence.steps_per_call,
            actions=[
                actions.StopOnNan(data.image_ids, checkpoints),
                actions.SayProgress(num_steps, recipe.batching.batch_images),
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
    checkpoint.refuse_training(run_dir)
    rows = []
    for fold in folds_lib.every(folds):
        folder = os.path.join(run_dir, fold.name)
        _LOG.info(train(folder, fold=fold))
        row = actions.best_row(actions.read_metrics(folder), cadence.select_by)
        if row is None:
            raise checkpoint.RunError(f"no {cadence.select_by} in {folder}")
        rows.append(row)
    outcome = folds_lib.Outcome(cadence.select_by, rows)
    path = os.path.join(run_dir, "cross_validation.json")
    checkpoint.write_text(path, outcome.dump())
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
    """Looks for a learning rate; see `sweep.Trial`.

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
    sweep = sweep_lib.Sweep(low, high, num_steps)
    checkpoint.refuse_training(run_dir)
    devices, crew = _open(setup.devices.alone())
    record_set = manifest_lib.open_record_set(setup.records)
    # The rates of a range leave nothing that a mean of weights could show.
    steady = dataclasses.replace(recipe.optimizer, average_decay=0.0)
    rising = sweep_lib.SweptAdamW(**dataclasses.asdict(steady), sweep=sweep)
    step = dataclasses.replace(recipe, optimizer=rising).build(
        setup, record_set, devices, workers=crew.count
    )
    trial = sweep_lib.Trial(lambda: float(step.optimizer.learning_rate))
    batches = recipe.data(record_set).distribute(devices, first_step=0)
    updates = step.over(batches)
    loop.run(
        spikes.Spikes().counted(trial.watched(updates)),
        first_step=0,
        until=num_steps,
        steps_per_call=1,
        actions=[
            actions.SayProgress(num_steps, recipe.batching.batch_images),
            trial,
        ],
    )
    tf.io.gfile.makedirs(run_dir)
    rows, page = (
        os.path.join(run_dir, name)
        for name in ("range_test.jsonl", "range_test.html")
    )
    checkpoint.write_text(rows, trial.dump())
    checkpoint.write_text(page, sweep_page.render(trial))
    return f"{trial.verdict()}. Page: {page}"


def _open(
    devices: strategy_lib.Devices,
) -> tuple[tf.distribute.Strategy, workers.Workers]:
    """The devices, and who works on them; the chief alone is heard."""
    # Before anything is computed: TensorFlow finds no other workers later.
    opened = devices.open()
    crew = workers.Workers(opened)
    if not crew.is_chief:
        logging.getLogger("trainer").setLevel(logging.ERROR)
    return opened, crew


def _faults(
    record_set: manifest_lib.RecordSet,
    data: dataset_lib.CaptionDataset,
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
        manifest.encoder["architecture"] == encoders.DEFAULT
        and manifest.settings["thumbnail_side"]
    ):
        encoder = encoders.load_encoder()
        serving.check_encoder(encoder, manifest.encoder)
        images = split_images.batches(
            record_set,
            "train",
            batch_images=_WIRED_IMAGES,
            limit=_WIRED_IMAGES,
        )
        yield from wiring.compare_grids(next(images), encoder)


def _validation(
    record_set: manifest_lib.RecordSet,
    setup: setup_lib.Setup,
    batching: dataset_lib.Batching,
    cadence: cadence_lib.Cadence,
    step: train_step.TrainStep,
) -> evaluation.Validation:
    split, model = cadence.validation_split, step.outcome
    return evaluation.Validation(
        record_set,
        dataset_lib.CaptionDataset(record_set, split, batching, shuffle=False),
        split,
        num_images=cadence.validation_images,
        loss_of_split=train_step.LossOfSplit(
            strategy=step.strategy, captioner=model
        ),
        generator=generator_lib.CaptionGenerator(
            model, record_set.vocabulary, setup.search
        ),
    )


def _shown(
    board: tensorboard.Board,
    validation: evaluation.Validation,
    captioner: captioner_lib.ShowAttendTell,
    cadence: cadence_lib.Cadence,
    last_step: int,
) -> actions.ShowOnBoard:
    """The weights, and the split's first images with their captions."""
    return actions.ShowOnBoard(
        board,
        weights=captioner.trainable_variables,
        pictures=lambda: pictures.named(
            generator_lib.caption_split(
                validation.generator,
                validation.record_set,
                validation.split,
                limit=_SHOWN_IMAGES,
            )
        ),
        when=actions.Every(cadence.evaluate_every, last_step),
    )


def _leave_curves(
    run_dir: str, record_set: manifest_lib.RecordSet, select_by: str
) -> None:
    """Draws what `metrics.jsonl` holds, beside what the data card knows."""
    has_card = record_set.manifest.card_sha256 is not None
    known = data_card.load(record_set.path).facts if has_card else None
    rows = actions.read_metrics(run_dir)
    curves.write(run_dir, curves.panels(rows, select_by=select_by, known=known))


def _identity(
    record_set: manifest_lib.RecordSet,
    setup: setup_lib.Setup,
    model: captioner_lib.ShowAttendTell,
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
    record_set: manifest_lib.RecordSet,
    identity: dict[str, Any],
) -> None:
    """Takes the directory, and writes what the other modes need."""
    if crew.is_chief:
        checkpoint.claim(run_dir, identity)
        config.save(run_dir)
        path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
        checkpoint.write_text(path, record_set.vocabulary.dump())
    crew.require_same("settings", identity)


def _checkpoints(
    run_dir: str,
    crew: workers.Workers,
    step: train_step.TrainStep,
    unusual: spikes.Spikes,
    patience: actions.Patience,
) -> checkpoint.Checkpoints:
    """Of all that a run must not lose; the chief writes them."""
    return checkpoint.Checkpoints(
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
    run_dir: str, crew: workers.Workers, board: tensorboard.Board, first: int
) -> actions.MetricsLog | actions.NoLog:
    if crew.is_chief:
        return actions.MetricsLog(run_dir, board, resumed_step=first)
    return actions.NoLog()


def _restored(
    run_dir: str, setup: setup_lib.Setup
) -> tuple[generator_lib.CaptionGenerator, captioner_lib.ShowAttendTell]:
    """The best captioner of a run; needs nothing but the run directory."""
    identity = checkpoint.read_identity(run_dir)
    path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
    with tf.io.gfile.GFile(path, "r") as file:
        vocabulary = vocabulary_lib.Vocabulary.load(file.read())
    model = setup.build(records_lib.GridSpec(**identity["grid"]), vocabulary)
    checkpoint.Checkpoints(run_dir, captioner=model).restore_best()
    return generator_lib.CaptionGenerator(
        model, vocabulary, setup.search
    ), model


@gin.configurable(denylist=["run_dir"])
def evaluate(
    run_dir: str,
    *,
    setup: setup_lib.Setup = gin.REQUIRED,
    batching: dataset_lib.Batching = gin.REQUIRED,
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
    record_set = manifest_lib.open_record_set(setup.records)
    identity = checkpoint.read_identity(run_dir)
    trained_on = identity["records"]
    if record_set.manifest.digest != trained_on:
        raise checkpoint.RunError(
            f"{setup.records} (digest {record_set.manifest.digest[:12]}) is "
            f"not the record set of {run_dir} (digest {trained_on[:12]})"
        )
    if "fold" in identity:
        held_out = identity["selection"]["validation_split"]
        record_set = folds_lib.Fold(**identity["fold"]).of(record_set, held_out)
    devices = setup.devices.alone().open()
    with devices.scope():
        generator, model = _restored(run_dir, setup)
    scenes = grammar.read_truth(truth) if truth else None
    result = evaluation.evaluate(
        record_set,
        dataset_lib.CaptionDataset(record_set, split, batching, shuffle=False),
        split=split,
        generator_=generator,
        loss_of_split=train_step.LossOfSplit(strategy=devices, captioner=model),
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
    return report.write(
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
    encoder: str = encoders.DEFAULT,
    weights: str | None = None,
) -> str:
    """Captions image files; one JSON object a line.

    Args:
      run_dir: of a trained captioner.
      paths: files and folders.
      output: file to write, or None for standard output.
      setup: the run's own.
      encoder: see `encoders.load_encoder`.
      weights: likewise.

    Returns:
      A line that tells how many were captioned.

    Raises:
      RunError: the encoder is not the one that made the training grids, or
        no file could be captioned.
      FileNotFoundError: a path does not exist.
    """
    files = serving.image_files(paths)
    identity = checkpoint.read_identity(run_dir)
    setup.devices.alone().open()
    loaded = encoders.load_encoder(encoder, weights=weights)
    serving.check_encoder(loaded, identity["encoder"])
    server = serving.CaptionServer(
        loaded,
        records_lib.GridSpec(**identity["grid"]),
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
        raise checkpoint.RunError(
            f"no file was captioned, {rejected} rejected, the last for "
            f"{row.error}"
        )
    return f"{len(files) - rejected} captioned, {rejected} rejected"
