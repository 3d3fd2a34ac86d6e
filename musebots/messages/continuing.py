"""Our dialect: how far a bot has got, and what it needs to go on from there after a crash."""

from __future__ import annotations

from dataclasses import dataclass

from musebots.messages.base import Message

__all__ = ["DONE_TICK", "MAX_STATE_BYTES", "Progress", "State"]

DONE_TICK = 2**31 - 1
MAX_STATE_BYTES = 6000  # in one datagram
MAX_STATE_PARTS = 32


@dataclass(frozen=True, slots=True)
class Progress(Message):
    """`/musebots/progress`: a bot plays the bar that begins at `tick`, and goes on by `due_tick`.

    Who says no more long after that hangs. `DONE_TICK` twice: it has played its part.
    """

    address = "/musebots/progress"
    tags = "sii"
    sent = "bot to Director"
    sense = "bot id, tick from which it plays now, tick by which it will have gone on"

    bot_id: str
    tick: int
    due_tick: int


@dataclass(frozen=True, slots=True)
class State(Message):
    """`/musebots/state`: all that a bot must remember to play from `tick` on, in parts."""

    address = "/musebots/state"
    tags = "siiib"
    sent = "bot to Director every bar; to the bot when it comes back"
    sense = "bot id, tick, this part (from 0), parts in all, compressed JSON"

    bot_id: str
    tick: int
    part: int
    n_parts: int
    blob: bytes

    @classmethod
    def parts(cls, bot_id: str, tick: int, blob: bytes) -> tuple[State, ...]:
        """The messages for one state; `ValueError` when it takes too many."""
        pieces = [blob[i : i + MAX_STATE_BYTES] for i in range(0, len(blob), MAX_STATE_BYTES)]
        if len(pieces) > MAX_STATE_PARTS:
            raise ValueError(f"a state of {len(blob)} bytes is too much to send every bar")
        return tuple(cls(bot_id, tick, i, len(pieces), piece) for i, piece in enumerate(pieces))
