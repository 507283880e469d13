"""A run as it lies on a disk, opened whatever is wrong with it.

The other modes refuse a run whose words, settings or weights are not its own.
Here each such difference is written down, and the run is opened all the same.
"""

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from pipeline.recordset import manifest as manifest_lib
from pipeline.recordset import record_set as record_set_lib
from pipeline.recordset import vocabulary as vocabulary_lib
from pipeline.recordset.differences import Difference, differences
from trainer.captioners import contract
from trainer.decoding import around, word_rules
from trainer.decoding import step as step_lib
from trainer.run import checkpoints as checkpoints_lib
from trainer.run import directory, metrics_file
from trainer.run import identity as identity_lib
from trainer.training import setup as setup_lib

# The setting of a decoder that names it -> its name in a configuration.
_KIND = "name"
_SEARCHES = {
    "beam": "Search",
    "consensus": "Consensus",
    "diverse beam": "Diverse",
    "greedy": "Greedy",
    "guided": "Guided",
    "sampling": "Sampling",
}
# What is inside the settings of a decoder -> its name in a configuration.
_INSIDE: Mapping[tuple[str, ...], str] = {
    ("rules",): word_rules.WordRules.__name__
}


@dataclasses.dataclass(frozen=True)
class Case:
    """What a run has left.

    Attributes:
      run_dir: folder of the run.
      identity: what it was trained with.
      record_set: what it was trained on, as it is now.
      words: the run's own, by which captions are written.
      rows: of `metrics.jsonl`, oldest first.
      captioner: as it was trained, with the weights that would be used.
      step: of these weights; None where none could be restored.
      strange: what is not the run's own -> in what way. Its keys: `records`,
        `words`, `captioner`, `search`, `weights`.
      decoder: what searches, such as `Search`, as a configuration names it.
      own: `captioner` or `search`, where it is strange -> bindings that make it
        the run's own.
    """

    run_dir: str
    identity: identity_lib.RunIdentity
    record_set: record_set_lib.RecordSet
    words: vocabulary_lib.Vocabulary
    rows: list[dict[str, Any]]
    captioner: contract.Captioner
    step: int | None
    strange: Mapping[str, str]
    decoder: str
    own: Mapping[str, tuple[str, ...]]


def open_case(run_dir: str, setup: setup_lib.Setup) -> Case:
    """Opens a run with the settings that it is used with.

    Args:
      run_dir: folder of the run.
      setup: as a configuration gives it, which may not be the run's own.

    Raises:
      RunError: nothing was trained there, or its identity is damaged, or the
        configuration names another captioner.
      RecordSetError: there is no whole record set to judge by.
    """
    identity = directory.read_identity(run_dir)
    record_set = record_set_lib.open_record_set(setup.records)
    used = _used_otherwise(identity, setup, record_set)
    strange = {part: other.text for part, other in used.items()}
    digest = record_set.manifest.digest
    if digest != identity.records:
        strange["records"] = (
            f"{setup.records} (digest {digest[:12]}) is not the record set "
            f"that was trained on (digest {identity.records[:12]})"
        )
    words = _words(run_dir, record_set, identity, strange)
    captioner = setup.captioner(
        vocabulary_size=len(record_set.vocabulary),
        locations=identity.grid["locations"],
        depth=identity.grid["depth"],
        log_unigram=record_set.vocabulary.log_unigram(),
        **identity.captioner,
    )
    step = _restore(run_dir, identity, captioner, strange)
    return Case(
        run_dir,
        identity,
        record_set,
        words,
        metrics_file.read_metrics(run_dir),
        captioner,
        step,
        strange,
        decoder_name(setup.search),
        {part: other.bindings for part, other in used.items()},
    )


def decoder_name(decoder: step_lib.Decoder) -> str:
    """Returns what a configuration calls what searches, such as `Search`."""
    inner = around.innermost(decoder)
    return _named(inner.settings, inner)


