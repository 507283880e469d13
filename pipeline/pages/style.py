"""How every page looks: one style sheet, two palettes, nothing from outside."""

from collections.abc import Mapping

# Contrast with `paper` and `card`: ink, muted, accent, good, bad and warn
# 4.5 or more, as text; floor 3 or more, as bars and lines.
LIGHT = {
    "paper": "#f7f6f2",
    "card": "#ffffff",
    "ink": "#20242a",
    "muted": "#5d646e",
    "rule": "#e3e1da",
    "floor": "#868d96",
    "accent": "#0f6e66",
    "tint": "#cfe9e4",
    "good": "#1d6b3c",
    "bad": "#a8431c",
    "warn": "#8a5a00",
}
DARK = {
    "paper": "#14171a",
    "card": "#1d2125",
    "ink": "#e9e6df",
    "muted": "#a3aab3",
    "rule": "#333940",
    "floor": "#7c848e",
    "accent": "#63cdbd",
    "tint": "#1f4a46",
    "good": "#7fd29b",
    "bad": "#f2a27c",
    "warn": "#e6c15c",
}

_LAYOUT = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main,header,footer{max-width:1160px;margin:0 auto;
padding:0 clamp(16px,4vw,40px)}
header{padding-top:clamp(32px,6vw,64px)}
section,footer{margin-top:clamp(48px,6vw,72px)}
h1,h2,h3,p,ul,dl,dd,figure,table{margin:0;padding:0}
ul{list-style:none}
h1{font-size:15px;font-weight:600;color:var(--muted)}
h2{font-size:22px;font-weight:650;line-height:1.25;letter-spacing:-.01em}
h3{font-size:15px;font-weight:600}
.lead{max-width:68ch;margin-top:8px;color:var(--muted)}
.none{color:var(--muted);font-size:14px;margin-top:8px}
.verdict{margin-top:10px;max-width:62ch}
.verdict strong{display:block;font:600 clamp(28px,4.6vw,44px)/1.15
Charter,"Iowan Old Style",Georgia,"Times New Roman",serif;
letter-spacing:-.015em;margin-bottom:10px}
.looks strong,.verdict.ok strong{color:var(--good)}
.verdict.warn strong{color:var(--warn)}
.blind strong,.verdict.stop strong{color:var(--bad)}
.facts{display:flex;flex-wrap:wrap;gap:14px 32px;margin-top:28px;
padding-top:18px;border-top:1px solid var(--rule)}
.facts dt{font-size:13px;color:var(--muted)}
.facts dd{font-weight:550}
"""

_CARDS = """
.cards{display:grid;gap:16px;margin-top:24px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr))}
.card,.chart,.example{background:var(--card);border:1px solid var(--rule);
border-radius:12px;padding:20px;min-width:0}
.card h3{font-size:17px}
.card p{font-size:14px}
.card table{width:100%;border-spacing:0;margin-top:10px;font-size:14px}
.card th{font-weight:400;text-align:left;color:var(--muted);
padding:5px 14px 5px 0;width:1%;white-space:nowrap}
.card td{padding:5px 0;width:1%;text-align:right;white-space:nowrap}
.card td.bar{width:98%;padding-left:12px}
.card .own :is(th,td){color:var(--ink);font-weight:650}
.bar i{display:block;height:10px;min-width:2px;border-radius:2px 5px 5px 2px;
background:var(--floor)}
.own .bar i{background:var(--accent)}
.bad .own .bar i{background:var(--bad)}
.remark{color:var(--muted)}
.good .remark{color:var(--good)}
.bad .remark{color:var(--bad)}
.limit .bar i{background:none;border:1px dashed var(--muted)}
"""

_CHARTS = """
.charts{display:grid;gap:16px;margin-top:24px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,240px),1fr))}
.chart.wide{grid-column:1/-1}
.chart figcaption{display:flex;flex-wrap:wrap;gap:2px 20px;
justify-content:space-between;margin-bottom:18px}
.chart:not(.wide) figcaption{display:block}
.key{display:flex;gap:18px;font-size:14px;color:var(--muted)}
.key b{color:var(--ink)}
.key i{display:inline-block;width:20px;height:0;margin-right:7px;
vertical-align:4px;border-top:2px solid var(--floor)}
.key .validation i{border-top:3px solid var(--accent)}
.plot{display:block;overflow:visible;height:150px;
width:calc(100% - 56px);margin:0 12px 44px 44px}
.wide .plot{height:260px}
.plot svg{overflow:visible;width:100%;height:100%}
.plot text{fill:var(--muted);font-size:12px}
.plot path{fill:none;stroke:var(--floor);stroke-width:1.5;
stroke-linejoin:round}
.plot circle{fill:var(--floor)}
.plot .validation path{stroke:var(--accent);stroke-width:2.5}
.plot .validation circle{fill:var(--accent);stroke:var(--card);stroke-width:1}
.plot .rule{stroke:var(--rule)}
.plot .best{stroke:var(--ink);stroke-dasharray:2 4}
"""

_FOOTER = """
footer{padding-bottom:64px}
.pairs{margin-top:16px;font-size:14px}
.pairs div{display:grid;grid-template-columns:190px minmax(0,1fr);gap:0 24px;
padding:5px 0}
.pairs dt{font-weight:600}
.pairs dd{color:var(--muted);max-width:80ch}
footer h2:not(:first-child){margin-top:40px}
"""

_NARROW = """
@media(max-width:600px){
.card,.chart,.example{padding:16px}
.pairs div{grid-template-columns:minmax(0,1fr);padding:7px 0}
}
@media print{
.card,.chart,.example{break-inside:avoid}
body{background:none}
}
"""


def sheet(rules: str = "") -> str:
    """Returns the CSS of every page, and after it a page's own rules."""
    return (
        f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
        "@media(prefers-color-scheme:dark){"
        f":root{{{_variables(DARK)}}}}}"
        f"{_LAYOUT}{_CARDS}{_CHARTS}{_FOOTER}{_NARROW}{rules}"
    )


def _variables(palette: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in palette.items())
