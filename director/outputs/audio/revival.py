"""A synthesiser for a long evening: if its signal is ever lost, another takes its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from director.outputs.audio.jobs import Cue
from director.outputs.audio.standing import Standing

__all__ = ["LOST_SIGNAL", "RevivingSynth"]

LOST_SIGNAL = (
    "the synthesiser lost its signal and was started anew; notes that were held are cut off"
)


class RevivingSynth:
    """Plays cues, measures the level, and starts anew with the faders where they were.

    One sample that is not a finite number stays in the filters and the room for ever, and all
    that follows is silence; no fader and no panic brings the sound back, only new filters.

    Parameters
    ----------
    pyo : module
        As `import_pyo` gives it; its server must be booted.
    build : callable
        Makes a synthesiser: something with `out`, a signal that goes to the sound card already,
        `buses`, the signal of each strip by its bot, and `handle`.
    """

    def __init__(self, pyo: Any, build: Callable[[], Any]) -> None:
        self._pyo = pyo
        self._build = build
        self._standing = Standing((), 0)
        self._take_new()

    def handle(self, cue: Cue) -> None:
        """Do one thing now."""
        self._standing.take(cue)
        self._synth.handle(cue)

    def levels(self) -> dict[str, float]:
        """Linear peaks since the last call, by bot; under ``""`` that of all together.

        A strip that has joined since then reads 0, and so does what is no number.
        """
        self._add_meters()
        return {bot_id: _peak(meter) for bot_id, meter in self._meters.items()}

    def revive(self) -> bool:
        """If the signal is lost, play with a new synthesiser; whether that was so.

        Notes that were held are gone; those that begin afterwards sound.
        """
        if all(math.isfinite(value) for value in self._synth.out.get(all=True)):
            return False
        self._synth.out.stop()
        self._take_new()
        for cue in self._standing.cues():
            self._synth.handle(cue)
        return True

    def _take_new(self) -> None:
        synth = self._build()
        self._synth = synth
        self._meters = {"": self._pyo.PeakAmp(synth.out)}
        self._add_meters()

    def _add_meters(self) -> None:
        for bot_id, bus in self._synth.buses.items():
            if bot_id not in self._meters:
                self._meters[bot_id] = self._pyo.PeakAmp(bus)


def _peak(meter: Any) -> float:
    peak = max(meter.get(all=True))
    return round(float(peak), 5) if math.isfinite(peak) else 0.0
