"""The page around the figure: what was listened to, what was flagged, and what it sounds like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from director.director import SessionReport
from director.score import Score
from ensembles.report.figure import figure
from ensembles.report.record import Record
from ensembles.report.steering import acted, judged_by
from ensembles.report.style import STYLE
from musebots.files import write_whole
from musebots.messages import Flag, Monitoring
from musebots.notes import Note

__all__ = ["page", "write_report"]

PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MAX_NOTES_SHOWN = 24
DRUM_NAMES = {36: "kick", 38: "snare", 42: "hi-hat", 46: "open hat", 45: "tom", 48: "tom",
              50: "tom", 49: "crash", 51: "ride"}  # fmt: skip


def write_report(
    path: Path,
    score: Score,
    notes: Mapping[str, Sequence[Note]],
    record: Record,
    session: SessionReport,
) -> None:
    """Write the page; it needs no other file and nothing from the network."""
    write_whole(path, page(score, notes, record, session).encode())


def page(
    score: Score,
    notes: Mapping[str, Sequence[Note]],
    record: Record,
    session: SessionReport,
    *,
    kicker: str = "What the monitor heard",
    before: str = "",
    after: str = "",
) -> str:
    """The page as HTML; `before` and `after` are sections to put around its own."""
    flags = sorted(session.flags, key=lambda flag: (flag.first_tick, flag.bot_id))
    title = escape(score.title)
    drums = {strip.bot_id for strip in score.strips if strip.role == "drums"}
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: {escape(kicker[0].lower() + kicker[1:])}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<p class="kicker">{escape(kicker)}</p>
<h1>{title}</h1>
{_tiles(score, session, flags)}
</header>
{before}
<section>
<h2>Notes, activations, scores</h2>
<p class="legend">For each bot, from the top: its notes; its hidden units, the stronger the
colour the further from what the rest of the network and the step before lead to expect; the score
of the window that ends here, with the line above which it is flagged.
<span class="key"><i class="first"></i>deviation</span>
<span class="key"><i class="second"></i>flagged steps and units</span></p>
<div class="scroll">{figure(score, notes, record, flags, session.actions)}</div>
</section>
<section>
<h2>Flags</h2>
{_cards(flags, drums, is_monitored=bool(session.monitoring) or _has_scores(record))}
</section>
<section>
<h2>Calmer, bolder</h2>
<p class="legend">In the last rows of the figure: each bot's fader, bar by bar (bolder above the
middle, pale where the gate took some of it), how creative the assessor finds it, 0..1, and what was
done.</p>
{judged_by(record)}
{acted(score, session.actions)}
</section>
{_listened(session.monitoring)}
{after}
</body>
</html>
"""


def _tiles(score: Score, session: SessionReport, flags: Sequence[Flag]) -> str:
    promised = f"{flags[0].flags_per_hour:g}" if flags else ""
    expected = f" (at most {promised} false an hour promised)" if promised else ""
    minutes, seconds = divmod(round(session.music_seconds), 60)
    tiles = (
        (str(len(flags)), f"flags{expected}"),
        (str(session.n_bars), "bars"),
        (f"{minutes}:{seconds:02d}", "of music"),
        (f"{score.tempo_map.bpm_at(0):g}", "bpm"),
        (str(score.seed), "seed"),
    )
    return '<div class="tiles">' + "".join(
        f'<div class="tile"><b>{value}</b><span>{escape(name)}</span></div>'
        for value, name in tiles
    ) + "</div>"  # fmt: skip


def _has_scores(record: Record) -> bool:
    """Whether somebody listened, also where a session was stopped before that was summed up."""
    return any(track.scores for track in record.tracks.values())


def _cards(flags: Sequence[Flag], drums: set[str], *, is_monitored: bool) -> str:
    if not (flags or is_monitored):
        return '<p class="quiet">No monitor listened.</p>'
    if not flags:
        return '<p class="quiet">Nothing was flagged: all of it lies within normal playing.</p>'
    return '<div class="cards">' + "".join(_card(flag, drums) for flag in flags) + "</div>"


def _card(flag: Flag, drums: set[str]) -> str:
    found = flag.found
    units = {bot: len(of) for bot, of in found.get("units", {}).items()}
    n_units = ", ".join(f"{n} of {escape(bot)}" for bot, n in units.items())
    facts = (
        ("p-value of the window", f"{flag.p_value:.2g}"),
        ("score, threshold", f"{flag.score:.0f}, {flag.threshold:.0f}"),
        ("steps", str(len(found.get("steps", ())))),
        ("units", n_units),
        ("effect", f"{flag.effect:.1f} sd"),
        ("surprise of the notes", _surprise(flag)),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    sound = "".join(
        f'<p class="sound"><b>{escape(bot)}</b> {_spelt(rows_of, bot in drums)}</p>'
        for bot, rows_of in found.get("notes", {}).items()
    )
    return (
        f'<article class="card"><h3>{escape(flag.who)}, {escape(flag.bars)}</h3>'
        f"<dl>{rows}</dl>{sound}</article>"
    )


def _surprise(flag: Flag) -> str:
    if flag.surprise < 0:
        return "unknown"
    usual = f" (usually {flag.usual_surprise:.2f})" if flag.usual_surprise >= 0 else ""
    return f"{flag.surprise:.2f} nats a step{usual}"


def _spelt(rows: Sequence[Sequence[int]], is_drums: bool) -> str:
    """The notes in words; strokes are counted."""
    if not rows:
        return "is silent there"
    if is_drums:
        counts: dict[str, int] = {}
        for _, pitch, *_ in rows:
            name = DRUM_NAMES.get(pitch, f"drum {pitch}")
            counts[name] = counts.get(name, 0) + 1
        return ", ".join(f"{n} {name}" for name, n in counts.items())
    names = [f"{PITCH_NAMES[pitch % 12]}{pitch // 12 - 1}" for _, pitch, *_ in rows]
    more = f" and {len(names) - MAX_NOTES_SHOWN} more" if len(names) > MAX_NOTES_SHOWN else ""
    return " ".join(names[:MAX_NOTES_SHOWN]) + more


def _listened(monitoring: Mapping[str, Monitoring]) -> str:
    if not monitoring:
        return ""
    rows = "".join(
        f"<tr><th>{escape(of.who)}</th><td>{of.n_scanned}</td><td>{of.n_skipped}</td>"
        f"<td>{escape(of.why)}</td></tr>"
        for of in sorted(monitoring.values(), key=lambda of: (not of.bot_id, of.bot_id))
    )
    return (
        "<section><h2>What was listened to</h2><table><thead><tr><th></th><th>steps scanned</th>"
        f"<th>not scanned</th><th>why not</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
