"""Trains a captioner, or goes on with one."""

import contextlib
import functools
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pipeline.encoders import encoder as encoder_lib
from pipeline.recordset import record_set as record_set_lib
from trainer.data import batches as batches_lib
from trainer.data import card_gate, damage
from trainer.data import folds as folds_lib
from trainer.decoding import around, generator
from trainer.devices import heartbeat
from trainer.diagnosis import case as case_lib
from trainer.diagnosis import stored_grids, wiring
from trainer.diagnosis import watch as watch_lib
from trainer.evaluation import split_loss
from trainer.evaluation import validation as validation_lib
from trainer.loop import cadence as cadence_lib
from trainer.loop import (
    every,
    learning_rate,
    loop,
    metrics_log,
    narrowing,
    profile,
    say_progress,
    show_on_board,
    stop_on_nan,
    stop_signal,
)
from trainer.loop import timings as timings_lib
from trainer.report import attention_picture, curves
from trainer.run import directory, event_files, lock, metrics_file
from trainer.training import recipe as recipe_lib
from trainer.training import session as session_lib
from trainer.training import setup as setup_lib
from trainer.training import train_step, warm_start

_LOG = logging.getLogger(__name__)
_WIRED_IMAGES = 4
_COMPARED_IMAGES = 32
_SHOWN_IMAGES = 4

LoadEncoder = Callable[[], encoder_lib.Encoder | None]


def train(
    run_dir: str,
    *,
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    num_steps: int,
    fold: folds_lib.Fold | None = None,
    waived: Sequence[str] = (),
    init_from: str = "",
    encoder: str = encoder_lib.DEFAULT,
    weights: str | None = None,
) -> str:
    """Trains a captioner, or goes on with one.

    Args:
      run_dir: made where it is missing.
      setup: what every mode needs.
      recipe: settings of an update.
      cadence: what happens between updates, and how often.
      num_steps: number of updates after which the training ends.
      fold: part of the train split that is validated on, in place of the
        validation split, and not trained on.
      waived: findings of the data card, and tests of the wiring, that must not
        stop the training.
      init_from: folder of a run whose best weights are the first, such as one
        that was trained by cross entropy before its own samples are rewarded;
        '' to draw them.
      encoder: the one that made the grids, to compare images with them: a
        name or path, as `--encoder` of `pipeline.main` takes it.
      weights: its weights, as `--weights` takes them.

    Returns:
      A line that says how the training ended; empty for workers other than the
      chief.

    Raises:
      DevicesError: there are no such devices.
      WorkersError: the workers do not train the same run.
      RunError: the directory belongs to a run with other settings, or lies in
        the record set.
      RecordSetError: the record set can't be used, or has no validation split.
      CorruptShard: a shard of it is damaged.
      RefusedDataError: by its data card, nothing can be learned from the data.
      WiringError: the captioner can't learn as it is wired.
      FloatingPointError: the loss or its gradients are not finite.
      Preempted: a signal stopped the run, which was saved.
    """
    directory.refuse_records(run_dir, setup.records)
    lower = not setup.direction(cadence.select_by)
    devices, crew = session_lib.open_devices(
        setup.devices.alone() if fold else setup.devices
    )
    record_set = record_set_lib.open_record_set(setup.records)
    if fold:
        record_set = fold.of(record_set, cadence.validation_split)
    record_set.require(cadence.validation_split, "`Cadence.validation_split`")
    _warn(
        card_gate.admit(
            record_set,
            waived,
            wiring.NAMES,
            max_length=recipe.batching.max_length,
        )
    )
    recipe = recipe.for_batch()
    ending = recipe.until(num_steps)
    step = ending.build(setup, record_set, devices, workers=crew.count)
    identity = session_lib.identify(
        setup, recipe, cadence, record_set, step.captioner, fold, init_from
    )
    session = session_lib.prepare(
        run_dir,
        crew,
        record_set,
        step,
        identity,
        cadence.patient(lower=lower),
    )
    load_encoder = functools.partial(
        stored_grids.made_by, record_set.manifest, encoder, weights
    )
    alone = lock.hold(run_dir) if crew.is_chief else contextlib.nullcontext()
    with alone, damage.named(record_set):
        first = session.restore()
        heartbeat.ready()
        if session.patience.has_run_out or first >= num_steps:
            return crew.said(f"already trained: step {first}, {run_dir}")
        data = recipe.data(record_set)
        if not first:
            _warn(
                wiring.require(
                    _faults(record_set, data, step, load_encoder), waived
                )
            )
            if init_from:
                _LOG.info("first weights: the best of %s", init_from)
                warm_start.load(init_from, identity, step.captioners)
        session.claim()
        _LOG.info("%d parameters", step.captioner.count_params())
        _LOG.info("%s", ending.rates(first, num_steps))
        if ending.self_critical:
            _LOG.info("%s", ending.self_critical.signature)
        watch = _watch(session, setup, load_encoder)
        reason = _run(
            session,
            setup,
            ending,
            cadence,
            data,
            watch,
            init_from,
            first,
            num_steps,
        )
    return crew.said(f"trained: {reason}, {run_dir}")


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        _LOG.warning(line)


