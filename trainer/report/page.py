"""The results page: verdict, scores, learning curves and captioned images.

page = Page("scenes-1", verdict=verdict(evidence), looks=True, ...)
path.write_text(page.render(), encoding="utf-8")
"""

import dataclasses
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from pipeline.pages import document, template
from trainer.evaluation import baselines
from trainer.report import curves as curves_lib
from trainer.report import gallery, scorecard, style
from trainer.report import glossary as glossary_lib

_PARTS = template.macros(__file__, "results.html")
_SCORES_LEAD = (
    "A captioner that never looks at the image can still reach the bars of the "
    "best constant caption and of shuffled images: what counts is how far the "
    "coloured bar goes past them. Scores of wording alone stand beside one "
    "person's. Of repetition, less is better."
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
      title: a line at the top.
      verdict: one line in plain words; its part before the first colon is the
        headline.
      looks: whether the captioner looks at the image, or None if unknown.
      glossary: the words for the scores.
      facts: (label, value) pairs about the captioner and its data.
      scores: by name, as in `metrics.jsonl`.
      habits: by name; lower is better.
      curves: loss and scores over the steps of the training.
      examples: held-out images.
      files: (name, what it holds) of files in the run's directory.
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
    curves: curves_lib.Curves = curves_lib.Curves()
    examples: Sequence[gallery.PageExample] = ()
    files: Sequence[tuple[str, str]] = ()

    def render(self) -> str:
        """Returns a whole HTML document, to be written as UTF-8."""
        words = gallery.most_words(self.examples)
        sections = [self._scores(), self.curves.section(), self._examples()]
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

    def _examples(self) -> Markup:
        shown = [gallery.render(self.examples)] if self.examples else []
        grid = document.group("examples", shown)
        lead = _EXAMPLES_LEAD if self.examples else "No images were captioned."
        return document.section("Held-out images", lead, grid)

    def _footer(self) -> Markup:
        rows = self.glossary.definitions(
            [*self.scores, *self.habits, *self.curves.names]
        )
        if self.scores:
            rows += scorecard.DEFINITIONS.items()
        meanings = document.pairs(rows, "pairs")
        files = document.pairs(self.files, "pairs")
        return Markup(_PARTS.footer(meanings, files))
