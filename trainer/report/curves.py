"""The learning curves of a run, as part of a page and as one of their own."""

import dataclasses
import logging
import os
from collections.abc import Iterator, Mapping, Sequence

import tensorflow as tf
from markupsafe import Markup

from pipeline.card import data_card, facts
from pipeline.pages import document, line_chart, svg_axes, template
from pipeline.recordset import record_set as record_set_lib
from trainer.report import glossary as glossary_lib
from trainer.run import directory, metrics_file
from trainer.training import setup as setup_lib

_LOG = logging.getLogger(__name__)
FILE = "curves.html"

_PARTS = template.macros(__file__, "results.html")
_VALIDATION = "validation/"
_LINES = {"train": "Training", "validation": "Validation"}
_LEVELS = (
    "Dashed lines are values of the data card that need no captioner: losses "
    "of models that see words alone, and CIDEr-D of the nearest train image's "
    "caption, of such captions shuffled, and of one constant caption."
)


@dataclasses.dataclass(frozen=True)
class Curves:
    """Loss and scores over the steps of a run.

    Attributes:
      rows: of `metrics.jsonl`.
      select_by: the validation score that picked the best checkpoint.
      higher_is_better: whether a larger value of that score is better.
      glossary: the words for the scores.
      levels: score -> label -> a value of it that needs no captioner.
    """

    rows: Sequence[Mapping[str, float]] = ()
    select_by: str = "cider_d"
    higher_is_better: bool = True
    glossary: glossary_lib.Glossary = glossary_lib.Glossary()
    levels: Mapping[str, Mapping[str, float]] = dataclasses.field(
        default_factory=dict
    )

    @property
    def names(self) -> list[str]:
        """Names of the scores that have a curve, the loss first."""
        keys = dict.fromkeys(key for row in self.rows for key in row)
        found = [
            key.removeprefix(_VALIDATION)
            for key in keys
            if key.startswith(_VALIDATION)
        ]
        return list(dict.fromkeys(["loss", *found])) if self.rows else []

    def charts(self) -> Iterator[line_chart.Chart]:
        """Yields the loss, the scores with levels, and then the others."""
        best = self._best()
        names = sorted(
            self.names, key=lambda n: (n != "loss", n not in self.levels)
        )
        for name in names:
            label, levels = self.glossary.label(name), self.levels.get(name, {})
            yield line_chart.Chart(
                f"{label}, nats per token" if name == "loss" else label,
                [
                    line_chart.series(
                        self.rows, f"{kind}/{name}", label=line, kind=kind
                    )
                    for kind, line in _LINES.items()
                ],
                levels,
                best_step=best["step"] if best else None,
                last_step=max(row["step"] for row in self.rows),
                from_zero=name != "loss",
                wide=name == "loss" or bool(levels),
            )

    def section(self) -> Markup:
        """Returns the charts under a heading and a text that explains them."""
        charts = [chart.render() for chart in self.charts()]
        return document.section(
            "Learning curves", self._lead(), document.group("charts", charts)
        )

    def page(self) -> str:
        """Returns a whole HTML document, to be written as UTF-8."""
        best, headline, rest = self._best(), "No step is marked as best.", ""
        if best:
            label = self.glossary.label(self.select_by)
            value = svg_axes.short(best[_VALIDATION + self.select_by])
            headline = f"Step {best['step']:,.0f} is the best."
            rest = f"Its validation {label} is {value}."
        meanings = document.pairs(
            self.glossary.definitions(self.names), "pairs"
        )
        body = _PARTS.page(
            _PARTS.header("Training", "", headline, rest, ""),
            [self.section()],
            _PARTS.footer(meanings, ""),
        )
        return document.document("Learning curves", body)

    def _best(self) -> Mapping[str, float] | None:
        return metrics_file.best_row(
            self.rows, self.select_by, higher_is_better=self.higher_is_better
        )

    def _lead(self) -> str:
        """What the lines across the charts mean."""
        label, best = self.glossary.label(self.select_by), self._best()
        if not self.rows:
            return "metrics.jsonl has no rows."
        if not best:
            lead = f"No validation {label} was recorded: no step is marked."
        else:
            lead = (
                f"The dotted line is step {best['step']:,.0f}: the best "
                f"validation {label}, and the weights kept. Below the loss, "
                "scores of captions of validation images."
            )
        return f"{lead} {_LEVELS}" if self.levels else lead


def read(
    run_dir: str,
    record_set: record_set_lib.RecordSet,
    setup: setup_lib.Setup,
    select_by: str,
) -> Curves:
    """Reads the curves of a run, and the levels of its record set's data card.

    Args:
      run_dir: of the run.
      record_set: that it was trained on.
      setup: knows the metrics.
      select_by: the validation score that picked the best checkpoint.

    Raises:
      RunError: `metrics.jsonl` is damaged.
      DataCardError: the data card is damaged.
    """
    has_card = record_set.manifest.card_sha256 is not None
    return Curves(
        rows=metrics_file.read_metrics(run_dir),
        select_by=select_by,
        higher_is_better=setup.direction(select_by),
        glossary=glossary_lib.Glossary(setup.metrics),
        levels=levels(data_card.load(record_set.path).facts)
        if has_card
        else {},
    )


def levels(known: facts.Facts) -> dict[str, dict[str, float]]:
    """Returns losses that need no image, and CIDEr-D without a captioner.

    A data card without a second split has neither.
    """
    found = {}
    if known.ladder:
        found["loss"] = {
            "uniform": known.ladder.uniform,
            "unigram": known.ladder.unigram,
            "bigram": known.ladder.bigram,
            "trigram": known.ladder.trigram,
        }
    if known.floors:
        found["cider_d"] = {
            "shuffled": known.floors.permuted,
            "constant": known.floors.constant,
            "nearest": known.floors.nearest,
        }
    return found


def write(run_dir: str, curves: Curves) -> None:
    """Writes the page of the curves; logs an error where that fails."""
    path = os.path.join(run_dir, FILE)
    try:
        directory.write_text(path, curves.page())
    except (OSError, tf.errors.OpError) as error:
        _LOG.error("can't write %s: %s", path, error)
