"""The page of a diagnosis: verdict, causes, what was measured, captions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from pipeline.card import suspicious_pairs
from pipeline.card.suspicious_pairs import Pair
from pipeline.pages import bars, document, template
from trainer.decoding import caption as caption_lib
from trainer.diagnosis.comparison import Comparison
from trainer.diagnosis.doctor import Diagnosis, Named, State
from trainer.diagnosis.evidence import Evidence, Looks
from trainer.report import gallery, style

_PARTS = template.macros(__file__, "diagnosis.html")
_RESULTS = template.macros(__file__, "results.html")
_SHEET = template.css(__file__, "diagnosis.css")
_COLOURS = {
    State.HEALTHY: " looks",
    State.COLLAPSED: " blind",
    State.SUSPICIOUS: " suspicious",
    State.UNKNOWN: "",
}
_PATHS = {
    "image": "another image",
    "memory": "only at each word",
    "state": "only at the start",
    "uniform": "all places alike",
    "blank": "an empty image",
    "words": "words before hidden",
}
_PATHS_LEAD = (
    "By how much the loss rises, in nats a token, if one path from the image "
    "to the words carries something else. What costs nothing carries nothing."
)
_CAUSES_LEAD = (
    "The likeliest first. Percent say how strongly the measurements speak for "
    "a cause, not how probable it is."
)


def render(
    diagnosis: Diagnosis,
    evidence: Evidence,
    examples: Sequence[caption_lib.CaptionedExample],
    suspects: Mapping[Pair, bytes],
    compared: Comparison | None = None,
) -> str:
    """Returns a whole HTML document, to be written as UTF-8.

    Args:
      diagnosis: what to tell.
      evidence: that it was made by.
      examples: captioned images.
      suspects: train images whose captions fit others better, and the bytes of
        a JPEG file or none.
      compared: the outcome of a treatment, if there was one.
    """
    headline, _, rest = diagnosis.headline.partition(": ")
    title = f"Diagnosis of {evidence.run_dir}"
    header = _RESULTS.header(
        title,
        _COLOURS[diagnosis.state],
        f"{headline.rstrip('.')}.",
        f"{rest[:1].upper()}{rest[1:]}",
        document.pairs(_facts(evidence), "facts"),
    )
    shown = [gallery.PageExample(each) for each in examples]
    sections = [
        _causes(diagnosis),
        *_treated(compared),
        *_suspects(suspects),
        *_paths(evidence),
        *_losses(evidence),
        document.section(
            "Captions of held-out images",
            "Point at a word to see where the captioner looked.",
            document.group("examples", [gallery.render(shown)]),
        ),
    ]
    return document.document(
        title,
        _RESULTS.page(header, sections, ""),
        rules=style.rules(gallery.most_words(shown)) + _SHEET,
    )


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    learning, said = evidence.learning, evidence.said
    if learning:
        yield "Updates", f"{learning.step:,}"
        yield "Passes over the images", f"{learning.passes:.1f}"
    if said:
        common = said.common or "(empty caption)"
        yield "CIDEr-D", f"{said.cider_d:.2f}"
        yield "At other images", f"{said.shuffled:.2f}"
        yield "Most frequent caption", f"{said.mode_share:.1%}: {common}"
        yield "Cut at the limit", f"{said.cut:.0%}"


def _causes(diagnosis: Diagnosis) -> Markup:
    if not diagnosis.named:
        return document.section(
            "Causes", "Nothing that was measured speaks for a fault.", Markup()
        )
    cards = [
        Markup(_PARTS.cause(_view(number, named)))
        for number, named in enumerate(diagnosis.named, start=1)
    ]
    return document.section(
        "Causes", _CAUSES_LEAD, document.group("causes", cards)
    )


def _view(number: int, named: Named) -> dict[str, Any]:
    opinion, cause = named.opinion, named.cause
    return {
        "number": number,
        "slug": cause.slug,
        "meaning": cause.meaning,
        "strength": f"{named.strength:.0%}",
        "dose": str(opinion.dose) if opinion.dose else "",
        "speaks_for": opinion.speaks_for,
        "speaks_against": opinion.speaks_against,
        "follows": named.follows,
        "refute": cause.refute,
        "cure": opinion.lines,
    }


def _treated(compared: Comparison | None) -> Iterator[Markup]:
    if not compared:
        return
    rows = [(name, f"{old} → {new}") for name, old, new in compared.rows]
    yield document.section(
        "The treatment",
        f"Made in {compared.run_dir}, which has a page of its own. "
        f"{compared.after.headline}",
        document.group(
            "causes",
            [
                document.table("Before → after", rows),
                *(
                    Markup(_PARTS.lines(title, lines))
                    for title, lines in (
                        ("What was done", compared.done),
                        ("What is left to you", compared.left),
                    )
                    if lines
                ),
            ],
        ),
    )


def _suspects(suspects: Mapping[Pair, bytes]) -> Iterator[Markup]:
    if not suspects:
        return
    views = [
        {
            "picture": jpeg and document.data_uri(jpeg, "image/jpeg"),
            "image_id": pair.image_id,
            "captions": pair.captions,
        }
        for pair, jpeg in suspects.items()
    ]
    yield document.section(
        "The most suspicious pairs",
        "Train images whose captions fit other images better. All of them: "
        f"{suspicious_pairs.FILE}.",
        document.group("suspects", [Markup(_PARTS.pair(v)) for v in views]),
    )


def _paths(evidence: Evidence) -> Iterator[Markup]:
    cards = [
        _swaps(title, looks)
        for title, looks in (
            ("Held-out images", evidence.validation),
            ("Images that were trained on", evidence.train),
        )
        if looks
    ]
    if cards:
        yield document.section(
            "What the image is worth",
            _PATHS_LEAD,
            document.group("cards", cards),
        )


def _swaps(title: str, looks: Looks) -> Markup:
    lines = [
        bars.Bar(_PATHS[path], rise.mean, "own" if path == "image" else "floor")
        for path, rise in looks.rises.items()
    ]
    return bars.card(
        title, lines, form="{:+.3f}", remark=f"{looks.images} images"
    )


def _losses(evidence: Evidence) -> Iterator[Markup]:
    learning, data = evidence.learning, evidence.data
    if not learning or not data:
        return
    lines = [
        bars.Bar("in the log", learning.logged_loss),
        bars.Bar("of these weights", evidence.replayed, "own"),
        *(bars.Bar(f"{rung}, no image", x) for rung, x in data.ladder.items()),
    ]
    yield document.section(
        "The loss",
        "Of the validation split, in nats a token. Weights whose loss is not "
        "that of the log are not those that were trained. The rungs see words "
        "only.",
        document.group(
            "cards", [bars.card("Validation split", lines, form="{:.3f}")]
        ),
    )
