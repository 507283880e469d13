"""One training on its devices: what is opened, claimed, saved and restored."""

import dataclasses
import functools
import hashlib
import logging
import os

import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import records as records_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from trainer import config
from trainer.captioners import contract
from trainer.data import folds, split_images
from trainer.decoding import ensemble, generator
from trainer.devices import strategy, workers
from trainer.loop import cadence as cadence_lib
from trainer.loop import early_stopping
from trainer.loop import spikes as spikes_lib
from trainer.run import checkpoints as checkpoints_lib
from trainer.run import directory, other_grids
from trainer.run import identity as identity_lib
from trainer.training import recipe as recipe_lib
from trainer.training import setup as setup_lib
from trainer.training import train_step, warm_start


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
    """A training whose parts are made and checked against its directory.

    Attributes:
      run_dir: folder of the run.
      crew: the processes that train together.
      record_set: what is trained on.
      step: makes the updates.
      identity: settings that the run never changes.
      patience: of early stopping.
      spikes: counts spikes of the loss.
      checkpoints: hold all state of the run; the chief writes them.
    """

    run_dir: str
    crew: workers.Workers
    record_set: record_set_lib.RecordSet
    step: train_step.TrainStep
    identity: identity_lib.RunIdentity
    patience: early_stopping.Patience
    spikes: spikes_lib.Spikes
    checkpoints: checkpoints_lib.Checkpoints

    def restore(self) -> int:
        """Restores the newest checkpoint; returns the updates made so far."""
        self.checkpoints.restore()
        first = int(self.step.step)
        self.crew.require_same("newest checkpoints", first)
        return first

    def claim(self) -> None:
        """Claims the directory, and writes what the other modes need.

        Call it once nothing can refuse the training: the configuration that
        other modes read is the one that was last trained with.
        """
        if not self.crew.is_chief:
            return
        directory.claim(self.run_dir, self.identity)
        config.save(self.run_dir)
        path = os.path.join(self.run_dir, manifest_lib.VOCABULARY_FILE)
        directory.write_text(path, self.record_set.vocabulary.dump())
        others = next(
            split_images.batches(
                self.record_set, "train", batch_images=other_grids.IMAGES
            )
        )
        other_grids.write(
            self.run_dir,
            others.grid[: len(others.image_ids)].numpy(),
            self.record_set.manifest.grid,
        )


def prepare(
    run_dir: str,
    crew: workers.Workers,
    record_set: record_set_lib.RecordSet,
    step: train_step.TrainStep,
    identity: identity_lib.RunIdentity,
    patience: early_stopping.Patience,
) -> Session:
    """Checks that the run may be trained in the directory; writes nothing.

    Raises:
      RunError: the directory belongs to a run with other settings.
      WorkersError: the workers do not train the same run.
    """
    if crew.is_chief:
        directory.check(run_dir, identity)
    crew.require_same("settings", identity.dump())
    spikes = spikes_lib.Spikes()
    checkpoints = checkpoints_lib.Checkpoints(
        run_dir,
        run=directory.run_name(run_dir, identity),
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
        run_dir, crew, record_set, step, identity, patience, spikes, checkpoints
    )


def identify(
    setup: setup_lib.Setup,
    recipe: recipe_lib.Recipe,
    cadence: cadence_lib.Cadence,
    record_set: record_set_lib.RecordSet,
    captioner: contract.Captioner,
    fold: folds.Fold | None,
    init_from: str = "",
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
        captioner_class=type(captioner).__name__,
        **recipe.identity,
        selection=cadence.selection,
        search=setup.search.settings,
        fold=dataclasses.asdict(fold) if fold else None,
        init_from=warm_start.name_of(init_from) if init_from else None,
    )


def restore_best(
    run_dir: str, setup: setup_lib.Setup
) -> tuple[generator.CaptionGenerator, contract.Captioner]:
    """Restores the best captioner of a run, from the run directory alone.

    Returns:
      What captions grids, and the captioner: of several, their ensemble.

    Raises:
      RunError: nothing was trained there, or every checkpoint is damaged, or
        words, captioner or checkpoint are not those of the run; or a run of
        the ensemble has other words or grids.
    """
    identity = directory.read_identity(run_dir)
    vocabulary = _vocabulary(run_dir, setup, identity)
    spec = records_lib.GridSpec(**identity.grid)
    model = _restored(run_dir, identity, setup, vocabulary)
    if setup.ensemble:
        others = [
            _member(folder, identity, setup, vocabulary)
            for folder in setup.ensemble
        ]
        model = ensemble.Ensemble([model, *others])
    found = generator.CaptionGenerator(
        model, vocabulary, setup.search, other_grids.read(run_dir, spec)
    )
    return found, model


def _restored(
    run_dir: str,
    identity: identity_lib.RunIdentity,
    setup: setup_lib.Setup,
    vocabulary: vocabulary_lib.Vocabulary,
) -> contract.Captioner:
    """The captioner of one run, with its best weights."""
    model = setup.build(records_lib.GridSpec(**identity.grid), vocabulary)
    asked = dataclasses.replace(
        identity,
        captioner=model.settings,
        captioner_class=type(model).__name__,
    )
    changed = asked.differences(identity)
    if changed:
        raise directory.RunError(
            f"{run_dir} was trained with another captioner "
            f"({'; '.join(changed)}): leave out the --gin_file or --gin_param "
            "that changes it"
        )
    checkpoints_lib.Checkpoints(
        run_dir, run=directory.run_name(run_dir, identity), captioner=model
    ).restore_best()
    return model


def _member(
    folder: str,
    first: identity_lib.RunIdentity,
    setup: setup_lib.Setup,
    vocabulary: vocabulary_lib.Vocabulary,
) -> contract.Captioner:
    """The captioner of another run of an ensemble, which may be another one."""
    identity = directory.read_identity(folder)
    differ = [
        name
        for name in ("vocabulary", "grid", "encoder")
        if getattr(identity, name) != getattr(first, name)
    ]
    if differ:
        raise directory.RunError(
            f"`Setup.ensemble`: {folder} was trained with another "
            f"{' and '.join(differ)}"
        )
    make, name = setup.captioner, identity.captioner_class
    # Older runs do not name theirs.
    if name and name != first.captioner_class:
        try:
            make = setup.member(name)
        except ValueError as error:
            raise directory.RunError(
                f"`Setup.ensemble`: {folder}: {error}"
            ) from error
    own = functools.partial(make, **identity.captioner)
    setup = dataclasses.replace(setup, captioner=own)
    return _restored(folder, identity, setup, vocabulary)


def _vocabulary(
    run_dir: str, setup: setup_lib.Setup, identity: identity_lib.RunIdentity
) -> vocabulary_lib.Vocabulary:
    """Reads the words of a run, and checks that they are its own."""
    path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
    if not tf.io.gfile.exists(path):
        raise directory.RunError(
            f"{path} is missing: copy it from {setup.records}"
        )
    text = directory.read_text(path)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest != identity.vocabulary:
        raise directory.RunError(
            f"{path} (digest {digest[:12]}) is not the vocabulary "
            f"that was trained with (digest {identity.vocabulary[:12]}): copy "
            f"the one in {setup.records}"
        )
    return vocabulary_lib.Vocabulary.load(text)
