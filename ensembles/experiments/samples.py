"""What each bot plays against what people played, measure by measure, role by role, style by style.

The band plays real songs (their chords, in sections of eight bars; knobs drawn for every piece) as
`musebots render` would; each of the songs comes from the corpus that the style was learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.comparison import Comparison, compare
from ensembles.experiments.copied import copying_rows
from ensembles.experiments.performing import perform
from ensembles.experiments.real import EVENT_FILES, RealPiece, excerpt, read_real
from ensembles.experiments.sample_plots import overview
from ensembles.experiments.songs import Player, Song, song_of, written
from musebots.arrays import FloatArray
from musebots.harmony import Harmony
from musebots.measures import Part
from musebots.measures.catalogue import (
    DRUM_MEASURES,
    HARMONIC_MEASURES,
    HISTOGRAMS,
    PITCHED_MEASURES,
)
from musebots.rnn.checkpoint import shipped_checkpoint

__all__ = ["ASKED", "Line", "measured", "run"]

N_BARS = 32
MIN_BARS = 8
MIN_REAL = 8  # pieces, fewer have no quartiles worth the name
N_SAMPLES, N_QUICK = 200, 1
ALL_THROUGH = {"rests": 0.0}
"""Tunes, chorales and drum performances are whole: nobody in them rests for the sake of others."""
QUICK_DRUM_STYLES = ("rock",)

SOURCES = {
    ("melody", "folk"): "nottingham",
    ("melody", "standard"): "openewld",
    ("bass", "rock"): "freedoom",
    ("bass", "game"): "helland",
    ("bass", "chorale"): "jsb",
}
"""From which source each style of melody and bass was learned."""

ASKED = frozenset({
    "pitch-class entropy", "scale consistency", "pitch range", "notes per bar", "hits per bar",
    "IOIs", "intervals", "groove consistency", "syncopation", "empty bars",
    "pitch similarity, lag 1", "pitch similarity, lag 4", "pitch similarity, lag 8",
    "rhythm similarity, lag 1", "rhythm similarity, lag 4", "rhythm similarity, lag 8",
})  # fmt: skip
"""The measures that the project set itself as a goal; the others are there to explain them."""

Cells = dict[tuple[str, str], list["Line"]]


@dataclass(frozen=True, slots=True)
class Line:
    """One part, and the chords that it lies over, if there are any."""

    part: Part
    harmony: Harmony | None


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Generate, measure, compare."""
    everything = [
        piece for path in EVENT_FILES.values() for piece in read_real(settings.corpus(path))
    ]
    real = _real_lines(everything)
    test = _real_lines([piece for piece in everything if piece.split == "test"])
    ours = _played(everything, real, settings)
    comparisons = {cell: _compared(cell[0], real[cell], ours[cell]) for cell in ours}
    on_test = {cell: _compared(cell[0], test.get(cell, []), ours[cell]) for cell in ours}
    copying = copying_rows(
        {cell: [line.part for line in lines] for cell, lines in ours.items()}, everything
    )
    unmeasured = sorted(
        f"{style} ({len(real.get(('drums', style), []))} real pieces)"
        for style in shipped_checkpoint("drums").vocabulary.styles
        if ("drums", style) not in ours
    )
    return ExperimentResult(
        tables=(
            _summary(comparisons, on_test),
            _ceiling(real, ours, np.random.default_rng([settings.seed, 2])),
            _details(comparisons, on_test),
            copying,
        ),
        plots=tuple(
            Plot(f"samples-{role}", f"Our mean {role} on the scale of the real quartiles",
                 overview(role, comparisons), (9.0, 11.0))
            for role in ("melody", "bass", "drums")
        ),
        notes=(*NOTES, f"Drum styles without a comparison: {', '.join(unmeasured) or 'none'}."),
        parameters={
            "bars of a piece": N_BARS,
            "fewest bars of a real piece": MIN_BARS,
            "fewest real pieces of a style": MIN_REAL,
            "pieces of a role and style, at least": min(len(lines) for lines in ours.values()),
        },
    )  # fmt: skip


NOTES = (
    "Real pieces: 4/4 and 2/2 throughout, all splits, at most the first 32 bars from the first "
    "note on, at least 8 bars; the columns with 'test' take the test split alone.",
    "in IQR: our mean lies within the real pieces' quartiles. Where a real measure is skewed "
    "(empty bars) the real pieces' own mean may not: see 'real mean'.",
    "overlap: area under both densities of distances, within the real set and from it to ours "
    "(Yang and Lerch 2020); 1 is indistinguishable by this measure.",
    "IOIs and intervals are histograms: compared are distances from the mean real histogram.",
    "Nobody rests for the others' sake here (`rests = 0`): the real parts are played through; how "
    "the band rests is measured in the experiment band.",
    "The band plays together: the bass hears the drums. Chords of a bass are those estimated "
    "without it. The last bar of ours is an ending.",
    "Fragments: 8 notes of a line as intervals, which know no key, with or without the rhythm; "
    "drums: whole bars. 'real test' is the share of the test pieces' own found in training pieces.",
)


def _real_lines(pieces: Sequence[RealPiece]) -> Cells:
    """The real parts of every role and style, cut to the length of ours."""
    cells: Cells = {}
    sources = {source: cell for cell, source in SOURCES.items()}
    for piece in pieces:
        cell = ("drums", piece.style) if piece.source == "groove" else sources.get(piece.source)
        if cell is None or cell[0] not in piece.parts:
            continue
        cut = excerpt(piece, cell[0], N_BARS)
        if cut.n_bars >= MIN_BARS:
            harmony = cut.harmony_for(cell[0]) if cell[0] != "drums" and cut.chords else None
            cells.setdefault(cell, []).append(Line(cut.parts[cell[0]], harmony))
    return cells


