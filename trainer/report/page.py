"""What a person looks at after training: verdict, scores, curves, images.

page = Page("scenes-1", verdict=verdict(evidence), looks=True, ...)
path.write_text(page.render(), encoding="utf-8")
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from markupsafe import Markup

from pipeline.pages import document, line_chart, template
from trainer.evaluation import baselines
from trainer.report import gallery, scorecard, style
from trainer.report import glossary as glossary_lib
from trainer.run import metrics_file

_PARTS = template.macros(__file__, "results.html")
_VALIDATION = "validation/"
_SCORES_LEAD = (
    "A captioner that never looks at the image can still reach the grey bars: "
    "what counts is how far the coloured bar goes past them. Of repetition, "
    "less is better."
)
_EXAMPLES_LEAD = (
    "None of these was trained on. Point at a word, tap it, or use the arrow "
    "keys to see where the captioner looked as it wrote that word. Each map is "
    "scaled to its own brightest place."
)


@dataclasses.dataclass(frozen=True)
class Page:
    """All that the page says.

    Attributes:
      title: of the run.
      verdict: one line in plain words; what comes before the first colon is
        its headline.
      looks: whether the captioner looks at the image, or None if unknown.
      glossary: the words for the scores.
      facts: label and value of what was trained on what.
      scores: by metric name as in `metrics.jsonl`.
      habits: by metric name, lower is better.
      metrics_rows: of `metrics_file.read_metrics`.
      select_by: validation score that picked the best checkpoint.
      higher_is_better: the score's direction.
      examples: held-out images.
      files: name in the run's directory and what it holds.
    """

    title: str
    verdict: str
    looks: bool | None = None
    glossary: glossary_lib.Glossary = glossary_lib.Glossary()
    facts: Sequence[tuple[str, str]] = ()
    scores: Mapping[str, baselines.Score] = dataclasses.field(
        default_factory=dict
    )
    habits: Mapping[str, scorecard.Habit] = dataclasses.field(
        default_factory=dict
    )
    metrics_rows: Sequence[Mapping[str, float]] = ()
    select_by: str = "cider_d"
    higher_is_better: bool = True
    examples: Sequence[gallery.PageExample] = ()
    files: Sequence[tuple[str, str]] = ()

    def render(self) -> str:
        """Returns a whole HTML document, to be written as UTF-8."""
        words = gallery.most_words(self.examples)
        sections = [self._scores(), self._curves(), self._examples()]
        return document.document(
            self.title,
            _PARTS.page(self._header(), sections, self._footer()),
            rules=style.rules(words),
        )

    def _header(self) -> Markup:
        headline, _, rest = self.verdict.partition(":")
        headline, rest = headline.rstrip("."), rest.strip()
        state = {True: " looks", False: " blind", None: ""}[self.looks]
        return Markup(
            _PARTS.header(
                self.title,
                state,
                f"{headline}.",
                f"{rest[:1].upper()}{rest[1:]}",
                document.pairs(self.facts, "facts"),
            )
        )

    def _scores(self) -> Markup:
        cards = scorecard.cards(self.scores, self.habits, self.glossary)
        lead = _SCORES_LEAD if cards else "This run has not been scored."
        return document.section("Scores", lead, cards)

    def _curves(self) -> Markup:
        rows = self.metrics_rows
        row = metrics_file.best_row(
            rows, self.select_by, higher_is_better=self.higher_is_better
        )
        best = row["step"] if row else None
        figures = (
            [chart.render() for chart in self._charts(best)] if rows else []
        )
        lead = "metrics.jsonl has no rows."
        if best is not None:
            lead = (
                f"The dotted line is step {best:,.0f}: the best validation "
                f"{self.glossary.label(self.select_by)}, and the weights kept. "
                "Below the loss, scores of captions of validation images."
            )
        elif rows:
            name = self.glossary.label(self.select_by)
            lead = f"No validation {name} was recorded: no step is marked."
        grid = document.group("charts", figures)
        return document.section("Learning curves", lead, grid)

    def _charts(self, best: float | None) -> Iterator[line_chart.Chart]:
        rows = self.metrics_rows
        train = line_chart.series(
            rows, "train/loss", label="Training", kind="train"
        )
        held_out = line_chart.series(
            rows, "validation/loss", label="Validation"
        )
        last = max(row["step"] for row in rows)
        yield line_chart.Chart(
            "Loss, nats per token", [train, held_out], best, last, wide=True
        )
        for key in _validated(rows):
            name = self.glossary.label(key)
            line = line_chart.series(rows, _VALIDATION + key, label=name)
            yield line_chart.Chart(name, [line], best, last, from_zero=True)

    def _examples(self) -> Markup:
        shown = [gallery.render(self.examples)] if self.examples else []
        grid = document.group("examples", shown)
        lead = _EXAMPLES_LEAD if self.examples else "No images were captioned."
        return document.section("Held-out images", lead, grid)

    def _footer(self) -> Markup:
        keys = [*self.scores, *self.habits, *_validated(self.metrics_rows)]
        rows = self.glossary.definitions(
            [*keys, *(["loss"] if self.metrics_rows else [])]
        )
        if self.scores:
            rows += scorecard.FLOOR_DEFINITIONS.items()
        meanings = document.pairs(rows, "pairs")
        files = document.pairs(self.files, "pairs")
        return Markup(_PARTS.footer(meanings, files))


def _validated(rows: Iterable[Mapping[str, float]]) -> list[str]:
    """Names of the validation scores in the rows, the loss left out."""
    keys = dict.fromkeys(key for row in rows for key in row)
    names = (
        key.removeprefix(_VALIDATION)
        for key in keys
        if key.startswith(_VALIDATION)
    )
    return [name for name in names if name != "loss"]
