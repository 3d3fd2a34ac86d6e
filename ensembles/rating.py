"""Asking listeners: pairs of clips with one beginning, steered and not; what came of it.

Of each pair it is asked which clip is more creative, and which one would rather hear on. What is
asked stands in a sheet that says nothing of the clips; what each of them is stands in the key. A
tenth of the pairs comes twice, the other way round.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from creativity.assessor.assessor import load_assessor
from creativity.assessor.preferences import Pairs, Trust, fit_preference, pairs_of, trust_in
from creativity.assessor.ratings import (
    COLUMNS,
    QUESTIONS,
    Rating,
    add_ratings,
    read_ratings,
    read_sheet,
)
from creativity.assessor.taste import FEATURES, Taste
from ensembles.config import parse_piece
from ensembles.experiments.performing import Performance, perform
from ensembles.rendering import render
from musebots.errors import ConfigError
from musebots.files import write_whole
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import ROLES

__all__ = ["Export", "export_pairs", "fit_taste", "report_ratings"]

FADERS = (-1.0, -0.5, 0.5, 1.0)
"""Against 0, with the same beginning and the same chance."""
N_BEFORE, N_STEERED = 4, 4
_REPEATED_SHARE = 0.1
_CHORDS = ("C | Am | F | G", "Am | F | C | G", "Dm7 | G7 | C | Am", "F | C | Dm | Bb")


@dataclass(frozen=True, slots=True)
class Export:
    """What was written."""

    sheet: Path
    key: Path
    n_lines: int
    n_clips: int


def export_pairs(folder: Path, *, n_pairs: int, seed: int, with_sound: bool = False) -> Export:
    """Write clips, the sheet to fill in, and the key.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made a folder: {error}; give another") from error
    rng = np.random.default_rng([seed, 11])
    key: dict[str, dict[str, Any]] = {}
    lines: list[tuple[str, str]] = []
    for number in range(n_pairs):
        fader = FADERS[number % len(FADERS)]
        own_seed = int(rng.integers(2**31))
        pair = []
        for value in (0.0, fader):
            name, about = _clip(folder, number, value, own_seed, with_sound)
            key[name] = about
            pair.append(name)
        lines.append((pair[0], pair[1]) if rng.random() < 0.5 else (pair[1], pair[0]))
    n_again = round(_REPEATED_SHARE * n_pairs)
    again = [lines[i] for i in rng.choice(n_pairs, n_again, replace=False)]
    lines += [(second, first) for first, second in again]
    lines = [lines[i] for i in rng.permutation(len(lines))]
    sheet, key_file = folder / "sheet.csv", folder / "key.json"
    with sheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            ("", question, first, second, "") for first, second in lines for question in QUESTIONS
        )
    write_whole(key_file, (json.dumps(key, indent=1, sort_keys=True) + "\n").encode())
    return Export(sheet, key_file, len(lines), len(key))


def _clip(
    folder: Path, number: int, fader: float, seed: int, with_sound: bool
) -> tuple[str, dict[str, Any]]:
    """Eight bars, of which the last four are steered; its blind name, and what it is."""
    chords = _CHORDS[number % len(_CHORDS)]
    text = (
        'title = "To be rated"\nkey = "C major"\ncount_in_bars = 0\nform = ["A", "B"]\n'
        f'[[section]]\nname = "A"\nchords = "{chords}"\n'
        f'[[section]]\nname = "B"\nchords = "{chords}"\nfader = {fader}\n'
    )
    text += "".join(f'[[bot]]\nid = "{role}"\nrole = "{role}"\n' for role in ROLES)
    piece = parse_piece(text, source="rating")
    name = "clip-" + hashlib.sha256(f"{number}|{fader}|{seed}".encode()).hexdigest()[:10]
    wav = folder / f"{name}.wav" if with_sound else None
    render(piece, seed=seed, midi_path=folder / f"{name}.mid", wav_path=wav)
    played = perform(piece, seed=seed)
    about = {"pair": number, "fader": fader, "seed": seed, "features": _features(played)}
    return name, about


def _features(played: Performance) -> list[float]:
    """`FEATURES` of the steered bars: means over the three bots and their phrases of two bars."""
    rows = []
    for role in ROLES:
        phrases = [
            Phrases.of_part(role, played.parts[role], played.harmony, first_bar=bar)
            for bar in range(N_BEFORE, N_BEFORE + N_STEERED, 2)
        ]
        parts = load_assessor(role).parts(Phrases.joined(phrases))
        rows.append([float(parts[name].mean()) for name in FEATURES])
    return [round(float(value), 6) for value in np.mean(rows, axis=0)]


