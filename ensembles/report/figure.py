"""The figure of a report: for each bot its notes, its activations and its score, over the bars.

All rows share one time axis and lie in one SVG, so that what belongs together stands together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt

from director.score import Score
from ensembles.report.axis import LEFT, Axis
from ensembles.report.picture import N_SHADES, data_uri, png
from ensembles.report.record import Record, Track
from ensembles.report.steering import steering_rows
from musebots.generators import STEP_TICKS
from musebots.messages import Action, Flag
from musebots.notes import Note

__all__ = ["Axis", "figure"]

RIGHT, TOP = 28, 50
ROLL, HEAT, CURVE, GAP, BETWEEN = 96, 104, 64, 6, 30
QUIET_SD, LOUD_SD = 1.0, 4.0
FIRST_HUE, SECOND_HUE = (57, 135, 229), (235, 104, 52)


def figure(
    score: Score,
    notes: Mapping[str, Sequence[Note]],
    record: Record,
    flags: Sequence[Flag],
    actions: Sequence[Action] = (),
) -> str:
    """The whole figure as SVG."""
    axis = Axis.of(score)
    parts: list[str] = []
    y = float(TOP)
    for strip in score.strips:
        bot_id = strip.bot_id
        own = [flag for flag in flags if flag.bot_id == bot_id]
        track = record.tracks.get(bot_id)
        parts.append(_label(bot_id, y))
        parts.append(_roll(axis, y, notes.get(bot_id, ())))
        bottom = y + ROLL
        if track is not None and track.ticks:
            if track.innovations:
                parts.append(_heat(axis, bottom + GAP, track, bot_id, flags))
                bottom += GAP + HEAT
            parts.append(_curve(axis, bottom + GAP, track))
            bottom += GAP + CURVE
        elif record.tracks:
            parts.append(_remark(axis, bottom, "not listened to"))
        parts += [_bracket(axis, flag, y, bottom) for flag in own]
        y = bottom + BETWEEN
    band = record.tracks.get("")
    if band is not None and band.ticks:
        parts.append(_label("the band", y))
        parts.append(_curve(axis, y, band))
        parts += [_bracket(axis, f, y, y + CURVE) for f in flags if not f.bot_id]
        y += CURVE + BETWEEN
    rows, height = steering_rows(axis, y, score, record, actions)
    parts.append(rows)
    y += height
    width, height = LEFT + axis.width + RIGHT, y
    return (
        f'<svg class="figure" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label="notes, activations and scores over time">'
        f"{_grid(axis, score, height - BETWEEN)}{''.join(parts)}</svg>"
    )


def _grid(axis: Axis, score: Score, bottom: float) -> str:
    """Bar lines, numbered every four, and the sections' names."""
    meters = score.meter_map
    lines = []
    for bar in range(score.n_bars + 1):
        x, is_counted = axis.x(meters.bar_tick(bar)), bar % 4 == 0
        kind = "bar strong" if is_counted else "bar"
        lines.append(f'<line class="{kind}" x1="{x}" x2="{x}" y1="{TOP - 22}" y2="{bottom:g}"/>')
        if is_counted and bar < score.n_bars:
            lines.append(f'<text class="tick" x="{x + 3}" y="{TOP - 24}">{bar + 1}</text>')
    for passage in score.passages:
        x = axis.x(passage.section.start_tick)
        name = escape(passage.section.name)
        lines.append(f'<text class="section" x="{x + 3}" y="12">{name}</text>')
    return "".join(lines)


def _label(bot_id: str, y: float) -> str:
    return f'<text class="name" x="0" y="{y + 14:g}">{escape(bot_id)}</text>'


def _remark(axis: Axis, y: float, words: str) -> str:
    return f'<text class="tick" x="{LEFT + 4}" y="{y - 4:g}">{words}</text>'


def _roll(axis: Axis, y: float, notes: Sequence[Note]) -> str:
    """A piano roll as high as its range."""
    box = f'<rect class="field" x="{LEFT}" y="{y:g}" width="{axis.width:g}" height="{ROLL}"/>'
    if not notes:
        return box
    low, high = min(n.pitch for n in notes) - 1, max(n.pitch for n in notes) + 2
    unit = ROLL / (high - low)
    path = []
    for note in notes:
        x, end = axis.x(note.onset_ticks), axis.x(note.onset_ticks + note.duration_ticks)
        top = y + (high - 1 - note.pitch) * unit
        path.append(f"M{x:g} {top:.1f}h{max(1.2, end - x - 0.6):.1f}v{max(1.5, unit * 0.82):.1f}"
                    f"H{x:g}z")  # fmt: skip
    names = [(high - 2, "hanging"), (low + 1, "baseline")]
    labels = "".join(
        f'<text class="pitch" x="{LEFT - 6}" y="{y + (0.5 + high - 1 - pitch) * unit:.1f}">'
        f"{pitch}</text>"
        for pitch, _ in names
    )
    return f'{box}<path class="note" d="{"".join(path)}"/>{labels}'


