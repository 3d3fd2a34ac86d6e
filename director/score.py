"""The score: a piece laid out on the time line, bar by bar, before anybody plays. Pure.

A piece (`ensembles.config`) names section templates and their order; `lay_out` unrolls them into
absolute ticks, as often as it takes to fill the bars asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from musebots.form import Section
from musebots.harmony import Chord, ChordSpan, Key, spans_from
from musebots.messages import Policy
from musebots.timebase import PPQ, MeterMap, Ritardando, TempoMap, ticks_from_beats

__all__ = ["Passage", "Score", "SectionTemplate", "Strip", "lay_out"]

BY_HAND = Policy("fader")


@dataclass(frozen=True, slots=True)
class Strip:
    """One bot's place in the mix.

    Parameters
    ----------
    bot_id : str
        Who plays through it.
    role : str
        ``"melody"``, ``"bass"``, ``"drums"`` or the bot's own word; it chooses the sound.
    channel : int
        MIDI channel 0..15 (1..16 where people read it); 9 is percussion. Those of further ports
        follow, see `director.channels`.
    program : int
        General MIDI program 0..127.
    gain_db : float
        Relative to full level; 0 is unchanged, -inf is silence.
    pan : float
        -1 (left) .. 1 (right).
    instrument : str
        One of `director.sounds`; empty: what `program` stands for.
    reverb : float or None
        How much goes into the room, 0..1; None: as is usual for the instrument.
    """

    bot_id: str
    role: str
    channel: int
    program: int = 0
    gain_db: float = 0.0
    pan: float = 0.0
    instrument: str = ""
    reverb: float | None = None


@dataclass(frozen=True, slots=True)
class SectionTemplate:
    """A section as a piece writes it: its (beats, chord) pairs repeat to fill its `bars`."""

    name: str
    bars: int
    chords: tuple[tuple[float, Chord], ...]
    key: Key
    intensity: float = 0.5
    density: float = 0.5
    register: float = 0.5
    tacet: tuple[str, ...] = ()
    solo: str = ""
    faders: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """One playing of a section: what the Director announces ahead of it."""

    section: Section
    key: Key
    spans: tuple[ChordSpan, ...]


@dataclass(frozen=True)
class Score:
    """Everything that is fixed before the first note.

    Parameters
    ----------
    title : str
    tempo_map, meter_map : TempoMap, MeterMap
    passages : tuple of Passage
        Without gaps from tick 0 to the end.
    n_bars : int
    strips : tuple of Strip
    swing : float
        0.5 (straight) .. 0.75, applied by the Director to every note alike.
    swing_unit_ticks : int
        The unit that swings: 240 eighths, 120 sixteenths.
    count_in_bars : int
        Silent bars before the first note, so that nobody is late for it.
    seed : int
    ritardando : Ritardando or None
        How the piece slows down into its last bar, also after its tempo was changed by hand; the
        tempo map has it already.
    first_bar : int
        Where a session that was cut off is taken up again.
    follows_harmony : bool
        Whether the chords are those that a bot or a person announces; see `director.following`.
    policy : Policy
        Who moves the bots between calmer and bolder when the session begins.
    """

    title: str
    tempo_map: TempoMap
    meter_map: MeterMap
    passages: tuple[Passage, ...]
    n_bars: int
    strips: tuple[Strip, ...] = ()
    swing: float = 0.5
    swing_unit_ticks: int = PPQ // 2
    count_in_bars: int = 1
    seed: int = 0
    ritardando: Ritardando | None = None
    first_bar: int = 0
    follows_harmony: bool = False
    policy: Policy = BY_HAND

    @property
    def end_tick(self) -> int:
        """The tick of the final bar line."""
        return self.meter_map.bar_tick(self.n_bars)

    def ending_at(self, tick: int) -> Score:
        """The same, of a band that has agreed to end at this bar line."""
        return replace(self, n_bars=self.meter_map.bar_at(tick))

    @property
    def start_tick(self) -> int:
        """Where the count-in begins: 0 or negative, unless the music is taken up later."""
        return self.meter_map.bar_tick(self.first_bar - self.count_in_bars)

    @property
    def first_tick(self) -> int:
        """The first bar line that is played."""
        return self.meter_map.bar_tick(self.first_bar)

    @property
    def key(self) -> Key:
        """The key that the piece begins in."""
        return self.passages[0].key


def lay_out(
    templates: Sequence[SectionTemplate], *, n_bars: int, meter_map: MeterMap
) -> tuple[Passage, ...]:
    """Unroll sections, in the order given and from the start again, until `n_bars` are filled.

    The last passage is cut at the end; its last bar falls on the tonic, so that the piece comes
    home wherever it is told to stop.
    """
    if n_bars < 1:
        raise ValueError(f"n_bars must be >= 1, got {n_bars}")
    if not templates:
        raise ValueError("a form needs at least one section")
    passages: list[Passage] = []
    bar = 0
    while bar < n_bars:
        template = templates[len(passages) % len(templates)]
        end_bar = min(bar + template.bars, n_bars)
        start_tick, end_tick = meter_map.bar_tick(bar), meter_map.bar_tick(end_bar)
        section = Section(
            template.name,
            start_tick,
            end_tick,
            intensity=template.intensity,
            density=template.density,
            register=template.register,
            tacet=template.tacet,
            solo=template.solo,
            faders=template.faders,
        )
        home_tick = meter_map.bar_tick(n_bars - 1) if end_bar == n_bars else None
        spans = _fill(template, start_tick, end_tick, home_tick=home_tick)
        passages.append(Passage(section, template.key, spans))
        bar = end_bar
    return tuple(passages)


def _fill(
    template: SectionTemplate, start_tick: int, end_tick: int, *, home_tick: int | None
) -> tuple[ChordSpan, ...]:
    """Repeat the template's chords from `start_tick` to `end_tick`; the tonic from `home_tick`."""
    period = ticks_from_beats(sum(beats for beats, _ in template.chords))
    stop = end_tick if home_tick is None else home_tick
    spans: list[ChordSpan] = []
    for offset in range(start_tick, stop, period):
        for span in spans_from(template.chords, offset):
            length = min(span.duration_ticks, stop - span.tick)
            if length > 0:
                spans.append(ChordSpan(span.tick, length, span.chord))
    if home_tick is not None:
        tonic = Chord(template.key.tonic_pc, "maj" if template.key.mode == "major" else "min")
        spans.append(ChordSpan(home_tick, end_tick - home_tick, tonic))
    return tuple(spans)
