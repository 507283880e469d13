"""How images and the words about them look, and which map is shown when."""

_RULES = """
.examples{display:grid;gap:16px;margin-top:24px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,500px),1fr))}
.example{display:grid;gap:4px 20px;align-content:start;
grid-template:"large words" auto "strip strip" auto/
minmax(0,224px) minmax(0,1fr)}
.example h3{margin-bottom:4px;font-size:13px;font-weight:400;color:var(--muted)}
.large,.strip i{background:var(--map,none) 0 0/100% 100% no-repeat,
var(--photo,none) 0 0/100% 100% no-repeat var(--rule);
aspect-ratio:var(--ratio,1);border-radius:8px;
-webkit-print-color-adjust:exact;print-color-adjust:exact}
.large{grid-area:large;align-self:start;
width:min(100%,320px*(var(--ratio,1)))}
.large.empty{display:grid;place-items:center;text-align:center;padding:12px;
font-size:13px;color:var(--muted)}
.words{grid-area:words}
.said{font:500 21px/1.4 Charter,"Iowan Old Style",Georgia,
"Times New Roman",serif}
.said.empty{color:var(--muted)}
.w{--lit:transparent;cursor:pointer}
.said .w{background:var(--lit);border-radius:4px;
box-shadow:0 0 0 2px var(--lit)}
.marks{display:flex;flex-wrap:wrap;gap:6px;margin-top:10px}
.marks li{font-size:13px;padding:1px 10px;border-radius:13px;
border:1px solid currentcolor}
.marks .good{color:var(--good)}
.marks .bad{color:var(--bad)}
.marks .good::before{content:"✓ "}
.marks .bad::before{content:"✗ "}
details{margin-top:10px;font-size:14px;color:var(--muted)}
summary{cursor:pointer;padding:4px 0}
details li{padding:3px 0 3px 14px;text-indent:-14px}
details li::before{content:"– "}
.strip{grid-area:strip;margin-top:14px;display:grid;gap:10px 8px;
grid-template-columns:repeat(auto-fill,minmax(72px,1fr))}
.strip .w{position:relative;font-size:13px;line-height:1.3;text-align:center}
.strip input{position:absolute;opacity:0;width:1px;height:1px;margin:0}
.strip i{display:block;margin-bottom:5px;border-radius:5px;
outline:2px solid transparent;outline-offset:2px}
.strip .w0 i{--map:none}
.strip :checked+i{outline-color:var(--accent)}
.strip :focus-visible+i{outline:3px solid var(--ink)}
summary:focus-visible{outline:3px solid var(--ink);border-radius:4px}
.strip .w0{color:var(--muted)}
.example>.none{grid-column:1/-1}
@media(max-width:600px){
.example{grid-template:"large" auto "words" auto "strip" auto/
minmax(0,1fr)}
.large{margin-bottom:8px;width:min(100%,420px*(var(--ratio,1)))}
.strip{display:flex;overflow-x:auto;margin:10px -16px 0;padding:6px 16px 10px;
scroll-padding:0 16px;position:relative}
.strip .w{flex:0 0 88px}
}
"""


def rules(words: int) -> str:
    """CSS that shows a word's map on the large image while it is chosen.

    A word that is pointed at goes before the one that is chosen.

    Args:
      words: of the longest caption.
    """
    maps = (f".w{n}{{--map:var(--m{n})}}" for n in range(1, words + 1))
    chosen = (_shown(n, "has(.w{} :checked)") for n in range(1, words + 1))
    pointed = (_shown(n, "has(.w{}:hover)") for n in range(words + 1))
    return "".join((_RULES, *maps, *chosen, *pointed))


def _shown(number: int, condition: str) -> str:
    on = f".example:{condition.format(number)}"
    shown = f"var(--m{number})" if number else "none"
    return (
        f"{on} .large{{--map:{shown}}}"
        f"{on} .w{{--lit:transparent}}{on} .w{number}{{--lit:var(--tint)}}"
    )
