"""The page of a range test: the loss over the learning rate."""

import math

from markupsafe import Markup

from pipeline.pages import document, svg_axes, template
from trainer.training import rate_sweep

_PARTS = template.macros(__file__, "results.html")
_LEAD = (
    "The thin line is the loss of each update, the bold one its running mean. "
    "The dotted line is the suggested learning rate."
)


def render(trial: rate_sweep.Trial) -> str:
    """Returns a whole HTML document, to be written as UTF-8."""
    headline, _, rest = trial.verdict().partition(", ")
    headline = f"{headline[:1].upper()}{headline[1:]}"
    title = "Learning-rate range test"
    header = _PARTS.header(
        title, "", headline, f"{rest[:1].upper()}{rest[1:]}.", ""
    )
    chart = document.group("charts", [_chart(trial)])
    section = document.section("Loss over the learning rate", _LEAD, chart)
    return document.document(title, _PARTS.page(header, [section], ""))


def _chart(trial: rate_sweep.Trial) -> Markup:
    """The loss, cut at twice the first one, over the logarithm of the rate."""
    rows, suggested = trial.rows, math.log10(trial.suggested)
    raw = [(math.log10(r.rate), r.loss) for r in rows if r.loss is not None]
    mean = [
        (math.log10(r.rate), r.smoothed) for r in rows if r.smoothed is not None
    ]
    if not mean:
        return document.note("No loss was a number.")
    ceiling = 2 * mean[0][1]
    values = [min(y, ceiling) for _, y in (*raw, *mean)]
    up = svg_axes.ticks(0, max(values), most=5)
    left = min(suggested, math.log10(rows[0].rate))
    right = math.log10(rows[-1].rate)
    scale = svg_axes.Axes(max(right, left + 1), up[0], up[-1], left)
    decades = range(math.ceil(left), math.floor(scale.right) + 1)
    grid = scale.grid(
        [(y, f"{y:,.6g}") for y in up],
        [(x, f"1e{x}") for x in decades],
        unit="learning rate",
    )
    lines = Markup().join(
        Markup('<g class="{}">{}</g>').format(
            kind, scale.curve([[(x, min(y, ceiling)) for x, y in line]])
        )
        for kind, line in (("train", raw), ("validation", mean))
    )
    mark = svg_axes.mark(scale.x(suggested), "best")
    return svg_axes.figure(
        "Loss, nats per token",
        svg_axes.plot(
            grid + mark + lines, said=trial.verdict(), height=svg_axes.TALL
        ),
        wide=True,
    )
