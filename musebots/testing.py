"""For tests of your own bots: hear one alone, in no time, and get its notes as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from musebots.musebot import Musebot
from musebots.notes import Note
from musebots.offline import run_offline
from musebots.rehearsal import BOT_ID, Rehearsal, Sheet

__all__ = ["rehearse"]


def rehearse(
    bot: type[Musebot],
    *,
    bars: int = 4,
    bpm: float = 120.0,
    key: str = "C major",
    chords: str = "C",
    time_signature: str = "4/4",
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    others: Sequence[Note] = (),
    others_role: str = "drums",
) -> list[Note]:
    """Let a bot play alone on virtual time, and return what it played.

    The bot runs as it does live, with real OSC messages; only time is virtual.

    Parameters
    ----------
    bot : type of Musebot
    bars : int
        Length.
    bpm : float
        Tempo in quarter notes a minute.
    key, chords, time_signature : str
        As in a piece; the progression repeats.
    seed : int
        The same seed gives the same notes.
    settings : mapping, optional
        The bot's own settings.
    others : sequence of Note
        What somebody else plays, for bots that hear ``notes``.
    others_role : str
        The role of that somebody.

    Returns
    -------
    list of Note
        In order of onset and pitch.

    Raises
    ------
    BotFailed
        When the bot's code raises.
    Stalled
        When the bot waits for what never comes.

    Examples
    --------
    >>> from musebots.hello import Hello
    >>> [note.pitch for note in rehearse(Hello, bars=1, chords="Am")]
    [57, 57, 57, 57]
    """
    if not (isinstance(bot, type) and issubclass(bot, Musebot)):
        raise TypeError(f"rehearse takes the class of a bot, a subclass of Musebot, got {bot!r}")
    if not isinstance(bars, int) or bars < 1:
        raise ValueError(f"bars must be a whole number >= 1, got {bars!r}")
    sheet = Sheet(
        bars=bars,
        bpm=bpm,
        key=key,
        chords=chords,
        time_signature=time_signature,
        seed=seed,
        settings=settings or {},
        others=others,
        others_role=others_role,
    )

    async def play() -> list[Note]:
        rehearsal = Rehearsal(sheet)
        await rehearsal.run(bot.make(BOT_ID))
        return sorted(heard.note for heard in rehearsal.heard)

    return run_offline(play())
