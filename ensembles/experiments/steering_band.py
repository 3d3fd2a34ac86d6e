"""The shipped bots live and steered together, in lockstep, with all that a band does to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from creativity.assessor.assessor import Assessor, load_assessor
from creativity.assessor.score import band_score
from ensembles.experiments.base import Cell, ExperimentSettings, Table
from musebots.drumkit import DRUM_PITCHES
from musebots.generators import StepContext
from musebots.harmony import Chord, Key
from musebots.measures.band import CONSONANT
from musebots.novelty.phrases import Phrases, tokens_of
from musebots.rnn.generator import NeuralGenerator, load_generator
from musebots.rnn.vocabulary import ROLES, Role

__all__ = ["Live", "band_table", "played_live"]

ALPHAS = tuple(round(-0.5 + 0.1 * k, 1) for k in range(11))
PROGRESSIONS = (
    "C Am F G", "Am F C G", "Dm7 G7 C Am", "C F G C", "F C Dm Bb", "Em C G D", "C G Am F",
    "Am Dm G C",
)  # fmt: skip
KEYS = ("C major", "A minor", "C major", "C major", "F major", "G major", "C major", "A minor")
N_BARS, N_BEFORE = 16, 4
_REAL_CONSONANCE = 0.79  # of melody with bass, over 104 real pieces
_BAR = 16

IntTable = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Live:
    """What the band was like at an alpha; means over songs and phrases.

    Parameters
    ----------
    alpha : float
        Asked of all three.
    reached : dict of str to float
        What each could follow.
    scores : dict of str to float
        S by role, and of the ``band``.
    divergence : dict of str to float
        Nats a step by role.
    in_key : dict of str to float
        Share of notes of melody and bass in key or chord.
    consonance : float
        Share of melody onsets over a sounding bass that are consonant with it.
    """

    alpha: float
    reached: dict[str, float]
    scores: dict[str, float]
    divergence: dict[str, float]
    in_key: dict[str, float]
    consonance: float


def played_live(settings: ExperimentSettings, *, n_songs: int) -> list[Live]:
    """Play the songs at every alpha, with the same chance."""
    assessors = {role: load_assessor(role) for role in ROLES}
    alphas = (-0.5, 0.0, 0.5) if settings.is_quick else ALPHAS
    found = []
    for index, alpha in enumerate(alphas):
        songs = [_song(number, alpha, settings.seed) for number in range(n_songs)]
        found.append(_judged(songs, alpha, assessors))
        settings.progress(0.95 + 0.05 * (index + 1) / len(alphas), "the band, live")
    return found


@dataclass(frozen=True, eq=False)
class _Song:
    phrases: dict[str, Phrases]
    divergence: dict[str, float]
    reached: dict[str, float]
    consonance: npt.NDArray[np.float64]


def _song(number: int, alpha: float, seed: int) -> _Song:
    """All three on one progression, step by step; drums first, then the bass, then the melody."""
    key = Key.parse(KEYS[number % len(KEYS)])
    chords = [Chord.parse(symbol) for symbol in PROGRESSIONS[number % len(PROGRESSIONS)].split()]
    bots = {
        role: load_generator(role, rng=np.random.default_rng([seed, number, index]))
        for index, role in enumerate(ROLES)
    }
    n_steps = N_BARS * _BAR
    pitch: dict[Role, IntTable] = {role: np.full(n_steps, -1) for role in ROLES}
    is_held = {role: np.zeros(n_steps, dtype=bool) for role in ROLES}
    masks = np.zeros(n_steps, dtype=np.int64)
    divergence = {role: np.zeros(n_steps) for role in ROLES}
    for step in range(n_steps):
        for role in ("drums", "bass", "melody"):
            context = _context(step, chords, key, alpha, role, pitch, masks)
            decided = bots[role].step(context)
            divergence[role][step] = bots[role].divergence
            is_held[role][step] = decided.is_hold
            for onset in decided.onsets:
                if role == "drums":
                    masks[step] |= 1 << DRUM_PITCHES.index(onset.pitch)
                else:
                    pitch[role][step] = onset.pitch
    return _Song(
        {role: _phrases(role, chords, key, pitch[role], is_held[role], masks) for role in ROLES},
        {role: float(values.mean()) for role, values in divergence.items()},
        {role: _reached(bot, alpha) for role, bot in bots.items()},
        _consonances(pitch, is_held),
    )


def _reached(bot: NeuralGenerator, alpha: float) -> float:
    low, high = bot.alpha_range
    return min(high, max(low, alpha))


def _context(
    step: int,
    chords: list[Chord],
    key: Key,
    alpha: float,
    role: Role,
    pitch: dict[Role, IntTable],
    masks: IntTable,
) -> StepContext:
    bar, place = divmod(step, _BAR)
    return StepContext(
        place,
        bar_in_phrase=bar % 4,
        key=key,
        chord=chords[bar % len(chords)],
        next_chord=chords[(bar + 1) % len(chords)],
        steps_to_next=_BAR - place,
        has_kick=bool(masks[step] & 1) and role == "bass",
        others_density=_density_of_others(bar, role, pitch, masks),
        alpha=alpha,
    )


def _density_of_others(
    bar: int, role: Role, pitch: dict[Role, IntTable], masks: IntTable
) -> float | None:
    """Share of the bar before on which somebody else started a note."""
    if bar == 0:
        return None
    before = slice((bar - 1) * _BAR, bar * _BAR)
    started = np.zeros(_BAR, dtype=bool)
    for other in ROLES:
        if other != role:
            started |= (masks[before] > 0) if other == "drums" else (pitch[other][before] >= 0)
    return float(started.mean())


def _phrases(
    role: Role,
    chords: list[Chord],
    key: Key,
    pitch: IntTable,
    is_held: npt.NDArray[np.bool_],
    masks: IntTable,
) -> Phrases:
    """Every two bars from the fifth on, with the four before them."""
    n_steps = len(pitch)
    in_force = [chords[step // _BAR % len(chords)] for step in range(n_steps)]
    root = np.array([chord.root_pc for chord in in_force])
    tonic = np.full(n_steps, key.relative_major_pc)
    scale = sum(1 << pc for pc in key.scale)
    fitting = np.array([scale | sum(1 << pc for pc in c.pitch_classes) for c in in_force])
    if role == "drums":
        symbols, pitch = masks, np.full(n_steps, -1)
    else:
        symbols = np.where(pitch >= 0, tokens_of(role, pitch, root, tonic), is_held)
    starts = np.arange(0, n_steps - (N_BEFORE + 2) * _BAR + 1, 2 * _BAR)
    at = starts[:, None] + np.arange((N_BEFORE + 2) * _BAR)
    place = np.arange(n_steps) % _BAR
    return Phrases(
        role, symbols[at], pitch[at], place[at], root[at], tonic[at], fitting[at], N_BEFORE * _BAR
    )


def _consonances(
    pitch: dict[Role, IntTable], is_held: dict[Role, npt.NDArray[np.bool_]]
) -> npt.NDArray[np.float64]:
    """Share of each phrase's melody onsets over a sounding bass that are consonant; NaN if none."""
    sounding = np.full(len(pitch["bass"]), -1)
    now = -1
    for step, (started, held) in enumerate(zip(pitch["bass"], is_held["bass"], strict=True)):
        now = int(started) if started >= 0 else now if held else -1
        sounding[step] = now
    over = (pitch["melody"] >= 0) & (sounding >= 0)
    fits = over & np.isin((pitch["melody"] - sounding) % 12, CONSONANT)
    bars = slice(N_BEFORE * _BAR, None)
    n_over, n_fits = (a[bars].reshape(-1, 2 * _BAR).sum(axis=1) for a in (over, fits))
    return np.where(n_over > 0, n_fits / np.maximum(1, n_over), np.nan)


