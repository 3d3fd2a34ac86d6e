"""A person in the band: what they play is told to the bots, and turned into what a band follows.

Played notes come in by `strike`, `release` and `pedal`, whoever brings them. The person sounds by
itself; the band hears notes (`/musebots/heard`), chords and key (`/musebots/harmony`), how busy,
loud and high the playing is, and, if it is asked to, the tempo (`/musebots/lead`).
"""

from __future__ import annotations

from musebots import messages as m
from musebots.agent import NS_PER_SECOND
from musebots.harmony import ChordSpan
from musebots.hearing.chords import ChordEar, cell_of
from musebots.hearing.habits import Habits
from musebots.hearing.tempo import TempoEar
from musebots.musebot import Musebot
from musebots.notes import Note
from musebots.timebase import beats_from_ticks, ticks_from_beats

__all__ = ["Person"]

EVERY_BEATS = 0.5
AFTER_BEATS = 0.125
KEPT_BEATS = 32.0
MIN_DURATION_TICKS = 30


class Person(Musebot):
    """Listens to one player; see the module's text."""

    role = "person"
    sends: tuple[str, ...] = ("notes", "harmony")

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[int, tuple[int, int]] = {}  # pitch: (onset tick, velocity)
        self._pedalled: set[int] = set()
        self._is_pedal_down = False
        self._played: list[Note] = []
        self._n_told = 0
        self._said: tuple[object, ...] = ()
        self._tempo_ear: TempoEar | None = None

    async def prepare(self) -> None:
        """Whether the band is to follow the tempo as well."""
        if self.settings.get("tempo"):
            self._tempo_ear = TempoEar()

    # --- what is played -------------------------------------------------------------------------

    def strike(self, pitch: int, velocity: int, seconds: float) -> None:
        """A key goes down, at `seconds` of the event loop's clock."""
        if not self.clock.is_started or self.clock.is_held:
            return
        self._end(pitch, seconds)
        tick = self._tick_at(seconds)
        self._held[pitch] = tick, velocity
        if self._tempo_ear is not None:
            bpm = self.clock.tempo_map.bpm_at(tick)
            self._tempo_ear.hear(seconds, beats_from_ticks(tick), bpm)
            self._lead()

    def _lead(self) -> None:
        """Say where the player's beats fall."""
        ear, offset_ns = self._tempo_ear, self.exchange.offset_ns
        if ear is not None and ear.is_sure and offset_ns is not None:
            at_ns = round(ear.last_seconds * NS_PER_SECOND) + offset_ns
            self.tell(m.Lead(self.id, ear.last_beat, at_ns, ear.bpm))

    def release(self, pitch: int, seconds: float) -> None:
        """A key goes up; under the pedal the note sounds on."""
        if self._is_pedal_down and pitch in self._held:
            self._pedalled.add(pitch)
        else:
            self._end(pitch, seconds)

    def pedal(self, is_down: bool, seconds: float) -> None:
        """The sustain pedal."""
        self._is_pedal_down = is_down
        if not is_down:
            for pitch in sorted(self._pedalled):
                self._end(pitch, seconds)

    def _end(self, pitch: int, seconds: float) -> None:
        self._pedalled.discard(pitch)
        begun = self._held.pop(pitch, None)
        if begun is None or not self.clock.is_started:
            return
        onset_tick, velocity = begun
        length = max(MIN_DURATION_TICKS, self._tick_at(seconds) - onset_tick)
        note = Note.from_ticks(onset_tick, pitch, length, velocity)
        self._played.append(note)
        self.tell(m.Heard.of(self.id, self._n_told, [note]))
        self._n_told += 1

    def _tick_at(self, seconds: float) -> int:
        return max(0, round(self.clock.tempo_map.tick_at(seconds - self.clock.anchor_seconds)))

    # --- what is made of it ---------------------------------------------------------------------

    async def play(self) -> None:
        """Twice a beat: which chord, which comes next; every bar: how busy, loud and high."""
        await self.clock.started()
        self._ear, self._habits = ChordEar(self.harmony.key), Habits()
        async for beat in self.clock.beats(lead=-AFTER_BEATS, every=EVERY_BEATS):
            now_beat = beat + AFTER_BEATS
            tick = ticks_from_beats(beat)
            self.attend()
            self._follow_chords(tick, now_beat)
            bar_tick = self.clock.meter_map.bar_tick(self.clock.meter_map.bar_at(tick))
            if tick == bar_tick and tick > 0:
                self._tell_habits(tick)
                self._tell_pool(tick, now_beat)
            self._forget_notes(now_beat)

    def attend(self) -> None:
        """Hear what has come in; a person's keys are heard as they move."""

    def pool(self, bar_beats: float, now_beat: float) -> list[int]:
        """The pitches that are told to the band as its notepool: those of the chord."""
        chord = self._ear.chord
        return [] if chord is None else [48 + pc for pc in chord.pitch_classes]

    def _follow_chords(self, tick: int, now_beat: float) -> None:
        start_tick, end_tick = cell_of(tick, self.clock.meter_map)
        start_beat = beats_from_ticks(start_tick)
        self._ear.listen(start_beat, now_beat, self.notes_between(start_beat, now_beat))
        chord, following = self._ear.chord, self._ear.next_chord
        if chord is None or following is None:
            return
        said = (self._ear.key, start_tick, chord, following)
        if said == self._said:
            return
        self._said = said
        _, next_end = cell_of(end_tick, self.clock.meter_map)
        spans = (
            ChordSpan(start_tick, end_tick - start_tick, chord),
            ChordSpan(end_tick, next_end - end_tick, following),
        )
        self.tell(m.HarmonyPlan.of(self._ear.key, spans))
        self._tell_pool(tick, now_beat)

    def _tell_pool(self, tick: int, now_beat: float) -> None:
        meters = self.clock.meter_map
        pool = self.pool(meters.time_signature_at(meters.bar_at(tick)).bar_beats, now_beat)
        if pool:
            self.broadcast("notepool", *pool)

    def notes_between(self, start_beat: float, end_beat: float) -> list[Note]:
        """What sounds there, as far as it has been played; what is held ends with `end_beat`."""
        held = (
            Note.from_ticks(
                onset, pitch, max(MIN_DURATION_TICKS, ticks_from_beats(end_beat) - onset), velocity
            )
            for pitch, (onset, velocity) in self._held.items()
        )
        return [
            note
            for note in (*self._played, *held)
            if note.onset < end_beat and note.onset + note.duration > start_beat
        ]

    def _tell_habits(self, bar_tick: int) -> None:
        """How the last bar was played, for bots and their knobs."""
        meters = self.clock.meter_map
        start_tick = meters.bar_tick(meters.bar_at(bar_tick) - 1)
        start, end = beats_from_ticks(start_tick), beats_from_ticks(bar_tick)
        begun = [note for note in self.notes_between(start, end) if note.onset >= start]
        self._habits.hear(begun, n_beats=end - start)
        self.broadcast("hdensity", round(self._habits.density, 3))
        self.broadcast("arousal", round(self._habits.arousal, 3))
        for name, value in self._habits.knobs.items():
            self.tell(m.Control("", name, value))

    def _forget_notes(self, now_beat: float) -> None:
        self._played = [n for n in self._played if n.onset > now_beat - KEPT_BEATS]
