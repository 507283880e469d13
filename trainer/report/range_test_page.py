"""The range test's picture: loss over the learning rate, on a page."""

import html
import math

from pipeline.pages import document, svg_axes
from trainer.training import rate_sweep

_LEAD = (
    "The thin line is the loss of each update, the bold one its running mean. "
    "The dotted line is the suggested learning rate."
)


def render(trial: rate_sweep.Trial) -> str:
    """Returns a whole HTML document, to be written as UTF-8."""
    headline, _, rest = trial.verdict().partition(", ")
    headline = f"{headline[:1].upper()}{headline[1:]}"
    return document.document(
        "Learning-rate range test",
        '<header><h1>Learning-rate range test</h1><p class="verdict">'
        f"<strong>{html.escape(headline)}</strong>"
        f"{html.escape(rest[:1].upper() + rest[1:])}.</p></header><main>"
        + document.section(
            "Loss over the learning rate",
            _LEAD,
            f'<div class="charts">{_chart(trial)}</div>',
        )
        + "</main>",
    )


def _chart(trial: rate_sweep.Trial) -> str:
    """Loss, up to twice the first one's, over the decimal logarithm."""
    rows, suggested = trial.rows, math.log10(trial.suggested)
    raw = [(math.log10(r.rate), r.loss) for r in rows if r.loss is not None]
    mean = [
        (math.log10(r.rate), r.smoothed) for r in rows if r.smoothed is not None
    ]
    if not mean:
        return '<p class="none">No loss was a number.</p>'
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
    lines = "".join(
        f'<g class="{kind}">'
        f"{scale.curve([[(x, min(y, ceiling)) for x, y in line]])}</g>"
        for kind, line in (("train", raw), ("validation", mean))
    )
    x = scale.x(suggested)
    mark = f'<line class="best" x1="{x}%" x2="{x}%" y2="100%"/>'
    return svg_axes.figure(
        "Loss, nats per token",
        svg_axes.plot(grid + mark + lines, said=trial.verdict()),
        wide=True,
    )