def _known(key: Path) -> tuple[dict[str, int], npt.NDArray[np.float64], list[float]]:
    """Clips by name, their features, their faders."""
    try:
        about: Mapping[str, Any] = json.loads(key.read_text(encoding="utf-8"))
        names = sorted(about)
        features = np.array([about[name]["features"] for name in names], dtype=np.float64)
        faders = [float(about[name]["fader"]) for name in names]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{key} cannot be read as a key ({error}): give the key.json of 'rate export'"
        ) from error
    if features.ndim != 2 or features.shape[1] != len(FEATURES):
        raise ConfigError(f"{key} is no key of this version: make one with 'musebots rate export'")
    return {name: index for index, name in enumerate(names)}, features, faders


def fit_taste(
    sheets: Sequence[Path], database: Path, key: Path, out: Path, *, seed: int
) -> dict[str, dict[str, Any]]:
    """Add sheets to the table, learn from all of it, write the tastes; the trust in each.

    Returns
    -------
    dict of str to dict
        `Trust` as plain values, by question.

    Raises
    ------
    ConfigError
        If a sheet, the table or the key cannot be used.
    """
    for sheet in sheets:
        add_ratings(database, read_sheet(sheet), sheet=str(sheet))
    clips, features, _ = _known(key)
    ratings = read_ratings(database)
    trusts, questions = {}, {}
    for question in QUESTIONS:
        pairs, trust = _asked(question, ratings, clips, features, seed)
        trusts[question] = _plain(asdict(trust))
        questions[question] = {"trust": trusts[question], **_taste(features, pairs, trust)}
    content = {"features": FEATURES, "questions": questions}
    write_whole(out, (json.dumps(content, indent=1) + "\n").encode())
    return trusts


def _asked(
    question: str,
    ratings: Sequence[Rating],
    clips: Mapping[str, int],
    features: npt.NDArray[np.float64],
    seed: int,
) -> tuple[Pairs, Trust]:
    """The answers to a question, and the trust in what can be learned from them."""
    pairs = pairs_of([rating for rating in ratings if rating.question == question], clips)
    return pairs, trust_in(features, pairs, rng=np.random.default_rng([seed, 12]))


def _taste(features: npt.NDArray[np.float64], pairs: Pairs, trust: Trust) -> dict[str, Any]:
    if not len(pairs):
        return {}
    found = fit_preference(features, pairs)
    taste = Taste(
        trust.weight, tuple(found.weights.tolist()), tuple(found.mean.tolist()),
        tuple(found.spread.tolist()), trust.n_ratings, trust.n_listeners,
    )  # fmt: skip
    return {**taste.to_values(), "order_bias": found.order_bias, "tie": found.tie}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in values.items()}


def report_ratings(database: Path, key: Path, *, seed: int) -> dict[str, Any]:
    """What was answered, how often the steered clip was chosen at each fader, and w, by question.

    Raises
    ------
    ConfigError
        If the table or the key cannot be used.
    """
    clips, features, faders = _known(key)
    ratings = read_ratings(database)
    lines, questions = [f"{len(ratings)} answers"], {}
    for question in QUESTIONS:
        pairs, trust = _asked(question, ratings, clips, features, seed)
        curve = _human_curve(pairs, faders)
        questions[question] = {"trust": _plain(asdict(trust)), "curve": curve}
        name = "machine proxy" if not trust.weight else "listeners and proxy"
        lines += [
            f"'{question}': {len(pairs)} answers on clips of this key, "
            f"{trust.n_listeners} listeners",
            f"w = {trust.weight:.2f} ({name}): {trust.reason}",
            *(
                f"fader {row['fader']:+.1f}: chosen over 0 in {row['chosen']:.0%} of {row['n']}"
                for row in curve
            ),
        ]
    return {"n_answers": len(ratings), "questions": questions, "lines": lines}


def _human_curve(pairs: Pairs, faders: Sequence[float]) -> list[dict[str, float]]:
    """How often each fader was found more creative than 0; a tie counts half."""
    of_clip = np.array(faders)
    first, second = of_clip[pairs.first], of_clip[pairs.second]
    won = np.array([1.0, 0.5, 0.0])[pairs.answer]
    rows = []
    for fader in sorted(set(faders) - {0.0}):
        forward, backward = (first == fader) & (second == 0), (first == 0) & (second == fader)
        shares = np.concatenate([won[forward], 1 - won[backward]])
        if len(shares):
            row = {"fader": fader, "chosen": float(shares.mean()), "n": len(shares)}
            rows.append(row)
    return rows
