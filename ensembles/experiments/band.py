"""Our band against real bands, and against three players who do not hear each other.

Four bands play the chords of the same real pieces, in C or A minor: *ours*; *deaf*, whose bots each
believe that they are alone but share time, form and chords; and *apart*, made of three performances
of the deaf: melody, bass and drums of three different songs in one mode, so that they share no
more than the beat, the bar lines and the key. *real apart* does the same to the real pieces: it
shows what a measure makes of parts that were never meant for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ensembles.experiments.band_plots import overview
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.bootstrap import N_RESAMPLES, interval
from ensembles.experiments.comparison import compare, mean_of, quartiles
from ensembles.experiments.deaf import DEAF
from ensembles.experiments.performing import perform
from ensembles.experiments.real import (
    EVENT_FILES,
    ROLES,
    RealPiece,
    aligned,
    from_where_all_play,
    read_real,
)
from ensembles.experiments.songs import Player, Song, song_of, written
from ensembles.experiments.togetherness import MEASURES, moved, together
from musebots.arrays import FloatArray
from musebots.harmony import Harmony
from musebots.measures import Part

__all__ = ["STYLES", "run"]

N_BARS = 32
N_SEEDS = 2
N_QUICK_SONGS = 3  # each part of the band apart is of another
HOME = {"major": 0, "minor": 9}
STYLES = {
    "melody": ("folk", "standard"),
    "bass": ("rock", "game"),
    "drums": ("rock", "pop", "funk"),
}
ARMS = ("ours", "deaf", "apart", "real apart")


@dataclass(frozen=True, slots=True)
class Played:
    """Three parts of a song, and the chords that each pitched one is measured against."""

    song: str
    parts: dict[str, Part]
    melody_chords: Harmony
    bass_chords: Harmony

    @property
    def mode(self) -> str:
        """Major or minor."""
        return self.melody_chords.key.mode

    def measures(self) -> FloatArray:
        """(n_measures,), in the order of `MEASURES`."""
        found = together(self.parts, self.melody_chords, self.bass_chords)
        return np.array([found[name] for name in MEASURES])


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Play, measure, compare."""
    pieces = aligned(read_real(settings.corpus(EVENT_FILES["multitrack"])))
    whole = _measured([_real(piece) for piece in pieces])
    excerpts = [from_where_all_play(piece, N_BARS) for piece in pieces]
    songs = [song_of(p, N_BARS).moved_to(HOME[p.key.mode]) for p in excerpts]
    n_songs = N_QUICK_SONGS if settings.is_quick else len(songs)
    ours, deaf = _two_bands(songs[:n_songs], settings)
    rng = np.random.default_rng([settings.seed, 2])
    real = [_real(piece) for piece in excerpts]
    bands = {
        "real": real,
        "ours": ours,
        "deaf": deaf,
        "apart": _apart(deaf, rng),
        "real apart": _apart([_at_home(piece) for piece in real], rng),
    }
    found = {name: _measured(band) for name, band in bands.items()}
    n_seeds = len(ours) // n_songs
    draw = overview(MEASURES, found)
    return ExperimentResult(
        tables=(
            _against_real(found),
            _against_deaf(found, n_seeds, np.random.default_rng([settings.seed, 3])),
            _whole(whole, found["real"]),
        ),
        plots=(Plot("band", "Means on the scale of the real quartiles", draw, (9.0, 5.5)),),
        notes=NOTES,
        parameters={
            "real pieces": len(real), "songs": n_songs, "seeds for each song": n_seeds,
            "bars": N_BARS, "resamples": N_RESAMPLES,
        },
    )  # fmt: skip


NOTES = (
    "Real pieces: those of the multitrack set in 4/4 with melody (the lead part, found by a "
    "heuristic), bass and drums; at most 32 bars from the first bar by which all three have begun.",
    "Chords: ours and the deaf are measured against the chords that they were given; real melodies "
    "against the corpus's estimate, real basses against that without the bass. 'Estimated alike' "
    "takes for every band the chords that melody and bass themselves suggest to one estimator.",
    "Apart: the melody and the bass are each measured against the melody's chords.",
    "nearer: |mean of the other band - real mean| - |our mean - real mean|; clearly nearer where "
    "the whole 95 % interval (percentile bootstrap over songs and real pieces) is above 0.",
    "Complementarity is minus the correlation of onsets a bar: 1 is taking turns.",
)


def _real(piece: RealPiece) -> Played:
    parts = dict(piece.parts)
    return Played(piece.name, parts, piece.harmony_for("melody"), piece.harmony_for("bass"))