def _played(everything: Sequence[RealPiece], real: Cells, settings: ExperimentSettings) -> Cells:
    """Ours: as many trios as it takes, each counted for the style whose song it plays."""
    drum_styles = [
        style
        for style in shipped_checkpoint("drums").vocabulary.styles
        if len(real.get(("drums", style), [])) >= MIN_REAL
    ]
    n = N_QUICK if settings.is_quick else N_SAMPLES
    if settings.is_quick:
        drum_styles = [style for style in drum_styles if style in QUICK_DRUM_STYLES]
    songs = {cell: _songs(everything, *cell) for cell in SOURCES}
    wanted = list(SOURCES)
    n_trios = n * max(len(wanted), len(drum_styles))
    rng = np.random.default_rng([settings.seed, 1])
    cells: Cells = {}
    for i in range(n_trios):
        role, style = cell = wanted[i % len(wanted)]
        drum_style = drum_styles[i // len(wanted) % len(drum_styles)]
        song = songs[cell][int(rng.integers(len(songs[cell])))]
        styles = {other: str(rng.choice(_styles(other))) for other in ("melody", "bass")}
        styles |= {role: style, "drums": drum_style}
        players = [Player(r, r, {"style": tag, **ALL_THROUGH}) for r, tag in styles.items()]
        played = perform(written(song, players, rng=rng), seed=int(rng.integers(2**31)))
        cells.setdefault(cell, []).append(Line(played.parts[role], played.harmony))
        cells.setdefault(("drums", drum_style), []).append(Line(played.parts["drums"], None))
        settings.progress((i + 1) / n_trios, "playing")
    return dict(sorted(cells.items()))


def _styles(role: str) -> list[str]:
    return [style for name, style in SOURCES if name == role]


def _songs(everything: Sequence[RealPiece], role: str, style: str) -> list[Song]:
    """The chords of the pieces of a style, from where the part starts."""
    source = SOURCES[role, style]
    cuts = (excerpt(p, role, N_BARS) for p in everything if p.source == source and role in p.parts)
    return [song_of(cut, N_BARS, role=role) for cut in cuts if cut.chords]


def measured(role: str, lines: Sequence[Line]) -> dict[str, FloatArray]:
    """Every measure of every line: (n_lines,), histograms (n_lines, n_bins)."""
    scalars = DRUM_MEASURES if role == "drums" else PITCHED_MEASURES
    found = {name: np.array([f(line.part) for line in lines]) for name, f in scalars.items()}
    for name, histogram in HISTOGRAMS.items():
        if role != "drums" or name == "IOIs":
            found[name] = np.array([histogram(line.part) for line in lines])
    if role != "drums":
        for name, harmonic in HARMONIC_MEASURES.items():
            found[name] = np.array(
                [harmonic(line.part, line.harmony) if line.harmony else np.nan for line in lines]
            )
    return found


def _compared(role: str, real: Sequence[Line], ours: Sequence[Line]) -> dict[str, Comparison]:
    if not real:
        return {}
    of_real, of_ours = measured(role, real), measured(role, ours)
    return {name: compare(of_real[name], of_ours[name]) for name in of_real}


Comparisons = Mapping[tuple[str, str], Mapping[str, Comparison]]


def _details(comparisons: Comparisons, on_test: Comparisons) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for (role, style), found in comparisons.items():
        for name, one in found.items():
            other = on_test[role, style].get(name)
            test = (other.n_real, other.low, other.high, other.is_inside) if other else (None,) * 4
            rows.append((role, style, name, name in ASKED, *one.row(), *test))
    columns = ("role", "style", "measure", "asked for", *Comparison.COLUMNS)
    test_columns = ("test n", "test Q1", "test Q3", "in test IQR")
    return Table("samples", "Ours against real pieces", (*columns, *test_columns), tuple(rows))


def _summary(comparisons: Comparisons, on_test: Comparisons) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for (role, style), found in comparisons.items():
        asked = [name for name in found if name in ASKED]
        inside = sum(found[name].is_inside for name in asked)
        overlapping = sum(found[name].is_overlapping for name in asked)
        test = on_test[role, style]
        rows.append((
            role, style, len(asked), inside, overlapping,
            sum(one.is_inside for one in found.values()),
            sum(one.is_overlapping for one in found.values()), len(found),
            sum(test[name].is_inside for name in asked) if test else None,
            ", ".join(n for n in asked if not found[n].is_inside) or "-",
            ", ".join(n for n in asked if not found[n].is_overlapping) or "-",
        ))  # fmt: skip
    columns = (
        "role", "style", "asked for", "in IQR", "overlap >= .8", "in IQR, of all",
        "overlap >= .8, of all", "all", "in test IQR", "asked for, outside IQR",
        "asked for, overlap < .8",
    )  # fmt: skip
    return Table("summary", "How many measures agree", columns, tuple(rows))


def _ceiling(real: Cells, ours: Cells, rng: np.random.Generator) -> Table:
    """What half of the real pieces reach against the other half."""
    rows: list[tuple[Cell, ...]] = []
    for role, style in ours:
        lines = real[role, style]
        order = rng.permutation(len(lines))
        halves = [[lines[i] for i in order[start::2]] for start in (0, 1)]
        found = _compared(role, halves[0], halves[1])
        asked = [name for name in found if name in ASKED]
        rows.append((
            role, style, len(lines), len(asked), sum(found[name].is_inside for name in asked),
            sum(found[name].is_overlapping for name in asked),
        ))  # fmt: skip
    columns = ("role", "style", "real n", "asked for", "in IQR", "overlap >= .8")
    return Table("ceiling", "Half of the real pieces against the other half", columns, tuple(rows))
