"""What a gin file may name: the parts of a run, and its modes.

Only this module and `config`, which reads the files, know gin. A new captioner,
decoder, metric or mode is a line here.
"""

import gin
from pipeline.scoring import bleu, cider
from trainer.captioners import show_attend_tell
from trainer.data.batching import Batching
from trainer.decoding import beam, greedy
from trainer.devices import strategy
from trainer.loop import cadence
from trainer.modes import caption, cross_validate, evaluate, range_test, train
from trainer.training import loss, loss_scale, optimizer, recipe, setup

CAPTIONERS = (show_attend_tell.ShowAttendTell,)
# Saved configurations know beam search as `Search`.
DECODERS = {"Search": beam.BeamSearch, "Greedy": greedy.Greedy}
METRICS = {"CiderD": cider.CiderDMetric, "Bleu": bleu.BleuMetric}

for _part in (
    *CAPTIONERS,
    Batching,
    cadence.Cadence,
    loss.CaptionLoss,
    loss_scale.DynamicScale,
    optimizer.AdamW,
    recipe.Recipe,
    setup.Setup,
    strategy.Devices,
):
    gin.register(_part)
for _name, _named in (DECODERS | METRICS).items():
    gin.register(_name)(_named)

# The command line gives the denied arguments.
MODES = {
    "train": gin.external_configurable(
        train.train, denylist=["run_dir", "fold"]
    ),
    "range_test": gin.external_configurable(
        range_test.range_test, denylist=["run_dir"]
    ),
    "cross_validate": gin.external_configurable(
        cross_validate.cross_validate, denylist=["run_dir"]
    ),
    "evaluate": gin.external_configurable(
        evaluate.evaluate, denylist=["run_dir"]
    ),
    "caption": gin.external_configurable(
        caption.caption, denylist=["run_dir", "paths", "output"]
    ),
}
