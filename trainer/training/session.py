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
from trainer.loop import early_stopping, spikes
from trainer.run import checkpoints as checkpoints_lib
from trainer.run import directory
from trainer.run import identity as identity_lib
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib
from trainer.training import train_step


def open_devices(
    devices: strategy.Devices,
) -> tuple[tf.distribute.Strategy, workers.Workers]:
    """The devices, and who works on them; the chief alone is heard.

    Call it before anything is computed: TensorFlow finds no other workers
    later.
    """
    opened = devices.open()
    crew = workers.Workers(opened)
    if not crew.is_chief:
        logging.getLogger("trainer").setLevel(logging.ERROR)
    return opened, crew


@dataclasses.dataclass(frozen=True)
class Session:
    """A training whose parts are made, and whose directory is its own.

    Attributes:
      run_dir: of the run.
      crew: the processes.
      record_set: that it trains on.
      step: one update.
      patience: with the early stopping.
      unusual: counts spikes of the loss.
      checkpoints: of all that a run must not lose; the chief writes them.
    """

    run_dir: str
    crew: workers.Workers
    record_set: record_set_lib.RecordSet
    step: train_step.TrainStep
    patience: early_stopping.Patience
    unusual: spikes.Spikes
    checkpoints: checkpoints_lib.Checkpoints

    def restore(self) -> int:
        """Goes back to the newest checkpoint; returns the updates made."""
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
    """Takes the directory, and writes what the other modes need.

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
    unusual = spikes.Spikes()
    checkpoints = checkpoints_lib.Checkpoints(
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
    return Session(
        run_dir, crew, record_set, step, patience, unusual, checkpoints
    )


def identify(
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    record_set: record_set_lib.RecordSet,
    captioner: contract.Captioner,
    fold: folds.Fold | None,
) -> identity_lib.RunIdentity:
    """What the run is, by the settings of its parts."""
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
    """The best captioner of a run; needs nothing but the run directory.

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
