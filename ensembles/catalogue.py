"""What can be played, by whom, and where to."""

from __future__ import annotations

from director.sounds import SOUNDS
from ensembles.config import list_pieces, load_piece
from musebots.errors import OutputUnavailable
from musebots.registry import stock_bots

__all__ = ["OUTPUTS", "catalogue"]

OUTPUTS = {
    "audio": "the sound card, through pyo",
    "midiclock": "MIDI clock for other machines, to a MIDI port (extra: midi)",
    "midifile": "a MIDI file, one track per bot",
    "midiport": "a MIDI port (extra: midi)",
    "wav": "a WAV file, synthesised when the music is over",
}


def catalogue() -> dict[str, dict[str, str]]:
    """Pieces, bots, instruments, outputs and MIDI ports: name and description of each."""
    return {
        "pieces": {name: _describe(name) for name in list_pieces()},
        "bots": stock_bots(),
        "instruments": {sound.name: f"{sound.family}: {sound.words}" for sound in SOUNDS},
        "outputs": OUTPUTS,
        "MIDI_ports": _midi_ports(),
    }


def _describe(name: str) -> str:
    piece = load_piece(name)
    meter = piece.table.time_signature
    return f"{piece.title}: {piece.table.key}, {meter}, {piece.bpm:g} bpm, {piece.n_bars} bars"


def _midi_ports() -> dict[str, str]:
    from director.ports import list_ports

    try:
        outputs, inputs = set(list_ports()), set(list_ports(direction="input"))
    except OutputUnavailable as error:
        return {"none": str(error)}
    ways: dict[str, list[str]] = {name: [] for name in sorted(outputs | inputs)}
    for names, way in ((inputs, "in"), (outputs, "out")):
        for name in names:
            ways[name].append(way)
    return {name: " and ".join(way) for name, way in ways.items()}
