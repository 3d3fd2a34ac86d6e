"""What was said and still holds, for whoever joins late or comes back after a crash.

The Director retains the last value of each topic and sender, the last notes of each bot, the knobs
that were turned, and each bot's own memory at the last bar lines.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from musebots import messages as m
from musebots.timebase import PPQ

__all__ = ["KEPT_TICKS", "Retained"]

MAX_BROADCASTS = 1000
MAX_CONTROLS = 500
KEPT_NOTES = 16  # datagrams a bot, most send one a bar
KEPT_STATES = 3
KEPT_TICKS = 8 * 4 * PPQ  # of form and harmony that are over, for bots that come back
FLEETING_TOPICS = ("exiting",)  # an event, not a value
_KINDS = ("broadcasts", "controls", "moves", "states")
LASTING_TOPICS = ("intent",)  # of a place in the music: it holds although its sender is dead

Turned = m.Control | m.Fader | m.Horizon | m.Policy | m.Steer


class Retained:
    """See the module's text; kept are the datagrams themselves, in order of their coming."""

    def __init__(self) -> None:
        self._broadcasts: dict[tuple[str, str], bytes] = {}
        self._controls: dict[tuple[str, str], bytes] = {}
        self._moves: dict[tuple[str, str], bytes] = {}
        self._notes: dict[str, deque[bytes]] = {}
        self._states: dict[str, dict[int, dict[int, m.State]]] = {}

    def keep_broadcast(self, message: m.Broadcast, datagram: bytes) -> None:
        """The last value that this sender gave this topic."""
        if message.topic not in FLEETING_TOPICS:
            _put(self._broadcasts, (message.sender, message.topic), datagram, MAX_BROADCASTS)

    def keep_control(self, message: Turned, datagram: bytes) -> None:
        """Where somebody left a knob, a fader, or the policy."""
        match message:
            case m.Control():
                key = (message.bot_id, message.name)
            case m.Policy() | m.Horizon():
                key = ("", message.address)
            case m.Fader() | m.Steer():
                key = (message.bot_id, message.address)
        _put(self._controls, key, datagram, MAX_CONTROLS)

    def keep_move(self, message: m.Mix | m.Instrument) -> None:
        """Where somebody left a fader of the mixer; mute, solo and instrument, too."""
        name = message.name if isinstance(message, m.Mix) else message.address
        _put(self._moves, (message.bot_id, name), m.encode(message), MAX_CONTROLS)

    def moves(self) -> list[m.Mix | m.Instrument]:
        """The faders that were moved, to where they are now, and the instruments."""
        found = (m.decode(kept) for kept in self._moves.values())
        return [move for move in found if isinstance(move, m.Mix | m.Instrument)]

    def keep_notes(self, bot_id: str, datagram: bytes) -> None:
        """What a bot plays."""
        self._notes.setdefault(bot_id, deque(maxlen=KEPT_NOTES)).append(datagram)

    def keep_state(self, message: m.State) -> None:
        """A part of what a bot must remember."""
        states = self._states.setdefault(message.bot_id, {})
        states.setdefault(message.tick, {})[message.part] = message
        while len(states) > KEPT_STATES:
            del states[min(states)]

    def broadcasts(self) -> list[bytes]:
        """All topics of all senders."""
        return list(self._broadcasts.values())

    def controls(self, bot_id: str) -> list[bytes]:
        """The knobs of a bot, and those of everybody."""
        return [kept for (who, _), kept in self._controls.items() if who in ("", bot_id)]

    @property
    def turned(self) -> list[bytes]:
        """All knobs, faders and policies, of whomever."""
        return list(self._controls.values())

    @property
    def players(self) -> tuple[str, ...]:
        """Who has played lately."""
        return tuple(self._notes)

    def notes(self, bot_ids: Iterable[str]) -> list[bytes]:
        """What these bots have played lately."""
        return [kept for bot_id in bot_ids for kept in self._notes.get(bot_id, ())]

    def state(self, bot_id: str, now_tick: float) -> tuple[m.State, ...]:
        """A bot's memory at the last bar line before `now_tick`; empty when there is none."""
        for tick, parts in sorted(self._states.get(bot_id, {}).items(), reverse=True):
            if tick <= now_tick and len(parts) == parts[min(parts)].n_parts:
                return tuple(parts[index] for index in sorted(parts))
        return ()

    def last_state_tick(self, bot_id: str) -> int | None:
        """The bar line that a bot's memory reaches."""
        return max(self._states.get(bot_id, {}), default=None)

    def plain(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        states = [m.encode(part) for bot in self._states.values()
                  for parts in bot.values() for part in parts.values()]  # fmt: skip
        return {
            "broadcasts": [_text(datagram) for datagram in self._broadcasts.values()],
            "controls": [_text(datagram) for datagram in self._controls.values()],
            "moves": [_text(datagram) for datagram in self._moves.values()],
            "notes": {bot: [_text(d) for d in kept] for bot, kept in self._notes.items()},
            "states": [_text(datagram) for datagram in states],
        }

    def restore(self, plain: Mapping[str, Any]) -> None:
        """Take in what `plain` gave; `ValueError` when it is something else."""
        for bot_id, texts in plain["notes"].items():
            for text in texts:
                self.keep_notes(str(bot_id), base64.b64decode(text))
        for text in (text for kind in _KINDS for text in plain[kind]):
            datagram = base64.b64decode(text)
            match m.decode(datagram):
                case m.Broadcast() as message:
                    self.keep_broadcast(message, datagram)
                case m.Control() | m.Fader() | m.Horizon() | m.Policy() | m.Steer() as message:
                    self.keep_control(message, datagram)
                case m.State() as message:
                    self.keep_state(message)
                case m.Mix() | m.Instrument() as message:
                    self.keep_move(message)

    def forget_state(self, bot_id: str) -> None:
        """Its memory did it no good: let it begin anew."""
        self._states.pop(bot_id, None)

    def forget_notes(self, bot_id: str) -> None:
        """It will not come back: nobody needs to know what it played."""
        self._notes.pop(bot_id, None)

    def forget(self, bot_id: str) -> None:
        """It has left the band: what it said no longer holds. Its notes and memory stay known."""
        for sender, topic in list(self._broadcasts):
            if sender == bot_id and topic not in LASTING_TOPICS:
                del self._broadcasts[sender, topic]


def _text(datagram: bytes) -> str:
    return base64.b64encode(datagram).decode()


def _put(
    kept: dict[tuple[str, str], bytes], key: tuple[str, str], datagram: bytes, limit: int
) -> None:
    """Keep the last value of a key, the newest last; the oldest makes room."""
    kept.pop(key, None)
    kept[key] = datagram
    if len(kept) > limit:
        del kept[next(iter(kept))]
