"""How findings and images look, beside the style of every page."""

RULES = """
.findings{display:grid;gap:16px;margin-top:24px}
.finding{--level:var(--good);background:var(--card);padding:18px 20px;
border:1px solid var(--rule);border-left:5px solid var(--level);
border-radius:6px 12px 12px 6px}
.finding.warn{--level:var(--warn)}
.finding.stop{--level:var(--bad)}
.finding h2{font-size:17px}
.finding h2 b{display:inline-block;margin-right:10px;padding:0 9px;
border-radius:11px;background:var(--level);color:var(--card);font-size:13px;
font-weight:600;line-height:22px;vertical-align:2px}
.finding p{max-width:76ch;margin-top:6px}
.finding .measured{font-size:14px;color:var(--muted)}
.finding .advice{font-weight:550}
.finding .then{margin-top:16px;font-size:14px;color:var(--muted)}
.finding .finding{margin-top:10px;padding:12px 16px}
.passed{margin-top:20px}
.passed summary{cursor:pointer;padding:6px 0;font-weight:550}
.passed .pairs{margin-top:6px}
.sets{grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr))}
.sets .card th{width:auto;white-space:normal}
.fit{grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr))}
.halves{grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr))}
.plot rect{fill:var(--accent);stroke:var(--card);stroke-width:1}
.plot .true{stroke:var(--accent);stroke-width:3}
.facing{grid-template-columns:minmax(0,1fr)}
.facing tr{display:grid;padding:3px 0;
grid-template-columns:minmax(0,3fr) 7ch minmax(0,2fr)}
.facing .card th{width:auto;white-space:normal;color:var(--ink)}
.facing .card td{width:auto}
.facing .card td.bar{width:auto;padding:12px 0 0 12px}
@media(max-width:600px){
.facing tr{grid-template-columns:7ch minmax(0,1fr)}
.facing .card th{grid-column:1/-1;padding:0}
.facing .card td{padding:0;text-align:left}
.facing .card td.bar{padding-top:7px}
}
.tiles{display:grid;gap:16px 12px;margin-top:24px;
grid-template-columns:repeat(auto-fill,minmax(min(46%,150px),1fr))}
.tile img,.tile .empty{display:block;width:100%;aspect-ratio:1;
object-fit:cover;border-radius:8px;background:var(--rule)}
.tile .empty{display:grid;place-items:center;padding:10px;text-align:center;
font-size:13px;color:var(--muted)}
.tile figcaption{margin-top:6px;font-size:13px;line-height:1.35}
.tile small{display:block;font-size:12px;color:var(--muted)}
.alike{display:grid;gap:16px;margin-top:14px;
grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr))}
.alike .tiles{margin:0;
grid-template-columns:repeat(auto-fit,minmax(min(46%,120px),1fr))}
section>h3{margin-top:32px;font-size:17px}
"""
