"""A run's identity: all settings that decide its weights."""

import dataclasses
import json
from typing import Any, Self

from pipeline.recordset.differences import differences

# Fields that older runs do not have.
_ADDED = (
    "captioner_class",
    "grounding",
    "self_critical",
    "hard_attention",
    "init_from",
    "fold",
    "search",
)
# Those of them that every run has: where one is missing, it is unknown.
_ONCE_UNKNOWN = ("captioner_class", "search")


@dataclasses.dataclass(frozen=True)
class RunIdentity:
    """Settings that a run never changes, as JSON values.

    Attributes:
      records: digest of the record set's manifest.
      encoder: fingerprint of the encoder that made the grids.
      encoder_batch: number of images that it encoded at once.
      grid: shape and storage of a grid, as `records.GridSpec` takes them.
      vocabulary: digest of the vocabulary.
      seed: decides first weights and dropout.
      precision: precision of the computation.
      captioner: settings of the captioner.
      batching: settings of the batches of training.
      optimizer: settings of the optimizer and its schedule.
      loss: settings of the loss.
      loss_scale: settings of float16's loss scale.
      captioner_class: name of the captioner's class; None for an older run,
        which did not save it.
      grounding: settings of what makes the captioner need its image; None for
        nothing.
      selection: settings that make validation scores comparable.
      self_critical: settings of the reward of samples; None for none.
      hard_attention: settings of the places that are drawn; None for soft
        attention alone.
      init_from: name of the run whose weights were the first; None for weights
        that were drawn.
      fold: fold of a cross-validation; None for the whole train split.
      search: settings of the decoder, whose captions select the best
        checkpoint; None for an older run, which did not save them.
    """

    records: str
    encoder: dict[str, Any]
    encoder_batch: int
    grid: dict[str, Any]
    vocabulary: str
    seed: int
    precision: str
    captioner: dict[str, Any]
    batching: dict[str, Any]
    optimizer: dict[str, Any]
    loss: dict[str, Any]
    loss_scale: dict[str, Any]
    selection: dict[str, Any]
    captioner_class: str | None = None
    grounding: dict[str, Any] | None = None
    self_critical: dict[str, Any] | None = None
    hard_attention: dict[str, Any] | None = None
    init_from: str | None = None
    fold: dict[str, Any] | None = None
    search: dict[str, Any] | None = None

    def dump(self) -> str:
        """Formats JSON text, without what is None and was once unknown."""
        row = dataclasses.asdict(self)
        for name in _ADDED:
            if row[name] is None:
                del row[name]
        return json.dumps(row, indent=1, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Self:
        """Parses what `dump` returned; a field that is missing becomes None."""
        row = json.loads(text)
        return cls(**{f.name: row.get(f.name) for f in dataclasses.fields(cls)})

    def differences(self, other: "RunIdentity", *parts: str) -> list[str]:
        """Lists what another run has otherwise: `seed: 1 there, 2 here`.

        Args:
          other: the other run.
          *parts: the fields to compare; none for all.
        """
        unknown: dict[str, Any] = {
            name: None for name in _ONCE_UNKNOWN if not getattr(other, name)
        }
        asked = dataclasses.replace(self, **unknown)
        here, there = json.loads(asked.dump()), json.loads(other.dump())
        return [
            f"{each.name}: {each.old} there, {each.new} here"
            for each in differences(there, here)
            # A run from before there was a setting is one without it.
            if (each.new or each.old is not None)
            and (not parts or each.path[0] in parts)
        ]
