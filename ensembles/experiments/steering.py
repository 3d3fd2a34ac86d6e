"""How far the fader reaches: every way of steering, alpha by alpha, on pieces nothing learned from.

The ways are learned on the validation pieces, which the novelty model did not count and the
networks were not trained on, and measured on the test pieces. What was learned and measured is
kept in the run's folder, so that a run that was interrupted goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import stats

from creativity.learning.arms import ARMS, Comparison, Measured, Sizes, compare_arms
from creativity.learning.making import score_of
from creativity.learning.material import material_of
from creativity.learning.measuring import ALPHAS, Curve, slopes
from creativity.learning.school import LEAST, MOST
from creativity.learning.straight import StraightLesson
from creativity.learning.training import Lesson
from ensembles.experiments.base import Cell, ExperimentResult, ExperimentSettings, Plot, Table
from ensembles.experiments.intervals import interval_of_mean
from ensembles.experiments.likelihood import TINY
from ensembles.experiments.steering_band import band_table, played_live
from ensembles.experiments.steering_plots import PAPER, curves, factors
from ensembles.experiments.tiny_corpus import write_tiny_corpus
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.vocabulary import ROLES, Role
from musebots.training.report import SETTINGS
from musebots.training.train import train

__all__ = ["run", "slope_asked"]

CRITIC_UNITS, CRITIC_EPOCHS, CRITIC_SEED = 128, 3, 7
QUICK = Sizes(
    n_seeds=1, n_prefixes=2,
    lesson=Lesson(n_updates=1, n_beginnings=1, n_each=2, n_refreshed=2),
    straight=StraightLesson(n_rounds=1, n_updates=1, batch_size=2, n_refreshed=2),
    n_more=2, n_epochs=1, width=4, is_trial=True,
)  # fmt: skip
QUICK_ARMS = ("NN", "vector, tuned", "best of 2")
_JUDGES = ("S", "A", "B")
_KEPT = ("KL", "own", "critic", "scale", "metre", "silence", "copies")

Floats = npt.NDArray[np.float64]


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Learn, measure, tabulate, draw."""
    sizes = QUICK if settings.is_quick else Sizes()
    arms = QUICK_ARMS if settings.is_quick else ARMS
    events = (
        write_tiny_corpus(settings.folder / "tiny", seed=settings.seed)
        if settings.is_quick
        else settings.corpus("events")
    )
    found: dict[Role, Comparison] = {}
    for index, role in enumerate(ROLES):
        found[role] = _compared(role, events, settings, sizes, arms, index)
    settings.progress(0.95, "the band, live")
    live = played_live(settings, n_songs=1 if settings.is_quick else 12)
    return ExperimentResult(
        tables=(
            _summary(found),
            _by_alpha(found),
            _kept(found),
            _differences(found),
            _factors(found),
            _sensitivity(found),
            band_table(live),
            _paper(),
        ),
        plots=tuple(
            Plot(f"steering-{role}", f"{role}: mean scores against alpha", curves(role, one))
            for role, one in found.items()
        )
        + tuple(
            Plot(
                f"factors-{role}", f"{role}: how factors change with alpha, NN, seed 0",
                factors(one), (9.0, 6.0),
            )
            for role, one in found.items()
        ),
        notes=NOTES,
        parameters={
            "prefixes": sizes.n_prefixes,
            "seeds of NN and vector": sizes.n_seeds,
            "seeds of the other ways": sizes.n_seeds_of_others,
            "updates": sizes.lesson.n_updates,
            "corpus": "synthetic, for a trial of the code" if settings.is_quick else "events",
        },
    )  # fmt: skip


NOTES = (
    "The first NN is the shipped one; the others, and the vectors, differ from it in their seed. "
    "Both are told where the phrase stands and what each token would be worth, and learn from S "
    "itself, by reward; 'not told' learns so from the hidden state alone. 'Straight through' "
    "learns through the assessor, held by the divergence and with a refreshed assessor; as "
    "published, with one of these repairs alone, with noise rewarded and of the style are variants "
    "of that one.",
    "S: novelty times value, the proxy; nobody listened. A: the network that predicts S, as it was "
    "refreshed with phrases that this way steered. B: a bystander, a smaller network of another "
    "seed that hears no bits and learned from unsteered music alone.",
    "Slope: least squares of the mean over prefixes against alpha; 1 is asked of each phrase, but "
    "S ends at 0 and 1: slope asked is that of a way that does just what is asked. Interval: "
    "Student's t over seeds. Monotone: share of the ten steps between alphas at which the mean "
    "rises; per prefix: mean rank correlation of S with alpha.",
    "Goodhart gap: slope of A less slope of S.",
    "KL: nats a step between what was played from and what the unsteered network would have played "
    "from in the same state, after the same notes (exact). own, critic: nats a step of what was "
    "played, under the network itself and under a third network, trained on the corpus with "
    "another seed and size. x: over its value at alpha 0.",
    "Simulated: the networks as trained, at the bots' temperature and nucleus, within their "
    "instruments' ranges; those that are told with the lock of the key, as live; without the "
    "leanings of a band (density, breath, motifs). 'Band' is "
    "live: the shipped bots with all of that, in lockstep on usual progressions.",
    "The seed's step of the style is divided by 1000; here it is not, and the divergence holds it.",
    "The paper's curves are read off its figure 1 (+-.003); one curve each, for images.",
)


