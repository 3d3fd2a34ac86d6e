"""Which pyo instrument an instrument's name stands for."""

from __future__ import annotations

from typing import Any

from director.outputs.audio.bass import BASSES, Bass
from director.outputs.audio.blown import HELD
from director.outputs.audio.drums import Drums
from director.outputs.audio.fm import ElectricPiano, Pad
from director.outputs.audio.heldplayer import HeldPlayer
from director.outputs.audio.instruments import Instrument
from director.outputs.audio.struck import STRUCK
from director.outputs.audio.struckplayer import StruckPlayer

__all__ = ["build_instrument"]

TREMOLO = {"vibraphone": 0.16}


def build_instrument(pyo: Any, name: str, *, sample_rate_hz: float, seed: int) -> Instrument:
    """Make an instrument; `name` is one of `director.sounds`."""
    if name in STRUCK:
        return StruckPlayer(
            pyo,
            name,
            sample_rate_hz=sample_rate_hz,
            seed=seed,
            tremolo=TREMOLO.get(name, 0.0),
        )
    if name in HELD:
        return HeldPlayer(pyo, name, sample_rate_hz=sample_rate_hz, seed=seed)
    if name in BASSES:
        return Bass(pyo, BASSES[name])
    if name == "e-piano":
        return ElectricPiano(pyo)
    if name == "pad":
        return Pad(pyo)
    return Drums(pyo, kit=name, sample_rate_hz=sample_rate_hz, seed=seed)
