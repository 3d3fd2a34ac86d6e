"""Fit the model of chord progressions to songs whose chords are known.

``python -m musebots.training.progressions FOLDER -o FILE`` reads the event files of `FOLDER` (see
`musebots.training.corpora`), counts their train split, and says how well the others are foretold.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from musebots.errors import CorpusError
from musebots.progressions import PHRASE_BARS, Cell, ProgressionModel, contexts_of
from musebots.training.corpora import LICENCES

__all__ = ["Song", "fit", "nats_per_bar", "songs_of"]

STYLES = {"nottingham": "folk", "openewld": "standard"}
UNITS_PER_QUARTER = 24
MINOR_QUALITIES = ("min", "min6", "min7", "minmaj7")
FEWEST_BARS = 8
FLOOR = 1e-6  # for a cell that training never saw

Song = tuple[str, str, Sequence[Cell]]
"""Mode, style, cells."""


def songs_of(folder: Path, split: str) -> Iterator[Song]:
    """The songs of a split, in one key and one meter, whose chords are written.

    Raises
    ------
    CorpusError
        If the folder has no event files.
    """
    files = sorted(folder.glob("*.jsonl.gz"))
    if not files:
        raise CorpusError(f"{folder} holds no *.jsonl.gz: give a folder with event files")
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                piece = json.loads(line)
                if piece.get("split") == split and piece.get("source") in STYLES:
                    mode, cells = _read(piece)
                    if len(cells) >= FEWEST_BARS:
                        yield mode, STYLES[piece["source"]], cells


def _read(piece: dict[str, Any]) -> tuple[str, list[Cell]]:
    """Mode, and cells from the first whole bar that has a chord; none for songs left out.

    Lead sheets tell a signature and no mode: one that ends on the relative minor is in it.
    """
    is_simple = piece.get("n_keys", 1) == 1 and piece.get("n_meters", 1) == 1 and piece.get("key")
    if not is_simple or piece.get("modern_composer_flag") or not piece.get("chords"):
        return "", []
    (tonic, mode), (beats, unit) = piece["key"][:2], piece["meter"]
    last_root, last_quality = piece["chords"][-1][2:4]
    if mode == "major" and last_root == (tonic + 9) % 12 and last_quality in MINOR_QUALITIES:
        tonic, mode = last_root, "minor"
    length = beats * UNITS_PER_QUARTER * 4 // unit
    half = length * 2 // 3 if beats == 3 else length // 2
    chords = [(t, f"{(root - tonic) % 12}:{quality}") for t, _, root, quality, _ in piece["chords"]]
    first_bar = 1 if piece.get("pickup") else 0
    cells = []
    for start in range(first_bar * length, piece["length"] - half, length):
        sounding = [_in_force(chords, start), _in_force(chords, start + half)]
        if sounding[0]:
            cells.append(" ".join(dict.fromkeys(sounding)))
    return str(mode), cells


def _in_force(chords: list[tuple[int, str]], time: int) -> str:
    return next((symbol for t, symbol in reversed(chords) if t <= time), "")


def nats_per_bar(model: ProgressionModel, songs: Sequence[Song], *, order: int = 3) -> float:
    """Mean surprise of a bar of songs; `order` 0 knows no context."""
    total, n_bars = 0.0, 0
    for mode, style, cells in songs:
        for bar, cell in enumerate(cells):
            before = cells[:bar] if order else ()
            chances = (
                model.probabilities(before, bar % PHRASE_BARS, mode, style)
                if order
                else _unigram(model, mode, style)
            )
            total -= math.log(max(chances.get(cell, 0.0), FLOOR))
            n_bars += 1
    return total / max(1, n_bars)


def _unigram(model: ProgressionModel, mode: str, style: str) -> dict[Cell, float]:
    counts = model.counts[mode][style][contexts_of((), 0)[0]]
    total = sum(counts.values())
    return {cell: n / total for cell, n in counts.items()}


def fit(folder: Path) -> dict[str, Any]:
    """The model as plain data, with its card.

    Raises
    ------
    CorpusError
        If there is nothing to learn from.
    """
    train = list(songs_of(folder, "train"))
    if not train:
        raise CorpusError(f"{folder} holds no song with chords of {', '.join(STYLES)}")
    model = ProgressionModel.fitted(train)
    held_out = {split: list(songs_of(folder, split)) for split in ("valid", "test")}
    card = {
        "title": "How the chords of songs go on",
        "command": "python -m musebots.training.progressions FOLDER -o progressions.json",
        "licences": [LICENCES[source] for source in STYLES],
        "split": "train",
        "n_songs": {style: sum(s == style for _, s, _ in train) for style in STYLES.values()},
        "nats_per_bar": {
            split: {
                "model": round(nats_per_bar(model, songs), 3),
                "cells alone": round(nats_per_bar(model, songs, order=0), 3),
                "n_bars": sum(len(cells) for _, _, cells in songs),
            }
            for split, songs in held_out.items()
        },
    }
    return {"card": card, "counts": model.counts}


def main() -> None:
    """Fit from the command line."""
    parser = argparse.ArgumentParser(description="Fit the model of chord progressions.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    fitted = fit(chosen.folder)
    text = json.dumps(fitted, sort_keys=True, separators=(",", ":"))
    chosen.output.write_text(text + "\n", encoding="utf-8")
    print(json.dumps(fitted["card"], indent=1))


if __name__ == "__main__":
    main()