def _compared(
    role: Role,
    events: Path,
    settings: ExperimentSettings,
    sizes: Sizes,
    arms: Sequence[str],
    index: int,
) -> Comparison:
    def tell(share: float, what: str) -> None:
        settings.progress((index + share) / len(ROLES) * 0.95, what)

    critic = settings.folder / f"{role}.critic.safetensors"
    if not critic.exists():
        tell(0.0, f"{role}, critic")
        critic_settings = replace(SETTINGS[role], n_units=CRITIC_UNITS, n_epochs=CRITIC_EPOCHS)
        train(
            role, events, critic, seed=CRITIC_SEED,
            settings=TINY if settings.is_quick else critic_settings,
        )  # fmt: skip
    material = material_of(shipped_checkpoint(role), events)
    return compare_arms(
        material, score_of(material, seed=settings.seed), settings.folder / "arms" / role, sizes,
        critic=critic, arms=arms, on_progress=tell,
    )  # fmt: skip


def _of_arm(comparison: Comparison, arm: str) -> list[Measured]:
    return [one for one in comparison.measured if one.arm == arm]


def _arms(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(one.arm for one in comparison.measured))


def _slopes(measured: Sequence[Measured], name: str) -> list[tuple[float, float]]:
    return [slopes(one.curve.alphas, one.curve.mean(name)) for one in measured]


def _mean(values: Sequence[float]) -> float | None:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else None


def slope_asked(curve: Curve) -> float:
    """The slope of who does just what is asked: S at 0 plus alpha, as far as S goes (0..1).

    Examples
    --------
    >>> alphas = (-0.5, -0.25, 0.0, 0.25, 0.5)
    >>> at_all = np.repeat([[0.0, 0.5, 1.0]], 5, axis=0)  # two of three phrases are at an end
    >>> round(slope_asked(Curve(alphas, {"S": at_all})), 2)
    0.64
    """
    at_0 = curve.values["S"][curve.alphas.index(0.0)]
    means = [float(np.clip(at_0 + alpha, LEAST, MOST).mean()) for alpha in curve.alphas]
    return slopes(curve.alphas, np.array(means))[0]


def _extreme(
    measured: Sequence[Measured], name: str, of: Callable[[Floats], float]
) -> float | None:
    """Mean over seeds of the extreme over alphas of a mean over prefixes."""
    there = [one for one in measured if name in one.curve.values]
    return _mean([float(of(one.curve.mean(name))) for one in there])


