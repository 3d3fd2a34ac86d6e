"""What a way of steering does to music, alpha by alpha. Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from creativity.assessor.score import Score, bits_with_before
from creativity.learning.assessing import Assessor, assessed
from creativity.learning.critic import Critic
from creativity.learning.directions import Direction, turned
from creativity.learning.leading import Leading, noise_per_bar
from creativity.learning.played import Played, Start
from creativity.learning.school import chance, divergence
from creativity.learning.simulation import Simulator
from musebots.novelty.phrases import Phrases

__all__ = [
    "ALPHAS",
    "Bench",
    "Curve",
    "Way",
    "copy_rates",
    "diversity",
    "equal_kl_scale",
    "factors",
    "fragments_of",
    "slopes",
]

ALPHAS = tuple(round(-0.5 + 0.1 * k, 1) for k in range(11))
_MIDDLE = 0.31

Floats = npt.NDArray[np.float64]
Way = Callable[[Start, Tensor, float, int], Played]
"""Plays from starts, with given chance, at an alpha, with noise of a seed."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One way of steering at every alpha.

    Parameters
    ----------
    alphas : tuple of float
    values : dict of str to array
        (n_alphas, n_prefixes) each: ``S``, ``A``, ``B`` (an assessor that no steering was learned
        from), ``KL`` and ``own`` (nats a step under the unsteered network), ``critic`` (nats a
        step under a third network), and the factors.
    """

    alphas: tuple[float, ...]
    values: dict[str, Floats]

    def mean(self, name: str) -> Floats:
        """Over those prefixes where it is defined, (n_alphas,); NaN where it is for none."""
        values = self.values[name]
        known = np.isfinite(values)
        n_known = known.sum(axis=1)
        total = np.where(known, values, 0.0).sum(axis=1)
        return np.where(n_known > 0, total / np.maximum(1, n_known), np.nan)


def slopes(alphas: Sequence[float], means: Floats) -> tuple[float, float]:
    """Least-squares slope over all alphas, and over those within +-.3."""
    a = np.array(alphas)
    middle = np.abs(a) < _MIDDLE
    return (
        float(np.polyfit(a, means, 1)[0]),
        float(np.polyfit(a[middle], means[middle], 1)[0]),
    )


@dataclass(frozen=True, eq=False)
class Bench:
    """Prefixes, chance and judges that every way of steering is measured with.

    Parameters
    ----------
    simulator : Simulator
    starts : Start
    uniform : Tensor
        The same chance at every alpha.
    score : Score
    assessor : Assessor
        A as it was before any steering.
    bystander : Assessor
        Another network that learned S, of another seed and size, and from unsteered music alone.
    critic : Critic or None
        A third network, trained on the corpus, to say how likely the music is.
    seed : int
        Of the noise.
    known : frozenset
        What is in the training pieces, note for note: see `fragments_of`.
    """

    simulator: Simulator
    starts: Start
    uniform: Tensor
    score: Score
    assessor: Assessor
    bystander: Assessor
    critic: Critic | None
    seed: int = 0
    known: frozenset[tuple[int, ...]] = frozenset()

    def of_direction(self, direction: Direction) -> Way:
        """Turning the readout."""

        def play(starts: Start, uniform: Tensor, alpha: float, seed: int) -> Played:
            generator = torch.Generator().manual_seed(seed)
            noise = noise_per_bar(len(starts), direction.n_noise, generator)
            at = torch.full((len(starts), 1), alpha)
            steer = Leading(self.simulator, self.score, direction, starts, at, noise)
            return self.simulator.play(starts, uniform, steer=steer)

        return play

    def of_temperature(self, rate: float) -> Way:
        """Playing at the temperature ``exp(rate a)`` times the usual one."""

        def play(starts: Start, uniform: Tensor, alpha: float, seed: int) -> Played:
            warm = self.simulator.temperature * float(np.exp(rate * alpha))
            return self.simulator.play(starts, uniform, temperature=warm)

        return play

    def best_of(self, n: int, assessor: Assessor, way: Way | None = None) -> Way:
        """Of `n` continuations the one whose A is nearest to the first unsteered one's plus alpha.

        The first of them uses the given chance; with `way` they are steered themselves.
        """
        pools: dict[int, list[Played]] = {}  # unsteered ones serve every alpha

        def drawn(starts: Start, uniform: Tensor, alpha: float, seed: int) -> list[Played]:
            generator = torch.Generator().manual_seed(seed + 17)
            tried = []
            for index in range(n):
                by = uniform if index == 0 else chance(len(starts), self.simulator, generator)
                if way is None:
                    tried.append(self.simulator.play(starts, by))
                else:
                    tried.append(way(starts, by, alpha, seed))
            return tried

        def play(starts: Start, uniform: Tensor, alpha: float, seed: int) -> Played:
            plain = self.simulator.play(starts, uniform)
            wanted = np.clip(self.verdicts(assessor, plain.phrases) + alpha, 0.02, 0.98)
            if alpha == 0.0:
                return plain
            if way is None and seed not in pools:
                pools[seed] = drawn(starts, uniform, alpha, seed)
            tried = pools[seed] if way is None else drawn(starts, uniform, alpha, seed)
            off = np.stack([np.abs(self.verdicts(assessor, p.phrases) - wanted) for p in tried])
            return _chosen(tried, off.argmin(axis=0))

        return play

    def verdicts(self, assessor: Assessor, phrases: Phrases) -> Floats:
        """A of phrases, (n_phrases,)."""
        return assessed(assessor, phrases, bits_with_before(self.score.novelty, phrases))

    def curve(
        self,
        way: Way,
        *,
        is_exact: bool = True,
        assessor: Assessor | None = None,
        alphas: Sequence[float] = ALPHAS,
    ) -> Curve:
        """Measure a way, and its divergence if it is exact; `assessor` is the refreshed A."""
        rows: dict[str, list[Floats]] = {}
        for alpha in alphas:
            played = way(self.starts, self.uniform, alpha, self.seed)
            for name, values in self._judged(played, assessor, is_exact=is_exact).items():
                rows.setdefault(name, []).append(values)
        return Curve(tuple(alphas), {name: np.stack(values) for name, values in rows.items()})

    def _judged(
        self, played: Played, assessor: Assessor | None, *, is_exact: bool
    ) -> dict[str, Floats]:
        phrases = played.phrases
        bits = bits_with_before(self.score.novelty, phrases)
        found = dict(self.score.parts(phrases, bits))
        found["A"] = assessed(assessor or self.assessor, phrases, bits)
        found["B"] = assessed(self.bystander, phrases, bits)
        found |= self._likelihoods(played, is_exact=is_exact)
        if self.known:
            found["copies"] = copy_rates(phrases, self.known)
        return found | factors(phrases)

    @torch.no_grad()
    def _likelihoods(self, played: Played, *, is_exact: bool) -> dict[str, Floats]:
        plain = played.hidden
        if played.is_shifted:
            plain = self.simulator.hear(played.features, self.starts.hidden)
        log_q = torch.log_softmax(self.simulator.logits(plain), dim=-1)
        own = -log_q.gather(2, played.tokens[:, :, None])[..., 0].mean(dim=1)
        found = {"own": own.double().numpy()}
        if is_exact:
            log_p = torch.log_softmax(played.logits, dim=-1)
            found["KL"] = divergence(log_p, log_q).mean(dim=1).double().numpy()
        if self.critic is not None:
            found["critic"] = self.critic.nats_a_step(self.starts, played)
        return found


def _chosen(tried: Sequence[Played], index: npt.NDArray[np.intp]) -> Played:
    """For each phrase, the one of `tried` that `index` names."""
    rows = np.arange(len(index))

    def picked(name: str) -> Tensor:
        stacked = torch.stack([getattr(played, name) for played in tried])
        return stacked[torch.from_numpy(index), torch.from_numpy(rows)]

    symbols = np.stack([played.phrases.symbols for played in tried])[index, rows]
    pitch = np.stack([played.phrases.pitch for played in tried])[index, rows]
    phrases = tried[0].phrases.with_symbols(symbols, pitch)
    return Played(
        picked("tokens"), picked("hidden"), picked("features"), picked("logits"),
        picked("allowed"), phrases,
    )  # fmt: skip


def factors(phrases: Phrases) -> dict[str, Floats]:
    """What steering changes, in the place of redness and object size, (n_phrases,) each."""
    judged = phrases.judged
    onset = phrases.is_onset[:, judged]
    found = {
        "notes": onset.sum(axis=1) / (onset.shape[1] / phrases.steps_per_bar),
        "off-beat notes": _share(onset & (phrases.step_in_bar[:, judged] % 4 > 0), onset),
        "bar repetition": _bar_similarity(phrases),
    }
    if phrases.role == "drums":
        masks = phrases.symbols[:, judged]
        hits = ((masks[..., None] >> np.arange(9)) & 1).sum(axis=2)
        found["hits"] = hits.sum(axis=1) / (onset.shape[1] / phrases.steps_per_bar)
        found["polyphony"] = hits.sum(axis=1) / np.maximum(1, onset.sum(axis=1))
        found["different strokes"] = _n_different(masks, onset)
        return found
    pitch = phrases.pitch[:, judged]
    found |= _melodic(pitch, onset)
    found["chord or key"] = _fits(phrases)
    return found


def _share(some: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> Floats:
    return np.asarray(some.sum(axis=1) / np.maximum(1, of.sum(axis=1)), dtype=np.float64)


def _fits(phrases: Phrases) -> Floats:
    onset = phrases.is_onset[:, phrases.judged]
    classes = phrases.pitch[:, phrases.judged] % 12
    fits = (phrases.fitting[:, phrases.judged] >> classes) & 1
    return _share(onset & fits.astype(bool), onset)


def _bar_similarity(phrases: Phrases) -> Floats:
    """Share of steps of the last bar that are those of the bar before."""
    bar = phrases.steps_per_bar
    last, before = phrases.symbols[:, -bar:], phrases.symbols[:, -2 * bar : -bar]
    return np.asarray((last == before).mean(axis=1))


def _n_different(symbols: npt.NDArray[np.integer], onset: npt.NDArray[np.bool_]) -> Floats:
    rows = zip(symbols, onset, strict=True)
    return np.array([len(set(row[mask].tolist())) for row, mask in rows], dtype=np.float64)


def _melodic(pitch: npt.NDArray[np.integer], onset: npt.NDArray[np.bool_]) -> dict[str, Floats]:
    """Mean pitch, range, pitches used, entropy of pitch classes, interval, time between onsets."""
    columns: dict[str, list[float]] = {
        name: []
        for name in (
            "mean pitch", "pitch range", "different pitches", "pitch-class entropy",
            "mean interval", "steps between notes",
        )
    }  # fmt: skip
    for row, mask in zip(pitch, onset, strict=True):
        notes, at = row[mask], np.flatnonzero(mask)
        counts = np.bincount(notes % 12, minlength=12)
        shares = counts[counts > 0] / max(1, counts.sum())
        values = (
            notes.mean() if len(notes) else np.nan,
            np.ptp(notes) if len(notes) else np.nan,
            len(set(notes.tolist())),
            -(shares * np.log2(shares)).sum(),
            np.abs(np.diff(notes)).mean() if len(notes) > 1 else np.nan,
            np.diff(at).mean() if len(notes) > 1 else np.nan,
        )
        for column, value in zip(columns.values(), values, strict=True):
            column.append(float(value))
    return {name: np.array(column) for name, column in columns.items()}


def diversity(
    bench: Bench, play: Callable[[Tensor, int], Phrases], *, n_each: int = 6
) -> tuple[float, float]:
    """How different the phrases are that come from one prefix: mean share of steps that differ.

    Parameters
    ----------
    play : callable
        From chance and a seed for the noise to phrases.

    Returns
    -------
    tuple of float
        With fresh chance each time, and with the same chance but fresh noise.
    """
    generator = torch.Generator().manual_seed(bench.seed + 5)
    sampled = [
        play(chance(len(bench.starts), bench.simulator, generator), bench.seed)
        for _ in range(n_each)
    ]
    noised = [play(bench.uniform, bench.seed + 1 + k) for k in range(n_each)]
    return _apart(sampled), _apart(noised)


def _apart(phrases: Sequence[Phrases]) -> float:
    judged = phrases[0].judged
    symbols = [one.symbols[:, judged] for one in phrases]
    pairs = [(i, j) for i in range(len(symbols)) for j in range(i)]
    return float(np.mean([(symbols[i] != symbols[j]).mean() for i, j in pairs]))


def equal_kl_scale(bench: Bench, direction: Direction, wanted: float) -> float:
    """By how much to stretch a direction so that its mean divergence at +-.5 is `wanted`."""
    low, high = 0.0, 64.0
    for _ in range(12):
        middle = (low + high) / 2
        found = np.mean([_divergence_at(bench, direction, middle * a) for a in (-0.5, 0.5)])
        low, high = (middle, high) if found < wanted else (low, middle)
    return (low + high) / 2


@torch.no_grad()
def _divergence_at(bench: Bench, direction: Direction, alpha: float) -> float:
    """Along the unsteered states: quick, and near enough to choose a scale by."""
    played = bench.simulator.play(bench.starts, bench.uniform)
    hidden = played.hidden
    noise = torch.zeros(*hidden.shape[:2], direction.n_noise)
    seen = turned(hidden, direction(hidden, noise), torch.tensor(alpha))
    log_p = torch.log_softmax(bench.simulator.logits(seen), dim=-1)
    log_q = torch.log_softmax(bench.simulator.logits(hidden), dim=-1)
    return float(divergence(log_p, log_q).mean())


def copy_rates(phrases: Phrases, known: frozenset[tuple[int, ...]]) -> Floats:
    """Share of each phrase's fragments that are in `known`, (n_phrases,); NaN where it has none."""
    found = []
    for index in range(len(phrases)):
        fragments = fragments_of(phrases.taken(slice(index, index + 1)))
        found.append(np.mean([f in known for f in fragments]) if fragments else np.nan)
    return np.array(found, dtype=np.float64)


def fragments_of(phrases: Phrases, n_notes: int = 8) -> list[tuple[int, ...]]:
    """Runs of notes as intervals and times between onsets; of drums, bars. See `melodic_ngrams`."""
    judged, bar = phrases.judged, phrases.steps_per_bar
    if phrases.role == "drums":
        n_bars = phrases.symbols[:, judged].shape[1] // bar
        bars = phrases.symbols[:, judged][:, : n_bars * bar].reshape(-1, bar)
        return [tuple(row.tolist()) for row in bars if row.any()]
    found: list[tuple[int, ...]] = []
    for row, mask in zip(phrases.pitch[:, judged], phrases.is_onset[:, judged], strict=True):
        moves = np.column_stack([np.diff(row[mask]), np.diff(np.flatnonzero(mask))])
        n_runs = int(mask.sum()) - n_notes + 1
        found += [tuple(moves[i : i + n_notes - 1].ravel().tolist()) for i in range(max(0, n_runs))]
    return found
