"""Small corpora made on the spot, in the format of the real ones; and the real ones, if any."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CHORDS = ((0, "maj"), (9, "min"), (5, "maj"), (7, "7"))
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
SPLITS = ("train", "train", "train", "train", "train", "train", "valid", "test", "test")


def _song(source, number, **changes):
    """Eighths over C Am F G7; each one moves through the scale in its own way."""
    n_bars = 10
    melody = [[12 * i, 12, SCALE[(i * (number + 1) + i // 8) % 8], 80] for i in range(8 * n_bars)]
    bass = [[24 * i, 24, 36 + CHORDS[i // 4 % 4][0] % 12 + 12 * (i % (number + 2) == 1), 90]
            for i in range(4 * n_bars)]  # fmt: skip
    drums = [[12 * i, 2, 60] for i in range(8 * n_bars)]
    drums += [[24 * i, i % 2, 100] for i in range(4 * n_bars)]
    chords = [[96 * bar, 96, *CHORDS[bar % 4], CHORDS[bar % 4][0]] for bar in range(n_bars)]
    return {
        "id": f"{source}:{number}", "source": source, "split": SPLITS[number], "meter": [4, 4],
        "key": [number % 12, ("major", "minor")[number % 2]], "bpm": 100.0 + number,
        "melody": melody, "bass": bass, "drums": drums, "chords": chords,
    } | changes  # fmt: skip


def _groove(number):
    hits = [[step, 2, 60, 5] for step in range(0, 160, 2)]
    hits += [[step, step // 4 % 2, 90, -5] for step in range(0, 160, 4)]
    hits += [[number, 3, 50, 0]]
    return {"id": f"gmd:{number}", "source": "groove", "split": SPLITS[number], "meter": [4, 4],
            "style": "rock", "beat_type": "beat", "bpm": 100.0, "drums16": hits}  # fmt: skip


@pytest.fixture(scope="session")
def corpora(tmp_path_factory):
    """Nine pieces of every source that the experiments read."""
    folder = tmp_path_factory.mktemp("corpora")
    (folder / "events").mkdir()
    numbers = range(len(SPLITS))
    records = {
        "nottingham": [_song("nottingham", i, bass=None, drums=None) for i in numbers],
        "openewld_pd": [_song("openewld", i, bass=None, drums=None) for i in numbers],
        "multitrack": [_song(s, i) for s in ("freedoom", "helland") for i in numbers],
        "jsb_chorales": [_song("jsb", i, drums=None) for i in numbers],
        "groove": [_groove(i) for i in numbers],
    }
    for name, pieces in records.items():
        with gzip.open(folder / "events" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(piece) + "\n" for piece in pieces)
    return folder


@pytest.fixture(scope="session")
def real_corpora():
    """The folder of the real corpora, where somebody has them."""
    named = os.environ.get("MUSEBOTS_CORPORA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not (folder / "events").is_dir():
        pytest.skip("the corpora are not here: MUSEBOTS_CORPORA names their folder")
    return folder
