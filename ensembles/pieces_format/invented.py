"""What a piece leaves to the band: its form, or a section's chords, thought of by seed. Pure."""

from __future__ import annotations

from random import Random

from ensembles.pieces_format.fields import Progression
from ensembles.pieces_format.model import PieceTable, SectionTable
from musebots.harmony import Chord, Key
from musebots.invention import InventedSection, invent_form
from musebots.progressions import Ending, ProgressionModel, chords_of
from musebots.timebase import TimeSignature

__all__ = ["realised"]


def realised(table: PieceTable, *, seed: int, n_bars: int) -> PieceTable:
    """The piece with all its sections and chords, for a performance of so many bars.

    Sections of one name have the same chords; where the next section is in another key, the last
    bar leads to it by its dominant.
    """
    if table.section:
        sections = tuple(_with_chords(table, section, seed) for section in table.section)
        return table.model_copy(update={"section": sections})
    ids = [bot.id for bot in table.bot]
    form = invent_form(n_bars, Random(f"{seed} form"), key=table.key, bots=ids)
    following = [section.key for section in form[1:]] + [table.key]
    sections = tuple(
        _written(table, section, seed, leads_to=key)
        for section, key in zip(form, following, strict=True)
    )
    return table.model_copy(update={"section": sections, "form": (), "bars": n_bars})


def _with_chords(table: PieceTable, section: SectionTable, seed: int) -> SectionTable:
    if isinstance(section.chords, tuple):
        return section
    key = section.key or table.key
    signature = section.time_signature or table.time_signature
    style = section.chords.removeprefix("invent").strip()
    drawn = _progression(
        table, section.name, section.n_bars, key, signature, seed, style=style, ending="closed"
    )
    return section.model_copy(update={"chords": drawn, "bars": section.n_bars})


def _written(
    table: PieceTable, section: InventedSection, seed: int, *, leads_to: Key
) -> SectionTable:
    chords = _progression(
        table, section.name, section.n_bars, section.key, table.time_signature, seed,
        ending=section.ending,
    )  # fmt: skip
    if leads_to != section.key:
        chords = _leading(chords, Chord((leads_to.tonic_pc + 7) % 12, "7"))
    return SectionTable.model_construct(
        name=section.name,
        chords=chords,
        bars=section.n_bars,
        key=section.key,
        time_signature=None,
        intensity=section.intensity,
        density=section.density,
        register_=section.register,
        tacet=section.tacet,
        solo=section.solo,
    )


def _leading(chords: Progression, dominant: Chord) -> Progression:
    """The same, with its last bar on this chord."""
    kept, bars = list(chords), 0.0
    while kept and bars < 1:
        bars += kept.pop()[0]
    return (*kept, (bars, dominant))


def _progression(
    table: PieceTable,
    name: str,
    n_bars: int,
    key: Key,
    signature: TimeSignature,
    seed: int,
    *,
    ending: Ending,
    style: str = "",
) -> Progression:
    """Chords in the style of the melody, unless another one is named."""
    melody = (bot.settings.get("style") for bot in table.bot if bot.part == "melody")
    wanted = style or next((style for style in melody if isinstance(style, str)), "")
    cells = ProgressionModel.shipped().sampled(
        n_bars, Random(f"{seed} {name}"), mode=key.mode, style=wanted, ending=ending
    )
    is_triple = signature.numerator == 3
    return chords_of(cells, key, first_share=2 / 3 if is_triple else 0.5)