def _summary(found: Mapping[Role, Comparison]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    middle = ALPHAS.index(0.0)
    for role, comparison in found.items():
        for arm in _arms(comparison):
            measured = _of_arm(comparison, arm)
            of_s, of_a, of_b = (_slopes(measured, name) for name in _JUDGES)
            low, high = interval_of_mean([whole for whole, _ in of_s])
            rising = [float((np.diff(one.curve.mean("S")) > 0).mean()) for one in measured]
            spread = [
                float(np.nanmax(np.abs(one.diversity[:, 0] / one.diversity[middle, 0] - 1)))
                for one in measured
                if one.diversity[middle, 0] > 0
            ]
            noise = [float(np.nanmean(one.diversity[[0, -1], 1])) for one in measured
                     if np.isfinite(one.diversity).any()]  # fmt: skip
            rows.append(
                (
                    role, arm, len(measured), _mean([w for w, _ in of_s]), low, high,
                    _mean([slope_asked(one.curve) for one in measured]),
                    _mean([m for _, m in of_s]), _mean([w for w, _ in of_a]),
                    _mean([a[0] - s[0] for a, s in zip(of_a, of_s, strict=True)]),
                    _mean([w for w, _ in of_b]), _mean(rising),
                    _mean([_rank_correlation(one) for one in measured]),
                    _extreme(measured, "KL", np.max),
                    _extreme(measured, "critic", lambda v: v.max() / v[middle]),
                    _extreme(measured, "own", lambda v: v.max() / v[middle]),
                    _extreme(measured, "scale", np.min), _extreme(measured, "metre", np.min),
                    _extreme(measured, "silence", np.max), _mean(spread), _mean(noise),
                    _extreme(measured, "copies", np.max),
                )
            )  # fmt: skip
    columns = (
        "role", "way", "seeds", "slope of S", "95 % low", "95 % high", "slope asked",
        "slope within .3", "slope of A", "Goodhart gap", "slope of B", "monotone", "per prefix",
        "largest KL", "largest critic x", "largest own x", "least scale", "least metre",
        "most silence", "diversity change", "apart by noise", "most copies",
    )  # fmt: skip
    return Table("summary", "Every way of steering", columns, tuple(rows))


def _rank_correlation(one: Measured) -> float:
    """Mean over prefixes of Spearman's correlation of S with alpha."""
    values = one.curve.values["S"]
    ranks = np.apply_along_axis(stats.rankdata, 0, values)
    alphas = stats.rankdata(one.curve.alphas)
    known = ranks.std(axis=0) > 0
    apart = ranks[:, known] - ranks[:, known].mean(axis=0)
    wanted = (alphas - alphas.mean())[:, None]
    norms = np.sqrt((apart**2).sum(axis=0) * (wanted**2).sum())
    return float(((apart * wanted).sum(axis=0) / norms).mean()) if known.any() else float("nan")


def _over_seeds(measured: Sequence[Measured], name: str) -> Floats | None:
    """Mean over seeds of the means over prefixes, (n_alphas,)."""
    there = [one.curve.mean(name) for one in measured if name in one.curve.values]
    return np.mean(there, axis=0) if there else None


def _by_alpha(found: Mapping[Role, Comparison]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, comparison in found.items():
        for arm in _arms(comparison):
            measured = _of_arm(comparison, arm)
            for name in _JUDGES:
                means = _over_seeds(measured, name)
                if means is not None:
                    rows.append((role, arm, name, *map(float, means)))
    columns = ("role", "way", "score", *(f"{alpha:+.1f}" for alpha in ALPHAS))
    return Table("by-alpha", "Mean score against alpha, over seeds", columns, tuple(rows))


def _kept(found: Mapping[Role, Comparison]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for role, comparison in found.items():
        for arm in _arms(comparison):
            measured = _of_arm(comparison, arm)
            for name in _KEPT:
                means = _over_seeds(measured, name)
                if means is not None:
                    rows.append((role, arm, name, *map(float, means)))
            spread = np.mean([one.diversity for one in measured], axis=0)
            for column, name in enumerate(("diversity, chance", "diversity, noise")):
                if np.isfinite(spread[:, column]).any():
                    rows.append((role, arm, name, *map(float, spread[:, column])))
    columns = ("role", "way", "what", *(f"{alpha:+.1f}" for alpha in ALPHAS))
    return Table("kept", "What stays music, against alpha, over seeds", columns, tuple(rows))


def _differences(found: Mapping[Role, Comparison]) -> Table:
    """The NN against the tuned vector, seed by seed."""
    rows: list[tuple[Cell, ...]] = []
    for role, comparison in found.items():
        network, vector = (_of_arm(comparison, arm) for arm in ("NN", "vector, tuned"))
        pairs = list(zip(_slopes(network, "S"), _slopes(vector, "S"), strict=False))
        whole = [n[0] - v[0] for n, v in pairs]
        middle = [n[1] - v[1] for n, v in pairs]
        critics = [
            float(v.curve.mean("critic").max() - n.curve.mean("critic").max())
            for n, v in zip(network, vector, strict=False)
        ]
        for name, values in (
            ("slope of S", whole),
            ("slope within .3", middle),
            ("largest critic, vector less NN", critics),
        ):
            low, high = interval_of_mean(values)
            rows.append((role, name, len(values), _mean(values), low, high))
    columns = ("role", "NN less vector", "seeds", "difference", "95 % low", "95 % high")
    return Table("differences", "NN against the tuned vector", columns, tuple(rows))


def _factors(found: Mapping[Role, Comparison]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    middle = ALPHAS.index(0.0)
    for role, comparison in found.items():
        measured = _of_arm(comparison, "NN")
        skipped = {*_JUDGES, *_KEPT, "W", "V", "run"}
        names = [name for name in measured[0].curve.values if name not in skipped]
        for name in names:
            means = _over_seeds(measured, name)
            if means is not None:
                at_0 = float(means[middle])
                rows.append((role, name, at_0, *(_change(float(v), at_0) for v in means)))
    columns = ("role", "factor", "at 0", *(f"{alpha:+.1f}" for alpha in ALPHAS))
    return Table(
        "factors", "Factors, (x(a) - x(0)) / x(0): NN, over seeds", columns, tuple(rows)
    )  # fmt: skip


def _change(value: float, at_0: float) -> float | None:
    return (value - at_0) / at_0 if at_0 else None


def _sensitivity(found: Mapping[Role, Comparison]) -> Table:
    rows = tuple(
        (role, *row) for role, comparison in found.items() for row in comparison.sensitivity
    )
    columns = ("role", "low corner, quantile", "high corner, quantile", "mean S at 0", "slope of S")
    return Table(
        "sensitivity", "Had the corners of W been other quantiles: NN, seed 0", columns, rows
    )  # fmt: skip


def _paper() -> Table:
    rows: list[tuple[Cell, ...]] = [
        (name, *values, slopes(ALPHAS, np.array(values))[0]) for name, values in PAPER.items()
    ]
    columns = ("curve", *(f"{alpha:+.1f}" for alpha in ALPHAS), "slope")
    return Table("paper", "The paper's own two curves, for images", columns, tuple(rows))