def _run(
    session: session_lib.Session,
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    data: batches_lib.CaptionDataset,
    watch: watch_lib.Watch,
    init_from: str,
    first: int,
    num_steps: int,
) -> str:
    """Makes the updates that are missing; returns why the training ended."""
    crew, step, run_dir = session.crew, session.step, session.run_dir
    board = event_files.Board(run_dir)
    validation = _validation(session, setup, recipe, cadence, watch)
    timings = timings_lib.Timings(recipe.batching.batch_images)
    batches = data.distribute(step.strategy, first_step=first)
    due = cadence.actions(
        lambda: crew.chiefs(validation()),
        last_step=num_steps,
        patience=session.patience,
        log=_log(session, board, first),
        checkpoints=session.checkpoints,
        warn=watch.warn if crew.is_chief else _warn_nobody,
        faults=_narrowing(session, cadence, init_from)
        if recipe.self_critical
        else _no_faults,
    )
    with stop_signal.Notice(crew.most) as notice:
        reason = loop.run(
            step.over(batches),
            first_step=first,
            until=num_steps,
            steps_per_call=cadence.steps_per_call,
            actions=[
                session.spikes,
                stop_on_nan.StopOnNan(data.image_ids, session.checkpoints),
                timings,
                learning_rate.LearningRate(recipe.optimizer.rate),
                say_progress.SayProgress(num_steps),
                *_on_board(session, board, validation, cadence, num_steps),
                *due,
                notice,
            ],
        )
        session.checkpoints.save(int(step.step), last=True)
        crew.wait()
    _LOG.info("%s", timings)
    if crew.is_chief:
        drawn = curves.read(
            run_dir, session.record_set, setup, cadence.select_by
        )
        curves.write(run_dir, drawn)
    notice.check(run_dir)
    return reason


def _faults(
    record_set: record_set_lib.RecordSet,
    data: batches_lib.CaptionDataset,
    step: train_step.TrainStep,
    load_encoder: LoadEncoder,
) -> Iterator[wiring.Fault]:
    """Tests the captioner's wiring on a few images, and the grids of images."""
    yield from wiring.faults(
        step.captioner,
        data.first_images(_WIRED_IMAGES),
        record_set.vocabulary.log_unigram(),
    )
    encoder = load_encoder()
    found = encoder and stored_grids.measure(
        record_set, "train", encoder, _COMPARED_IMAGES
    )
    if found:
        yield from stored_grids.faults(found)


def _watch(
    session: session_lib.Session,
    setup: setup_lib.Setup,
    load_encoder: LoadEncoder,
) -> watch_lib.Watch:
    case = case_lib.Case(
        session.run_dir,
        session.identity,
        session.record_set,
        session.record_set.vocabulary,
        rows=[],
        captioner=session.step.outcome,
        step=None,
        strange={},
        decoder=case_lib.decoder_name(setup.search),
        own={},
    )
    return watch_lib.Watch(
        case,
        around.innermost(setup.search).settings.get("max_length"),
        load_encoder,
    )


def _no_faults(scalars: Mapping[str, float]) -> str:
    """What is wrong with an evaluation of true captions: nothing."""
    return ""


def _narrowing(
    session: session_lib.Session, cadence: cadence_lib.Cadence, init_from: str
) -> narrowing.Narrowing:
    """Compares with the best evaluation before the reward."""
    rows = metrics_file.read_metrics(init_from or session.run_dir)
    best = metrics_file.best_row(
        rows, cadence.select_by, higher_is_better=not session.patience.lower
    )
    names = ("mode_share", "swap_gap")
    before = {n: (best or {}).get(f"validation/{n}", math.nan) for n in names}
    return narrowing.Narrowing(**session.crew.chiefs(before))


def _warn_nobody(step: int) -> None:
    """What workers other than the chief do."""


def _validation(
    session: session_lib.Session,
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    watch: watch_lib.Watch,
) -> validation_lib.Validation:
    record_set, split = session.record_set, cadence.validation_split
    captioner, words = session.step.outcome, record_set.vocabulary
    data = batches_lib.CaptionDataset(
        record_set, split, recipe.batching, shuffle=False
    )
    return validation_lib.Validation(
        record_set,
        data,
        split,
        num_images=cadence.validation_images,
        loss_of_split=split_loss.LossOfSplit(
            strategy=session.step.strategy, captioner=captioner
        ),
        generator=generator.CaptionGenerator(captioner, words, setup.search),
        metrics=setup.metrics,
        watch=watch,
    )


def _on_board(
    session: session_lib.Session,
    board: event_files.Board,
    validation: validation_lib.Validation,
    cadence: cadence_lib.Cadence,
    last_step: int,
) -> list[loop.Action]:
    """What the chief alone shows: profile, weights and captioned images."""
    if not session.crew.is_chief:
        return []
    shown = show_on_board.ShowOnBoard(
        board,
        weights=session.step.outcome.trainable_variables,
        pictures=lambda: attention_picture.named(
            generator.caption_split(
                validation.generator,
                validation.record_set,
                validation.split,
                limit=_SHOWN_IMAGES,
            )
        ),
        when=every.Every(cadence.evaluate_every, last_step),
    )
    asked = cadence.profile_steps
    return [*([profile.Profile(board.folder, asked)] if asked else []), shown]


def _log(
    session: session_lib.Session, board: event_files.Board, first: int
) -> metrics_log.MetricsLog | metrics_log.NoLog:
    if session.crew.is_chief:
        return metrics_log.MetricsLog(
            session.run_dir, board, resumed_step=first
        )
    return metrics_log.NoLog()
