"""A session as one page of its own: notes, activations, scores, flags, ratings, sound."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import Any

from director.director import SessionReport
from director.outputs.base import NoteOn
from director.outputs.memory import paired_notes
from director.outputs.recording import last_tempo_map
from director.outputs.targets import check_target
from director.score import Score
from ensembles.monitoring import MONITOR_ID
from ensembles.report.figure import Axis
from ensembles.report.page import page
from ensembles.report.record import Record
from ensembles.report.sound import audio_uri
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.reading import Session, Take, heard_activations, read_session
from ensembles.sessions.recasting import rehear
from ensembles.sessions.replaying import write_wav
from musebots import messages as m
from musebots.errors import MusebotError, OutputUnavailable
from musebots.files import write_whole
from musebots.timebase import PPQ

__all__ = ["write_session_report"]

VERDICTS = {-1: "less", 0: "fine", 1: "more like this", 9: "taken back"}
SHARE_OF_SOUND = 0.9
SCRIPT = """
const audio = document.querySelector("audio"), head = document.querySelector("#playhead");
const places = JSON.parse(document.querySelector("#places").textContent);
const figure = document.querySelector(".figure"), view = figure.parentElement;
figure.append(head);
head.setAttribute("y2", figure.viewBox.baseVal.height);
function place(seconds) {
  let i = places.findIndex(([s]) => s > seconds);
  if (i === -1) i = places.length - 1;
  const [s0, x0] = places[Math.max(0, i - 1)], [s1, x1] = places[i];
  return x0 + (s1 > s0 ? Math.min(1, (seconds - s0) / (s1 - s0)) : 0) * (x1 - x0);
}
function draw() {
  const x = place(audio.currentTime);
  head.setAttribute("x1", x); head.setAttribute("x2", x);
  if (!audio.paused && (x < view.scrollLeft || x > view.scrollLeft + view.clientWidth - 40))
    view.scrollLeft = x - 120;
  requestAnimationFrame(draw);
}
requestAnimationFrame(draw);
figure.addEventListener("click", (event) => {
  const box = figure.getBoundingClientRect();
  const x = (event.clientX - box.left) * figure.viewBox.baseVal.width / box.width;
  const i = Math.max(1, places.findIndex(([, at]) => at > x));
  const [s0, x0] = places[i - 1], [s1, x1] = places[i];
  audio.currentTime = s0 + (x - x0) / (x1 - x0) * (s1 - s0);
});
"""
STYLE = """
audio { width: 100%; margin-top: 26px; }
#playhead { stroke: var(--first); stroke-width: 1.5; pointer-events: none; }
.figure { cursor: pointer; }
td { overflow-wrap: anywhere; }
"""


def write_session_report(
    folder: SessionFolder,
    path: Path,
    *,
    has_sound: bool = True,
    on_progress: Callable[[float], None] = lambda share: None,
) -> str:
    """Write the page; what it holds and what it lacks, in a few words.

    Raises
    ------
    ConfigError
        When the session cannot be read or the page not be written.
    """
    check_target(path)
    session = read_session(folder)
    take = session.take()
    sound, remark = "", "without sound"
    if has_sound:
        sound, remark = _sound(take, lambda share: on_progress(SHARE_OF_SOUND * share))
    record, heard = _record(session)
    for news in _steering(session, m.Steered, m.Assessed):
        record.steer(news)
    score = _as_far_as_played(take)
    content = page(
        score,
        paired_notes(take.events),
        record,
        _summary(session, take),
        kicker="A session" if session.is_whole else "A session that was cut off",
        before=_player(score, take, sound) if sound else "",
        after=_ratings(session, score) + _made_of(session),
    )
    write_whole(path, content.encode())
    on_progress(1.0)
    return f"{remark}; {heard}"


def _as_far_as_played(take: Take) -> Score:
    """The score up to the bar in which the session was stopped: no figure of bars to come."""
    if take.stop_tick is None:
        return take.score
    meters = take.score.meter_map
    last_bar = meters.bar_at(max(0, take.stop_tick - 1))
    return take.score.ending_at(meters.bar_tick(min(take.score.n_bars, last_bar + 1)))


def _sound(take: Take, on_progress: Callable[[float], None]) -> tuple[str, str]:
    """The music as an address that holds it, and what is to be said of that."""
    with tempfile.TemporaryDirectory(prefix="musebots-") as scratch:
        wav = Path(scratch) / "session.wav"
        try:
            write_wav(take, wav, on_progress=on_progress)
        except OutputUnavailable as error:
            return "", f"without sound: {error}"
        uri = audio_uri(wav)
    return uri, f"{len(uri) / 2**20:.1f} MiB of it sound"


def _record(session: Session) -> tuple[Record, str]:
    """What a monitor hears in it: scanned again where activations were kept, else as it was told.

    A session that was taken up again is shown with the scores that were told.
    """
    record = Record()
    activations = heard_activations(session.folder)
    stretch = session.stretches[0]
    if activations and len(session.stretches) == 1 and MONITOR_ID in stretch.cast:
        from creativity.monitor import Monitor  # numba: only where there is something to scan

        def made() -> Monitor:
            monitor = Monitor()
            monitor.on_scanned = record.take
            return monitor

        try:
            rehear(stretch, MONITOR_ID, made, activations)
        except MusebotError as error:
            record.tracks.clear()
            return record, f"activations not shown: {error}"
        return record, "scanned anew"
    for one in session.stretches:
        for heard in one.messages():
            if isinstance(heard.message, m.Score):
                track = record.tracks[heard.message.bot_id]
                track.ticks.append(heard.message.tick)
                track.scores.append(heard.message.score)
                threshold = heard.message.threshold
                track.thresholds.append(threshold if threshold >= 0 else float("inf"))
    return record, "scores as they were told" if record.tracks else "no monitor listened"


def _summary(session: Session, take: Take) -> SessionReport:
    end_tick = take.score.end_tick if take.stop_tick is None else take.stop_tick
    counts: dict[str, int] = {}
    for event in take.events:
        if isinstance(event, NoteOn):
            counts[event.bot_id] = counts.get(event.bot_id, 0) + 1
    flags = [_made(m.Flag, row, details=json.dumps(row["details"])) for row in session.rows("flag")]
    monitoring = [
        _made(m.Monitoring, row, reasons=json.dumps(row["reasons"]))
        for row in session.rows("monitoring")
    ]
    return SessionReport(
        n_notes=counts,
        n_late={},
        n_missed={},
        n_refused={},
        n_lost={},
        faults={},
        n_bars=take.score.meter_map.bar_at(end_tick),
        music_seconds=last_tempo_map(take.score, list(take.events)).seconds_at(end_tick),
        was_stopped=take.stop_tick is not None,
        flags=tuple(flags),
        monitoring={of.bot_id: of for of in monitoring},
        actions=tuple(_steering(session, m.Action)),
    )


def _steering(session: Session, *kinds: type[Any]) -> list[Any]:
    """What steering came to, as it was told: news of these kinds."""
    named = {kind.__name__: kind for kind in kinds}
    rows = (row for row in session.rows("steering") if row["kind"] in named)
    return [named[row["kind"]](**row["what"]) for row in rows]


def _made(kind: type[Any], row: Mapping[str, Any], **other: str) -> Any:
    return kind(**{f.name: row[f.name] for f in fields(kind)} | other)


def _player(score: Score, take: Take, sound: str) -> str:
    """The sound, and where in the figure each beat of it is."""
    axis = Axis.of(score)
    tempo_map = last_tempo_map(score, list(take.events))
    ticks = range(0, score.end_tick + 1, PPQ)
    places = [(round(tempo_map.seconds_at(tick), 4), axis.x(tick)) for tick in ticks]
    return (
        f'<style>{STYLE}</style><audio controls preload="auto" src="{sound}"></audio>'
        f'<svg width="0" height="0"><line id="playhead" y1="0" y2="0"/></svg>'
        f'<script type="application/json" id="places">{json.dumps(places)}</script>'
        f'<script>addEventListener("DOMContentLoaded", () => {{{SCRIPT}}});</script>'
    )


def _ratings(session: Session, score: Score) -> str:
    """Who liked what; who rated a phrase again has taken the earlier word back."""
    words: dict[tuple[str, int, int, str], int] = {}
    for stretch in session.stretches:
        for heard in stretch.messages():
            if isinstance(heard.message, m.Rating):
                said = heard.message
                key = (said.bot_id, said.first_tick, said.end_tick, said.rater)
                words.pop(key, None)
                words[key] = said.value
    rows = "".join(
        f"<tr><th>{escape(bot_id or 'the band')}</th><td>{_bars(score, first, end)}</td>"
        f"<td>{VERDICTS.get(value, str(value))}</td><td>{escape(rater)}</td></tr>"
        for (bot_id, first, end, rater), value in words.items()
    )
    if not rows:
        return ""
    return (
        "<section><h2>Ratings</h2><table><thead><tr><th></th><th>bars</th><th>said</th>"
        f"<th>by</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _bars(score: Score, first_tick: int, end_tick: int) -> str:
    if first_tick < 0 or end_tick <= first_tick:
        return "the phrase before"
    first, last = score.meter_map.bar_at(first_tick), score.meter_map.bar_at(end_tick - 1)
    return f"{first + 1}" if first == last else f"{first + 1}-{last + 1}"


def _made_of(session: Session) -> str:
    """Which bots, code and networks played, and by which version."""
    head = session.stretches[0].head
    rows = "".join(_bot_row(bot_id, of) for bot_id, of in head["bots"].items())
    facts = ", ".join(
        escape(text)
        for text in (
            f"session {session.name}",
            f"piece {head['piece']}",
            f"begun {head['began']}",
            f"musebots {head['version']}",
            f"seed {head['seed']}",
        )
    )
    return (
        f'<section><h2>Made of</h2><p class="legend">{facts}</p><table><thead><tr><th></th>'
        "<th>bot</th><th>code (sha256)</th><th>network (sha256)</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _bot_row(bot_id: str, of: Mapping[str, Any]) -> str:
    texts = (str(of["reference"]), (of["code"] or "")[:16], (of["network"] or "")[:16])
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts)
    return f"<tr><th>{escape(bot_id)}</th>{cells}</tr>"
