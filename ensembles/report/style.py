"""How the page looks, on light and on dark screens."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --page: #f7f6f3; --surface: #fffefc; --ink: #1b1b1a;
  --soft: #63625e; --faint: #e6e4de; --line: #d4d1c8; --first: #2a78d6; --second: #d9531e;
  --wash: rgba(217, 83, 30, .10); --note: #33322f; --shadow: 0 1px 2px rgba(30, 25, 10, .06); }
@media (prefers-color-scheme: dark) { :root { --page: #131312; --surface: #1c1c1a;
  --ink: #f2f1ed; --soft: #a3a29b; --faint: #2a2a27; --line: #3b3b37; --first: #5a9df0;
  --second: #f0824f; --wash: rgba(240, 130, 79, .13); --note: #dcdad2; --shadow: none; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 40px 28px 72px; max-width: 1180px; background: var(--page);
  color: var(--ink); font: 15px/1.5 ui-sans-serif, system-ui, "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0; font-size: 34px; line-height: 1.15; letter-spacing: -.02em; font-weight: 650; }
h2 { margin: 44px 0 6px; font-size: 18px; font-weight: 620; letter-spacing: -.005em; }
h3 { margin: 0 0 8px; font-size: 15.5px; font-weight: 620; color: var(--second); }
.kicker { margin: 0 0 6px; color: var(--soft); font-size: 13px; }
.tiles { display: flex; flex-wrap: wrap; gap: 10px 36px; margin-top: 22px; }
.tile b { display: block; font-size: 23px; font-weight: 620; line-height: 1.2; }
.tile span { color: var(--soft); font-size: 13px; }
.legend { margin: 0 0 14px; max-width: 78ch; color: var(--soft); font-size: 13.5px; }
.key { white-space: nowrap; margin-left: 10px; color: var(--ink); }
.key i { display: inline-block; width: 11px; height: 11px; margin-right: 5px; border-radius: 2px;
  vertical-align: -1px; }
.key .first { background: var(--first); } .key .second { background: var(--second); }
.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--faint);
  border-radius: 10px; padding: 14px 16px 4px; box-shadow: var(--shadow); }
.figure { display: block; font: 11px ui-sans-serif, system-ui, Arial, sans-serif; }
.figure .bar { stroke: var(--faint); stroke-width: 1; }
.figure .strong { stroke: var(--line); }
.figure .tick, .figure .pitch { fill: var(--soft); font-variant-numeric: tabular-nums; }
.figure .pitch { text-anchor: end; dominant-baseline: middle; font-size: 10px; }
.figure .section { fill: var(--ink); font-weight: 600; }
.figure .name { fill: var(--ink); font-weight: 620; font-size: 13px; }
.figure .field { fill: none; stroke: var(--line); stroke-width: .6; }
.figure .note { fill: var(--note); }
.figure .score { fill: none; stroke: var(--first); stroke-width: 1.4; stroke-linejoin: round; }
.figure .fader { fill: var(--first); opacity: .45; }
.figure .gated { opacity: .2; }
.figure .limit { stroke: var(--second); stroke-width: 1; stroke-dasharray: 4 3; }
.figure .limit-name { fill: var(--second); paint-order: stroke; stroke: var(--surface);
  stroke-width: 3px; }
.figure .flag path { fill: none; stroke: var(--second); stroke-width: 1.8; }
.figure .flag .wash { fill: var(--wash); }
.figure .flag text { fill: var(--second); font-weight: 620; paint-order: stroke;
  stroke: var(--surface); stroke-width: 3px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 14px;
  margin-top: 12px; }
.card { background: var(--surface); border: 1px solid var(--faint); border-radius: 10px;
  padding: 16px 18px; box-shadow: var(--shadow); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 16px; margin: 0; font-size: 13.5px; }
dt { color: var(--soft); } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.sound { margin: 10px 0 0; padding-top: 9px; border-top: 1px solid var(--faint);
  font-size: 13.5px; }
.quiet { color: var(--soft); }
table { border-collapse: collapse; font-size: 13.5px; margin-top: 10px; }
th, td { padding: 5px 22px 5px 0; text-align: left; border-bottom: 1px solid var(--faint);
  font-variant-numeric: tabular-nums; }
thead th { color: var(--soft); font-weight: 500; }
"""
