"""One training on its devices: what is opened, claimed, saved and restored."""

import dataclasses
import logging
import os

import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records as records_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer import config
from trainer.captioners import contract
from trainer.data import folds
from trainer.decoding import generator
from trainer.devices import strategy, workers
from trainer.loop import cadence as cadence_lib
from trainer.loop import early_stopping
from trainer.loop import spikes as spikes_lib
from trainer.run import checkpoints as checkpoints_lib
from trainer.run import directory
from trainer.run import identity as identity_lib
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib
from trainer.training import train_step


def open_devices(
    devices: strategy.Devices,
) -> tuple[tf.distribute.Strategy, workers.Workers]:
    """Opens the devices; workers other than the chief log errors only.

    Call it before TensorFlow computes anything: it cannot connect to other
    workers later.
    """
    opened = devices.open()
    crew = workers.Workers(opened)
    if not crew.is_chief:
        logging.getLogger("trainer").setLevel(logging.ERROR)
    return opened, crew


@dataclasses.dataclass(frozen=True)
class Session:
    """A training whose parts are made and whose directory is claimed.

    Attributes:
      run_dir: folder of the run.
      crew: the processes that train together.
      record_set: what is trained on.
      step: makes the updates.
      patience: of early stopping.
      spikes: counts spikes of the loss.
      checkpoints: hold all state of the run; the chief writes them.
    """

    run_dir: str
    crew: workers.Workers
    record_set: record_set_lib.RecordSet
    step: train_step.TrainStep
    patience: early_stopping.Patience
    spikes: spikes_lib.Spikes
    checkpoints: checkpoints_lib.Checkpoints

    def restore(self) -> int:
        """Restores the newest checkpoint; returns the updates made so far."""
        self.checkpoints.restore()
        first = int(self.step.step)
        self.crew.require_same("newest checkpoints", first)
        return first


def claim(
    run_dir: str,
    crew: workers.Workers,
    record_set: record_set_lib.RecordSet,
    step: train_step.TrainStep,
    identity: identity_lib.RunIdentity,
    patience: early_stopping.Patience,
) -> Session:
    """Claims the directory, and writes what the other modes need.

    Raises:
      RunError: the directory belongs to a run of other settings.
      WorkersError: the workers do not train the same run.
    """
    if crew.is_chief:
        directory.claim(run_dir, identity)
        config.save(run_dir)
        path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
        directory.write_text(path, record_set.vocabulary.dump())
    crew.require_same("settings", identity.dump())
    spikes = spikes_lib.Spikes()
    checkpoints = checkpoints_lib.Checkpoints(
        run_dir,
        writes=crew.is_chief,
        captioner=step.outcome,
        **({"trained": step.captioner} if step.average else {}),
        optimizer=step.optimizer,
        step=step.step,
        skipped=step.skipped,
        loss_scale=step.loss_scale,
        spikes=spikes,
        patience=patience,
    )
    return Session(
        run_dir, crew, record_set, step, patience, spikes, checkpoints
    )


def identify(
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    record_set: record_set_lib.RecordSet,
    captioner: contract.Captioner,
    fold: folds.Fold | None,
) -> identity_lib.RunIdentity:
    """Collects the settings that a resumed run must share."""
    manifest = record_set.manifest
    return identity_lib.RunIdentity(
        records=manifest.digest,
        encoder=manifest.encoder,
        encoder_batch=manifest.settings["batch_size"],
        grid=dataclasses.asdict(manifest.grid),
        vocabulary=record_set.vocabulary.digest,
        seed=setup.seed,
        precision=setup.devices.precision,
        captioner=captioner.settings,
        **recipe.identity,
        selection=cadence.selection,
        fold=dataclasses.asdict(fold) if fold else None,
    )


def restore_best(
    run_dir: str, setup: setup_lib.Setup
) -> tuple[generator.CaptionGenerator, contract.Captioner]:
    """Restores the best captioner of a run, from the run directory alone.

    Raises:
      RunError: nothing was trained there, or every checkpoint is damaged.
    """
    identity = directory.read_identity(run_dir)
    path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
    with tf.io.gfile.GFile(path, "r") as file:
        vocabulary = vocabulary_lib.Vocabulary.load(file.read())
    model = setup.build(records_lib.GridSpec(**identity.grid), vocabulary)
    checkpoints_lib.Checkpoints(run_dir, captioner=model).restore_best()
    found = generator.CaptionGenerator(model, vocabulary, setup.search)
    return found, model
