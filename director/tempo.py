"""The tempo while the music plays: changed by performers, and steered by other clocks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from director.playback import Playback
from director.reception import Reception
from director.score import Score
from musebots.clock import Clock
from musebots.messages import Lead
from musebots.timebase import PPQ, Ritardando, TempoMap, ticks_from_beats

__all__ = ["Tempo"]

log = logging.getLogger(__name__)

MAX_RAMP_BEATS = 4096


class Tempo:
    """Changes the tempo of what is still open; clock, outputs and band follow.

    Parameters
    ----------
    score : Score
    clock : Clock
    playback : Playback
    reception : Reception
    """

    def __init__(
        self, score: Score, clock: Clock, playback: Playback, reception: Reception
    ) -> None:
        self._score = score
        self._clock = clock
        self._playback = playback
        self._reception = reception
        self.ask_leader: Callable[[float], bool] | None = None
        self.hear_leader: Callable[[Lead], None] = lambda lead: None

    def set(self, bpm: float, *, ramp_beats: float = 0.0) -> None:
        """Another tempo from the next beat on that is still open; the end still slows down.

        Where somebody else leads it is for them to change it: they are asked.

        Raises
        ------
        ValueError
            When `bpm` or `ramp_beats` is out of range.
        """
        if not 0 <= ramp_beats <= MAX_RAMP_BEATS:
            raise ValueError(f"ramp_beats must be in 0..{MAX_RAMP_BEATS}, got {ramp_beats:g}")
        if self.ask_leader is not None:
            if not self.ask_leader(bpm):
                log.warning("the tempo stays: another clock leads it")
            return
        first_open = max(0, self._playback.committed_tick() + 1)
        tick = -(-first_open // PPQ) * PPQ
        tempo_map = self._clock.tempo_map.with_change(
            tick, bpm, ramp_ticks=ticks_from_beats(ramp_beats)
        )
        if self._score.ritardando is not None:
            tempo_map = tempo_map.with_ritardando(self._score.ritardando)
        log.info("tempo %g bpm", bpm)
        self._follow(tempo_map, tick)

    def slow_down(self, ritardando: Ritardando) -> None:
        """Slow down there, and change the tempo no more, unless somebody else leads it."""
        start_tick = ritardando.start_tick
        if self.ask_leader is not None or start_tick <= self._playback.committed_tick():
            return
        self._follow(self._clock.tempo_map.slowed(ritardando), start_tick)

    def steer(self, points: Sequence[tuple[int, float]]) -> None:
        """Other tempi from these ticks on, (tick, bpm); all must be open still. Nobody is told why.

        Raises
        ------
        ValueError
            When a tempo is out of range.
        """
        tempo_map = self._clock.tempo_map
        for tick, bpm in points:
            tempo_map = tempo_map.with_change(tick, bpm)
        self._follow(tempo_map, points[0][0])

    def _follow(self, tempo_map: TempoMap, tick: int) -> None:
        """The clock, the outputs and the band follow another tempo map from `tick` on."""
        changed = tempo_map.changed_points(self._clock.tempo_map)
        self._clock.change_tempo(tempo_map)
        self._playback.change_tempo(tempo_map, tick)
        self._reception.tell_tempo(changed)