def _heat(axis: Axis, y: float, track: Track, bot_id: str, flags: Sequence[Flag]) -> str:
    """Units over time; what was flagged in the second hue, its units on top."""
    ticks = np.array(track.ticks)
    first, n_steps = int(ticks[0]), int((ticks[-1] - ticks[0]) // STEP_TICKS) + 1
    deviations = np.abs(track.deviations()).T  # (n_units, n_windows)
    full = np.zeros((len(deviations), n_steps), np.float32)
    full[:, (ticks - first) // STEP_TICKS] = deviations
    flagged = np.zeros(full.shape, np.bool_)
    for flag in flags:
        units = flag.found.get("units", {}).get(bot_id, [])
        steps = (np.array(flag.found.get("steps", []), np.int64) - first) // STEP_TICKS
        steps = steps[(steps >= 0) & (steps < n_steps)]
        flagged[np.ix_(units, steps)] = True
    order = np.lexsort((-full.mean(axis=1), -flagged.sum(axis=1)))
    picture = png(_shades(full[order], flagged[order]), FIRST_HUE, SECOND_HUE)
    x, end = axis.x(first), axis.x(first + n_steps * STEP_TICKS)
    return (
        f'<rect class="field" x="{LEFT}" y="{y:g}" width="{axis.width:g}" height="{HEAT}"/>'
        f'<image x="{x}" y="{y:g}" width="{end - x:.1f}" height="{HEAT}" '
        f'preserveAspectRatio="none" href="{data_uri(picture)}"/>'
        f'<text class="pitch" x="{LEFT - 6}" y="{y + 8:g}">units</text>'
    )


def _shades(
    deviations: npt.NDArray[np.float32], flagged: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    level = (deviations - QUIET_SD) / (LOUD_SD - QUIET_SD)
    shade = np.clip(np.rint(level * (N_SHADES - 1)), 0, N_SHADES - 1).astype(np.uint8)
    indices: npt.NDArray[np.uint8] = shade + N_SHADES * flagged.astype(np.uint8)
    return indices


def _curve(axis: Axis, y: float, track: Track) -> str:
    """The score of the window that ends at each step, and the threshold of a flag."""
    scores, threshold = np.array(track.scores), track.thresholds[-1]
    top = float(max(scores.max(), threshold if np.isfinite(threshold) else 0.0)) * 1.1 + 1e-9

    def height(value: float) -> float:
        return round(y + CURVE * (1 - value / top), 1)

    points, last = [], None
    for tick, value in zip(track.ticks, scores, strict=True):
        move = "M" if last is None or tick - last > STEP_TICKS else "L"
        points.append(f"{move}{axis.x(tick + STEP_TICKS):g} {height(float(value)):g}")
        last = tick
    box = f'<rect class="field" x="{LEFT}" y="{y:g}" width="{axis.width:g}" height="{CURVE}"/>'
    line = f'<path class="score" d="{"".join(points)}"/>'
    at = height(threshold) if np.isfinite(threshold) else y
    label = f'<text class="pitch" x="{LEFT - 6}" y="{y + CURVE - 8:g}">score</text>'
    if not np.isfinite(threshold):
        return box + line + label
    beside = at + 9 if at < y + CURVE / 2 else at - 7  # on the side where there is more room
    end = LEFT + axis.width
    limit = (
        f'<line class="limit" x1="{LEFT}" x2="{end:g}" y1="{at:g}" y2="{at:g}"/>'
        f'<text class="pitch limit-name" x="{end - 4:g}" y="{beside:g}">flag above</text>'
    )
    return box + line + limit + label


def _bracket(axis: Axis, flag: Flag, top: float, bottom: float) -> str:
    """Encloses the flagged steps, and says how rare they are."""
    x, end = axis.x(flag.first_tick), axis.x(flag.end_tick)
    edge = max(6.0, end - x)
    return (
        f'<g class="flag"><title>{escape(flag.headline)}</title>'
        f'<rect class="wash" x="{x}" y="{top:g}" width="{edge:.1f}" height="{bottom - top:g}"/>'
        f'<path d="M{x} {top + 6:g}v-6h{edge:.1f}v6M{x} {bottom - 6:g}v6h{edge:.1f}v-6"/>'
        f'<text x="{x}" y="{top - 5:g}">p {flag.p_value:.2g}</text></g>'
    )
