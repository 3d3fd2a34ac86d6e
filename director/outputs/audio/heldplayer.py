"""Reeds, flutes and bows that play: oscillators, with vibrato and breath."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from director.outputs.audio.blown import HELD, harmonic_levels, one_period
from director.outputs.audio.instruments import (
    STEAL_SECONDS,
    Polyphonic,
    hz_from_pitch,
    loudness,
    mixed_down,
)
from director.outputs.audio.tables import table_of
from director.outputs.controllers import MAX_CONTROLLER
from musebots.arrays import FloatArray

__all__ = ["HeldPlayer"]

LOWEST, HIGHEST, STEP = 36, 100, 4
TABLE_SIZE = 4096
NOISE_SECONDS = 3.0


class HeldPlayer(Polyphonic):
    """A few voices, each of one or more players.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it.
    name : str
        One of `HELD`.
    sample_rate_hz : float
    seed : int
        Of the breath.
    """

    def __init__(
        self, pyo: Any, name: str, *, sample_rate_hz: float, seed: int, n_voices: int = 5
    ) -> None:
        super().__init__(n_voices)
        sound = self._sound = HELD[name]
        self._tables = {
            pitch: table_of(pyo, (name, pitch), partial(_period, name, pitch))
            for pitch in range(LOWEST, HIGHEST + 1, STEP)
        }
        breath = self._breath(pyo, sample_rate_hz, seed) if sound.breath else None
        self._voices = [self._build_voice(pyo, breath) for _ in range(n_voices)]
        mono = mixed_down(pyo, [voice["out"] for voice in self._voices], n_channels=1)
        self._mono = mono * sound.gain
        # Wood and air around the instrument: what comes to each side is not quite the same.
        self._body = pyo.Delay(self._mono, delay=[0.0071, 0.0113], maxdelay=0.05, mul=0.28)
        self.out = self._body + self._mono * 0.9

    def _breath(self, pyo: Any, sample_rate_hz: float, seed: int) -> Any:
        """Noise that goes round."""
        n_samples = round(NOISE_SECONDS * sample_rate_hz)
        noise = table_of(
            pyo,
            ("breath", sample_rate_hz, seed),
            lambda: 0.3 * np.random.default_rng([seed, 1]).standard_normal(n_samples),
        )
        return pyo.TableRead(noise, freq=noise.getRate(), loop=1).play()

    def _build_voice(self, pyo: Any, breath: Any) -> dict[str, Any]:
        sound = self._sound
        body = pyo.Adsr(attack=sound.attack_seconds, decay=0.25, sustain=0.82,
                        release=sound.release_seconds)  # fmt: skip
        body.setExp(0.8)
        envelopes = [body]
        hz = pyo.SigTo(440.0, time=0.0, init=440.0)
        bent: Any = hz
        if sound.vibrato_depth:
            deepening = pyo.Adsr(
                attack=2 * sound.vibrato_after_seconds,
                decay=0.01,
                sustain=1.0,
                release=sound.release_seconds,
                mul=sound.vibrato_depth,
            )
            deepening.setExp(2.5)
            envelopes.append(deepening)
            bent = hz * pyo.Sine(freq=sound.vibrato_hz, mul=deepening, add=1.0)
        table = next(iter(self._tables.values()))
        players = []
        for index in range(sound.n_players):
            off = 0.0 if sound.n_players == 1 else 2.0 * index / (sound.n_players - 1) - 1.0
            own = bent if off == 0.0 else bent * (1.0 + off * sound.detune)
            players.append(
                pyo.Osc(table, freq=own, phase=0.37 * index, mul=0.5 / sound.n_players**0.5)
            )
        tone = pyo.Tone(mixed_down(pyo, players, n_channels=1), freq=4000.0)
        level = pyo.SigTo(0.0, time=STEAL_SECONDS, init=0.0)
        air: Any = None
        mixed: Any = tone
        if breath is not None:
            air = pyo.ButBP(breath, freq=1500.0, q=1.2, mul=sound.breath)
            mixed = tone + air
        self._envelopes.append(envelopes)
        return {"hz": hz, "bent": bent, "players": players, "tone": tone, "level": level,
                "air": air, "out": mixed * body * level}  # fmt: skip

    def _tune(self, voice: int, pitch: int, velocity: int) -> None:
        parts = self._voices[voice]
        nearest = min(self._tables, key=lambda known: (abs(known - pitch), known))
        for player in parts["players"]:
            player.table = self._tables[nearest]
        hz = hz_from_pitch(pitch)
        parts["hz"].value = hz
        low_hz, high_hz = self._sound.softest_hz, self._sound.brightest_hz
        parts["tone"].freq = low_hz * (high_hz / low_hz) ** (velocity / MAX_CONTROLLER)
        parts["level"].value = loudness(velocity)
        if parts["air"] is not None:
            parts["air"].freq = min(9000.0, 2.5 * hz)


def _period(name: str, pitch: int) -> FloatArray:
    return one_period(harmonic_levels(HELD[name], hz_from_pitch(pitch)), TABLE_SIZE)