def _named(settings: Mapping[str, Any], decoder: step_lib.Decoder) -> str:
    known = _SEARCHES.get(settings.get(_KIND, ""))
    return known or type(decoder).__name__


def _with_all_rules(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Adds the rules that a decoder's settings leave out, as by default."""
    every = dataclasses.asdict(word_rules.WordRules(bad_endings=[]))
    return {**settings, "rules": {**every, **settings.get("rules", {})}}


@dataclasses.dataclass(frozen=True)
class _Otherwise:
    """A part that is used with other settings than in training.

    Attributes:
      name: of the part in a configuration.
      changes: its settings in training, and now.
    """

    name: str
    changes: tuple[Difference, ...]

    @property
    def text(self) -> str:
        """The changes, for people."""
        return "; ".join(
            f"{each.name}: {each.old} in training, {each.new} now"
            for each in self.changes
        )

    @property
    def bindings(self) -> tuple[str, ...]:
        """Lines that set what was set in training.

        What a decoder has inside it is left out, but for its rules.
        """
        return tuple(
            f"Setup.search = @{self.name}()"
            if each.name == _KIND
            else f"{_INSIDE.get(each.path[:-1], self.name)}.{each.path[-1]} = "
            f"{each.old!r}"
            for each in self.changes
            if each.old is not None and each.path[0] != "search"
        )


def _used_otherwise(
    identity: identity_lib.RunIdentity,
    setup: setup_lib.Setup,
    record_set: record_set_lib.RecordSet,
) -> dict[str, _Otherwise]:
    """Finds what the configuration has otherwise than the run."""
    model = setup.build(record_set.manifest.grid, record_set.vocabulary)
    name = type(model).__name__
    if identity.captioner_class not in (None, name):
        raise directory.RunError(
            f"the run was trained with {identity.captioner_class}, and its "
            f"configuration asks for {name}: leave out the --gin_file or "
            "--gin_param that changes it"
        )
    now = _with_all_rules(setup.search.settings)
    search = _with_all_rules(identity.search) if identity.search else now
    parts = {
        "captioner": (name, identity.captioner, model.settings),
        "search": (_named(search, setup.search), search, now),
    }
    found = {
        part: _Otherwise(name, tuple(differences(old, new)))
        for part, (name, old, new) in parts.items()
    }
    return {part: other for part, other in found.items() if other.changes}


def _words(
    run_dir: str,
    record_set: record_set_lib.RecordSet,
    identity: identity_lib.RunIdentity,
    strange: dict[str, str],
) -> vocabulary_lib.Vocabulary:
    """Reads the run's words; those of the record set where there are none."""
    path = os.path.join(run_dir, manifest_lib.VOCABULARY_FILE)
    if not tf.io.gfile.exists(path):
        strange["words"] = f"{path} is missing"
        return record_set.vocabulary
    text = directory.read_text(path)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest == identity.vocabulary:
        return vocabulary_lib.Vocabulary.load(text)
    strange["words"] = (
        f"{path} (digest {digest[:12]}) is not the vocabulary that was trained "
        f"with (digest {identity.vocabulary[:12]})"
    )
    try:
        words = vocabulary_lib.Vocabulary.load(text)
    except (ValueError, IndexError):
        return record_set.vocabulary
    # Tokens are looked up by number: a shorter list would have none for some.
    enough = len(words) >= len(record_set.vocabulary)
    return words if enough else record_set.vocabulary


def _restore(
    run_dir: str,
    identity: identity_lib.RunIdentity,
    captioner: contract.Captioner,
    strange: dict[str, str],
) -> int | None:
    """Restores the weights that would be used; returns their step."""
    checkpoints = checkpoints_lib.Checkpoints(
        run_dir,
        run=directory.run_name(run_dir, identity),
        captioner=captioner,
    )
    try:
        checkpoints.restore_best()
    except directory.RunError as error:
        strange["weights"] = str(error)
        return checkpoints.restore_any()
    return checkpoints.best_step