def _judged(songs: list[_Song], alpha: float, assessors: dict[Role, Assessor]) -> Live:
    scores: dict[str, npt.NDArray[np.float64]] = {}
    in_key: dict[str, float] = {}
    for role in ROLES:
        parts = assessors[role].parts(Phrases.joined([song.phrases[role] for song in songs]))
        scores[role] = parts["S"]
        if role != "drums":
            in_key[role] = float(parts["scale"].mean())
    consonance = np.concatenate([song.consonance for song in songs])
    together = np.where(
        np.isfinite(consonance), np.minimum(1.0, consonance / _REAL_CONSONANCE), 1.0
    )
    return Live(
        alpha,
        songs[0].reached,
        {**{role: float(s.mean()) for role, s in scores.items()},
         "band": float(band_score(scores, together).mean())},
        {role: float(np.mean([song.divergence[role] for song in songs])) for role in ROLES},
        in_key,
        float(np.nanmean(consonance)),
    )  # fmt: skip


def band_table(live: list[Live]) -> Table:
    """One row per alpha."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.alpha,
            *(one.scores[name] for name in (*ROLES, "band")),
            *(one.reached[role] for role in ROLES),
            *(one.divergence[role] for role in ROLES),
            *(one.in_key[role] for role in ("melody", "bass")),
            one.consonance,
        )
        for one in live
    ]
    columns = (
        "alpha", *(f"S, {name}" for name in (*ROLES, "band")),
        *(f"reached, {role}" for role in ROLES), *(f"KL, {role}" for role in ROLES),
        "in key, melody", "in key, bass", "consonance",
    )  # fmt: skip
    return Table("band", "The shipped bots live, all three steered together", columns, tuple(rows))