def _two_bands(
    songs: Sequence[Song], settings: ExperimentSettings
) -> tuple[list[Played], list[Played]]:
    """Ours and the deaf, on the same songs, styles, knobs and seeds, song by song."""
    bands: tuple[list[Played], list[Played]] = ([], [])
    n_seeds = 1 if settings.is_quick else N_SEEDS
    for i in range(len(songs) * n_seeds):
        song = songs[i // n_seeds]
        rng = np.random.default_rng([settings.seed, 1, i])
        styles = {role: str(rng.choice(STYLES[role])) for role in ROLES}
        knobs, seed = int(rng.integers(2**31)), int(rng.integers(2**31))
        for band, bots in zip(bands, ({role: role for role in ROLES}, DEAF), strict=True):
            players = [Player(role, bots[role], {"style": styles[role]}) for role in ROLES]
            piece = written(song, players, rng=np.random.default_rng(knobs))
            played = perform(piece, seed=seed)
            band.append(Played(song.name, played.parts, played.harmony, played.harmony))
        settings.progress((i + 1) / (len(songs) * n_seeds), "playing")
    return bands


def _at_home(played: Played) -> Played:
    """The same in C or A minor, chords included."""
    key = played.melody_chords.key
    up = HOME[key.mode] - key.tonic_pc
    parts = {
        role: part if role == "drums" else moved(part, up) for role, part in played.parts.items()
    }
    chords = (_moved(played.melody_chords, up), _moved(played.bass_chords, up))
    return Played(played.song, parts, *chords)


def _moved(harmony: Harmony, up: int) -> Harmony:
    chords = (span.chord for span in harmony.spans)
    song = Song("", harmony.key, tuple(chords)).moved_to((harmony.key.tonic_pc + up) % 12)
    spans = zip(harmony.spans, song.beats, strict=True)
    return Harmony(song.key, tuple(replace(span, chord=chord) for span, chord in spans))


def _apart(band: Sequence[Played], rng: np.random.Generator) -> list[Played]:
    """Each melody with the bass and the drums of two other songs, in the same mode if there are.

    All are cut to the shortest of the three.
    """
    mixed = []
    for lead in band:
        others = [other for other in band if other.song != lead.song]
        akin = [other for other in others if other.mode == lead.mode]
        pool = akin if len(akin) > 1 else others
        a, b = (pool[i] for i in rng.choice(len(pool), size=2, replace=False))
        parts = {"melody": lead.parts["melody"], "bass": a.parts["bass"], "drums": b.parts["drums"]}
        n_bars = min(part.n_bars for part in parts.values())
        cut = {role: part.between(0, n_bars) for role, part in parts.items()}
        mixed.append(Played(lead.song, cut, lead.melody_chords, lead.bass_chords))
    return mixed


def _measured(band: Sequence[Played]) -> FloatArray:
    """(n_pieces, n_measures)."""
    return np.array([played.measures() for played in band]).reshape(-1, len(MEASURES))


def _against_real(found: dict[str, FloatArray]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for column, name in enumerate(MEASURES):
        real = found["real"][:, column]
        low, median, high = quartiles(real)
        row: list[Cell] = [name, mean_of(real), low, median, high]
        for arm in ARMS:
            one = compare(real, found[arm][:, column])
            row += [one.ours_mean, one.is_inside]
        row += [compare(real, found["ours"][:, column]).overlap]
        rows.append(tuple(row))
    arms = [title for arm in ARMS for title in (f"{arm} mean", f"{arm} in IQR")]
    columns = ("measure", "real mean", "Q1", "median", "Q3", *arms, "ours overlap")
    return Table("band", "Bands against real bands", tuple(columns), tuple(rows))


def _against_deaf(found: dict[str, FloatArray], n_seeds: int, rng: np.random.Generator) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for column, name in enumerate(MEASURES):
        for arm in ("deaf", "apart"):
            ours, other = found["ours"][:, column], found[arm][:, column]
            pairs = np.stack([ours, other], axis=1).reshape(-1, n_seeds, 2)  # (n_songs, n_seeds, 2)
            difference = _mean_difference(pairs)
            low, high = interval(_mean_difference, pairs, rng)
            gain, gain_low, gain_high = _nearer(pairs, found["real"][:, column], rng)
            rows.append((
                name, arm, difference, low, high, gain, gain_low, gain_high, gain_low > 0,
            ))  # fmt: skip
    columns = (
        "measure", "against", "ours minus it", "low", "high", "nearer", "nearer low",
        "nearer high", "clearly nearer",
    )  # fmt: skip
    return Table(
        "ablation", "Ours against players who do not hear each other", columns, tuple(rows)
    )


def _mean_difference(pairs: FloatArray) -> float:
    return mean_of(pairs[..., 0]) - mean_of(pairs[..., 1])


def _nearer(
    pairs: FloatArray, real: FloatArray, rng: np.random.Generator
) -> tuple[float, float, float]:
    """How much nearer our mean is to the real one than the other band's, and its interval."""

    def gain(pairs: FloatArray, real: FloatArray) -> float:
        goal = mean_of(real)
        return abs(mean_of(pairs[..., 1]) - goal) - abs(mean_of(pairs[..., 0]) - goal)

    def resampled(chosen: FloatArray) -> float:
        return gain(chosen, real[rng.integers(len(real), size=len(real))])

    return gain(pairs, real), *interval(resampled, pairs, rng)


def _whole(whole: FloatArray, excerpts: FloatArray) -> Table:
    """Whole pieces, as published statistics of the corpus have them, beside the excerpts."""
    rows = tuple(
        (name, int(np.isfinite(whole[:, i]).sum()), mean_of(whole[:, i]), mean_of(excerpts[:, i]))
        for i, name in enumerate(MEASURES)
    )
    columns = ("measure", "n", "mean of whole pieces", "mean of the excerpts")
    return Table("whole", "Real pieces, whole and as they are compared", columns, rows)
