"""A few made-up pieces in the events format, to go through an experiment's code in seconds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["write_tiny_corpus"]

_N_BARS = 8
_SPLITS = ("train", "train", "train", "valid", "test")
_SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
_CHORDS = ((0, "maj"), (9, "min"), (5, "maj"), (7, "7"))


def write_tiny_corpus(folder: Path, *, seed: int = 0) -> Path:
    """Write five trios and five grooves into an event file; returns its folder."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    records = [_trio(f"trio {i}", split, rng) for i, split in enumerate(_SPLITS)]
    records += [_tune(f"tune {i}", split, rng) for i, split in enumerate(_SPLITS)]
    records += [_groove(f"groove {i}", split, rng) for i, split in enumerate(_SPLITS)]
    with gzip.open(folder / "tiny.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    return folder


def _tune(name: str, split: str, rng: np.random.Generator) -> dict[str, Any]:
    chords = [
        [96 * bar, 96, _CHORDS[bar % 4][0], _CHORDS[bar % 4][1], _CHORDS[bar % 4][0]]
        for bar in range(_N_BARS)
    ]
    melody = [
        [12 * i, 12, _SCALE[int(rng.integers(8))], int(rng.integers(60, 110))]
        for i in range(8 * _N_BARS)
    ]
    return {
        "id": name, "source": "nottingham", "split": split, "meter": [4, 4], "key": [0, "major"],
        "melody": melody, "chords": chords,
    }  # fmt: skip


def _trio(name: str, split: str, rng: np.random.Generator) -> dict[str, Any]:
    bass = [
        [24 * i, 24, 36 + _CHORDS[i // 4 % 4][0] % 12, int(rng.integers(60, 110))]
        for i in range(4 * _N_BARS)
    ]
    drums = [[12 * i, int(rng.integers(3)), int(rng.integers(60, 110))] for i in range(8 * _N_BARS)]
    return _tune(name, split, rng) | {"source": "freedoom", "bass": bass, "drums": drums}


def _groove(name: str, split: str, rng: np.random.Generator) -> dict[str, Any]:
    hits = [
        [step, int(rng.integers(3)), int(rng.integers(40, 120)), int(rng.integers(-20, 20))]
        for step in range(0, 16 * _N_BARS, 2)
    ]
    return {
        "id": name, "source": "groove", "split": split, "meter": [4, 4], "style": "rock/slow",
        "beat_type": "beat", "drums16": hits,
    }  # fmt: skip
