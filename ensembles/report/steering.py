"""Calmer and bolder in a report: how each bot was steered, how creative it was, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from director.score import Score
from ensembles.report.axis import Axis
from ensembles.report.record import Record
from musebots.messages import Action, Assessed, Steered

__all__ = ["acted", "judged_by", "steering_rows"]

ROW, BETWEEN = 52, 26


def steering_rows(
    axis: Axis, y: float, score: Score, record: Record, actions: Sequence[Action]
) -> tuple[str, float]:
    """A row for each bot and one for the band: SVG, and how high all of it is; nothing of nothing.

    Faders from -1 to 1 around the middle as bars, creativity 0..1 as a line, actions as marks.
    """
    names = [strip.bot_id for strip in score.strips]
    names = [name for name in names if name in record.steered or name in record.assessed]
    if not names and not actions:
        return "", 0.0
    parts, top = [], y
    for name in [*names, ""]:
        parts.append(_row(axis, top, name, record))
        parts += [_mark(axis, top, action) for action in actions if action.bot_id == name]
        if not name:
            parts.append(_aim(axis, top, score))
        top += ROW + BETWEEN
    return "".join(parts), top - y


def _row(axis: Axis, y: float, name: str, record: Record) -> str:
    who = escape(name or "the band")
    box = (
        f'<text class="name" x="0" y="{y + 14:g}">{who}</text>'
        f'<rect class="field" x="{axis.x(0)}" y="{y:g}" width="{axis.width:g}" height="{ROW}"/>'
        f'<text class="pitch" x="{axis.x(0) - 6:g}" y="{y + 30:g}">bolder</text>'
        f'<text class="pitch" x="{axis.x(0) - 6:g}" y="{y + ROW - 6:g}">calmer</text>'
    )
    steered = record.steered.get(name, {}).values()
    return box + "".join(_bar(axis, y, of) for of in steered) + _line(axis, y, record, name)


def _bar(axis: Axis, y: float, of: Steered) -> str:
    """One bar's fader, from the middle up or down; hollow where the gate took some of it."""
    middle, height = y + ROW / 2, abs(of.value) * ROW / 2
    top = middle - height if of.value > 0 else middle
    x, end = axis.x(of.first_tick), axis.x(of.end_tick)
    words = f"fader {of.value:+.2f}, alpha {of.alpha:+.3f}, {of.kl:.3f} nats a step, " + (
        f"surprise x {of.cost:.2f}, gate {of.share:.2g}, creativity {of.change:+.2f} expected"
    )
    kind = "fader" if of.share == 1 else "fader gated"
    return (
        f'<rect class="{kind}" x="{x}" y="{top:.1f}" width="{max(1.0, end - x - 1):.1f}" '
        f'height="{max(0.6, height):.1f}"><title>{words}</title></rect>'
    )


def _line(axis: Axis, y: float, record: Record, name: str) -> str:
    assessed: Mapping[int, Assessed] = record.assessed.get(name, {})
    points = [
        f"{'L' if index else 'M'}{axis.x(of.end_tick):g} {y + ROW * (1 - of.level):.1f}"
        for index, (_, of) in enumerate(sorted(assessed.items()))
    ]
    return f'<path class="score" d="{"".join(points)}"/>' if points else ""


def _aim(axis: Axis, y: float, score: Score) -> str:
    """Where the policy that the piece began with wants the band."""
    if score.policy.mode not in ("nudge", "insist"):
        return ""
    at = y + ROW * (1 - score.policy.target)
    return (
        f'<line class="limit" x1="{axis.x(0)}" x2="{axis.x(score.end_tick)}" y1="{at:.1f}" '
        f'y2="{at:.1f}"/>'
    )


def _mark(axis: Axis, y: float, action: Action) -> str:
    x = axis.x(max(0, action.tick))
    return (
        f'<g class="flag"><title>{escape(action.headline)}</title>'
        f'<path d="M{x} {y:g}v{ROW}"/><text x="{x + 3}" y="{y + 10:g}">{escape(action.what)}</text>'
        "</g>"
    )


def judged_by(record: Record) -> str:
    """Who judged how creative the band was, and how much people weigh in that; else nothing."""
    weights = sorted({of.weight for of in record.assessed.get("", {}).values()})
    if not weights:
        return ""
    if not weights[-1]:
        return '<p class="quiet">How creative it is a machine\'s proxy says alone (w = 0).</p>'
    words = " to ".join(dict.fromkeys(f"{weight:.2f}" for weight in (weights[0], weights[-1])))
    return f'<p class="quiet">In the number of the band people\'s ratings weigh w = {words}.</p>'


def acted(score: Score, actions: Sequence[Action]) -> str:
    """A table of what was done about the music, and why."""
    if not actions:
        return '<p class="quiet">Nobody had to do anything about the music.</p>'
    bar_at = score.meter_map.bar_at
    rows = "".join(
        f"<tr><th>{bar_at(max(0, a.tick)) + 1}</th><td>{escape(a.who)}</td>"
        f"<td>{escape(a.what)}</td><td>{escape(a.why)}</td></tr>"
        for a in actions
    )
    return (
        "<table><thead><tr><th>bar</th><th></th><th>what was done</th><th>why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
