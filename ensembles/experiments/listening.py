"""A blind listening set: ours, real pieces, and bots that do not hear each other.

Every real piece that is heard comes three times: itself, its melody, bass and drums through our
sounds; our band on its chords at its tempo; and the deaf band on the same, with the same styles,
knobs and seed. The clips are equally long and loud, and their names say nothing: which is which
stands in ``key.json``, apart from the list ``clips.json``.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ensembles.config import Piece
from ensembles.experiments.band import STYLES
from ensembles.experiments.base import ExperimentResult, ExperimentSettings, Table
from ensembles.experiments.clips import TARGET_LUFS, level
from ensembles.experiments.deaf import DEAF
from ensembles.experiments.real import (
    EVENT_FILES,
    ROLES,
    RealPiece,
    aligned,
    from_where_all_play,
    read_real,
)
from ensembles.experiments.replay import REPLAY, write_notes
from ensembles.experiments.songs import Player, song_of, written
from ensembles.rendering import render

__all__ = ["KINDS", "run"]

KINDS = ("ours", "real", "deaf")
N_OF_EACH, N_QUICK = 10, 1
SECONDS, QUICK_SECONDS = 24.0, 4.0
SPARE_BARS = 2  # so that no clip ends with the piece
MIN_BARS = 8
FREE = ("freedoom", "helland")  # whose licences let everybody pass a recording on
BPM_RANGE = (60.0, 200.0)


@dataclass(frozen=True, slots=True)
class _Take:
    """One clip before it has a number."""

    kind: str
    song: str
    piece: Piece
    seed: int
    styles: dict[str, str]


def run(settings: ExperimentSettings) -> ExperimentResult:
    """Render, level, shuffle, and write clips, list and key."""
    n = N_QUICK if settings.is_quick else N_OF_EACH
    seconds = QUICK_SECONDS if settings.is_quick else SECONDS
    rng = np.random.default_rng([settings.seed, 1])
    chosen = _held_out(read_real(settings.corpus(EVENT_FILES["multitrack"])), n)
    listed: list[dict[str, Any]] = []
    key: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="musebots-") as scratch:
        takes = [take for p in chosen for take in _takes(p, seconds, rng, Path(scratch))]
        for number, place in enumerate(rng.permutation(len(takes)), start=1):
            take = takes[place]
            name = f"clip-{number:02d}.wav"
            raw = Path(scratch) / "raw.wav"
            render(take.piece, seed=take.seed, wav_path=raw)
            made = level(raw, settings.folder / name, seconds=seconds)
            digest = hashlib.sha256((settings.folder / name).read_bytes()).hexdigest()
            listed.append({
                "file": name, "seconds": made.seconds, "lufs": round(made.lufs, 2),
                "peak": round(made.peak, 3), "sha256": digest,
            })  # fmt: skip
            key[name] = {
                "kind": take.kind, "song": take.song, "seed": take.seed, "styles": take.styles,
                "bpm": take.piece.bpm,
            }  # fmt: skip
            settings.progress(number / len(takes), "rendering")
    _write_json(settings.folder / "clips.json", listed)
    _write_json(settings.folder / "key.json", key)
    columns = ("file", "seconds", "lufs", "peak", "sha256")
    rows = tuple(tuple(clip[column] for column in columns) for clip in listed)
    return ExperimentResult(
        tables=(Table("clips", "Clips, in blind order", columns, rows),),
        notes=(
            "key.json says which clip is which: listeners must not see it, nor this seed.",
            "Real pieces: held out (test split, then valid), from sources whose licences allow "
            "recordings (Freedoom, BSD-3-Clause; Tanner Helland, CC BY 4.0); from the bar by which "
            "all three parts have begun.",
            "Deaf: bots that each believe they are alone; they share time, form and chords.",
        ),
        parameters={
            "of each kind": len(chosen), "seconds": seconds, "LUFS": TARGET_LUFS,
            "kinds": ", ".join(KINDS),
        },
    )  # fmt: skip


def _held_out(pieces: Sequence[RealPiece], n: int) -> list[RealPiece]:
    """`n` pieces with all three parts that no network has learned from, test pieces first."""
    fit = [p for p in aligned(pieces) if p.source in FREE and p.split in ("test", "valid")]
    cuts = [from_where_all_play(p, p.n_bars) for p in sorted(fit, key=lambda p: (p.split, p.name))]
    return [cut for cut in cuts if cut.n_bars >= MIN_BARS][:n]


def _takes(real: RealPiece, seconds: float, rng: np.random.Generator, scratch: Path) -> list[_Take]:
    """The three takes of one real piece."""
    bpm = float(np.clip(real.bpm or 120.0, *BPM_RANGE))
    n_bars = math.ceil(seconds * bpm / 60 / 4) + SPARE_BARS
    song = song_of(real, n_bars)
    styles = {role: str(rng.choice(STYLES[role])) for role in ROLES}
    knobs, seed = int(rng.integers(2**31)), int(rng.integers(2**31))
    takes = []
    for kind in KINDS:
        if kind == "real":
            players = [_replayed(real, role, scratch) for role in ROLES]
        else:
            bots = DEAF if kind == "deaf" else {role: role for role in ROLES}
            players = [Player(role, bots[role], {"style": styles[role]}) for role in ROLES]
        piece = written(song, players, rng=np.random.default_rng(knobs), bpm=bpm)
        is_real = kind == "real"
        takes.append(_Take(kind, real.name, piece, seed, {} if is_real else styles))
    return takes


def _replayed(real: RealPiece, role: str, scratch: Path) -> Player:
    path = scratch / f"{real.name.replace(':', '-').replace('/', '-')}-{role}.json"
    write_notes(real.parts[role], path)
    return Player(role, REPLAY, {"file": str(path)})


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
