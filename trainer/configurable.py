"""What a gin file may name: the parts of a run, and its modes.

Only this module and `config`, which reads the files, know gin. A new captioner,
decoder, metric or mode is a line here.
"""

from collections.abc import Callable
from typing import Any

import gin
from pipeline.scoring import (
    bleu,
    cider,
    coverage,
    dangling,
    distinct,
    hallucination,
    java_metrics,
    repetition,
    rouge_l,
)
from trainer import config, settings
from trainer.captioners import (
    adaptive_attention,
    merge,
    show_attend_tell,
    show_tell,
    transformer,
    up_down,
)
from trainer.data.batching import Batching
from trainer.decoding import (
    beam,
    consensus,
    diverse_beam,
    greedy,
    guided,
    sampling,
    word_rules,
)
from trainer.devices import strategy
from trainer.diagnosis import treatment
from trainer.loop import cadence
from trainer.modes import (
    caption,
    cross_validate,
    diagnose,
    evaluate,
    range_test,
    status,
    train,
)
from trainer.modes.outcome import Outcome
from trainer.report import run_status
from trainer.training import (
    grounding,
    hard_attention,
    loss,
    loss_scale,
    optimizer,
    recipe,
    self_critical,
    setup,
)

# A run may be older than the mode that reads it: this file goes first.
MODES_FILE = "gin/modes.gin"
CAPTIONERS = (
    adaptive_attention.AdaptiveAttention,
    show_attend_tell.ShowAttendTell,
    merge.Merge,
    show_tell.ShowTell,
    transformer.Transformer,
    up_down.UpDown,
)
# Saved configurations know beam search as `Search`.
DECODERS = {
    "Search": beam.BeamSearch,
    "Greedy": greedy.Greedy,
    "Diverse": diverse_beam.DiverseBeamSearch,
    "Sampling": sampling.Sampling,
    "Guided": guided.Guided,
    "Consensus": consensus.Consensus,
}
METRICS = {
    "CiderD": cider.CiderDMetric,
    "Cider": cider.CiderMetric,
    "Bleu": bleu.BleuMetric,
    "RougeL": rouge_l.RougeLMetric,
    "Distinct": distinct.DistinctMetric,
    "Coverage": coverage.CoverageMetric,
    "Repetition": repetition.RepetitionMetric,
    "Dangling": dangling.DanglingMetric,
    "Hallucination": hallucination.HallucinationMetric,
    "Meteor": java_metrics.MeteorMetric,
    "Spice": java_metrics.SpiceMetric,
}

_PARTS = (
    *CAPTIONERS,
    Batching,
    self_critical.SelfCritical,
    cadence.Cadence,
    grounding.Grounding,
    hard_attention.HardAttention,
    loss.CaptionLoss,
    loss_scale.DynamicScale,
    optimizer.AdamW,
    recipe.Recipe,
    setup.Setup,
    strategy.Devices,
    word_rules.WordRules,
)
_SIZES = ("vocabulary_size", "locations", "depth", "log_unigram")
# What a part gets from the code, so that a gin file can't set it.
GIVEN = {
    **{captioner.__name__: _SIZES for captioner in CAPTIONERS},
    "train": ("run_dir", "fold"),
    "range_test": ("run_dir",),
    "cross_validate": ("run_dir",),
    "evaluate": ("run_dir",),
    "diagnose": ("run_dir",),
    "caption": ("run_dir", "paths", "output"),
}
PARTS = {part.__name__: part for part in _PARTS} | DECODERS | METRICS
for _name, _part in PARTS.items():
    gin.register(_name, denylist=list(GIVEN.get(_name, ())))(
        settings.checked(_part, _name)
    )


def _mode(
    run: Callable[..., str | Outcome],
) -> Callable[..., str | Outcome]:
    """A mode as a gin file configures it, but for what the command gives."""
    mode = settings.checked(run, run.__name__)
    given = list(GIVEN[run.__name__])
    return gin.external_configurable(mode, run.__name__, denylist=given)


def given(mode: str) -> dict[str, Any]:
    """Makes what the configuration gives a mode: argument's name -> value."""
    return dict(gin.get_bindings(mode))


def list_runs(folder: str) -> str:
    """Lists a folder's runs; see `status.status`."""
    return status.status(folder, plan_of=_plan)


def _plan(run_dir: str) -> run_status.Plan:
    """What a run's own configuration says of its training."""
    with config.loaded([config.saved(run_dir)]):
        own = given("train")
    parts, pace = own["setup"], own["cadence"]
    return run_status.Plan(
        own["num_steps"],
        pace.patience,
        pace.select_by,
        parts.direction(pace.select_by),
        parts.records,
    )


MODES: dict[str, Callable[..., str | Outcome]] = {
    run.__name__: _mode(run)
    for run in (
        train.train,
        range_test.range_test,
        cross_validate.cross_validate,
        evaluate.evaluate,
        diagnose.diagnose,
        caption.caption,
    )
}


@gin.register("anew")
def anew(source: str, run_dir: str, bindings: list[str], trains: bool) -> None:
    """Trains or uses a run in another way, and diagnoses it.

    Args:
      source: folder of the run whose configuration is read.
      run_dir: folder of the run that is made, or was copied.
      bindings: over that configuration.
      trains: whether to train, with a short training's settings.
    """
    files = [MODES_FILE, config.saved(source)]
    if trains:
        with config.loaded(files, bindings):
            bindings = [*bindings, *treatment.brief(**given("train"))]
    with config.loaded(files, bindings):
        if trains:
            MODES["train"](run_dir)
        else:
            config.save(run_dir)
        # The configuration of a run may ask for a cure: one is enough.
        MODES["diagnose"](run_dir, cure=False)
