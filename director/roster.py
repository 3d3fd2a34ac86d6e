"""Who plays: a bot is known by its id alone, wherever its datagrams come from."""

from __future__ import annotations

from dataclasses import dataclass, field

from musebots.messages import Alive, Hello
from musebots.network import Address

__all__ = ["MAX_MEMBERS", "MAX_NAME_LENGTH", "Member", "Roster"]

MAX_MEMBERS = 100
LISTENER_ROLES = ("monitor", "listener", "steerer", "leader", "person", "ears")
MAX_NAME_LENGTH = 32  # so that a roster of everybody fits one datagram
SILENT_SECONDS = 5.0
GONE_SECONDS = 12.0  # some classic bots send a heartbeat every 5 s only
FIRST_USER_PORT = 1024


@dataclass(slots=True)
class Member:
    """A bot as the Director sees it.

    `state` is one of expected, joined, ready, silent, gone. `hears` are the topics of its hello; a
    bot that turns up without one is taken to speak the classic dialect only. `n_ready` counts how
    often it has got ready, over all its lives. One that `is_placed` is a classic bot that was told
    where to listen: it may send from anywhere.
    """

    bot_id: str
    role: str = ""
    address: Address | None = None
    state: str = "expected"
    is_classic: bool = False
    hears: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()
    seen_seconds: float = 0.0
    has_been_ready: bool = False
    n_ready: int = 0
    is_stranger: bool = True
    is_placed: bool = False

    @property
    def is_here(self) -> bool:
        """Whether it can be talked to."""
        return self.address is not None and self.state not in ("expected", "gone")

    @property
    def is_listener(self) -> bool:
        """Whether it only listens: the band plays as if it were not there."""
        return self.role in LISTENER_ROLES

    @property
    def is_ready(self) -> bool:
        """Whether the music need not wait for it; a classic bot is ready as it comes."""
        return self.state in ("ready", "gone") or (self.is_classic and self.state == "joined")

    def wants(self, topic: str, role: str = "") -> bool:
        """Whether it asked to hear a topic, of anybody or of a role (``notes/drums``)."""
        return topic in self.hears or f"{topic}/{role}" in self.hears

    def asks_for(self, topic: str) -> bool:
        """Whether it asked to hear a topic, of whomever."""
        return any(heard.partition("/")[0] == topic for heard in self.hears)


@dataclass(slots=True)
class Roster:
    """All bots, in the order of their coming; expected ones first."""

    members: dict[str, Member] = field(default_factory=dict)

    def expect(self, bot_id: str, role: str) -> None:
        """A bot that was launched and has not been heard of yet."""
        self.members[bot_id] = Member(bot_id, role, is_stranger=False)

    def alive(self, message: Alive, source: Address, now_seconds: float) -> Member | None:
        """A heartbeat; returns the member if it has just (re)joined."""
        bot_id = self._known_id("_".join(message.bot_id.split()), source)
        member = self._member(bot_id, is_classic=True)
        is_news = member.state in ("expected", "silent", "gone")
        if member.address is None or (member.is_classic and not member.is_placed):
            member.address = _listening(bot_id, source)  # one that said hello is where it said it
        member.seen_seconds = now_seconds
        if is_news:
            member.state = "ready" if member.has_been_ready else "joined"
        return member if is_news else None

    def place(self, bot_id: str, address: Address) -> None:
        """A classic bot was told to listen there."""
        member = self.members[bot_id]
        member.address, member.is_placed, member.is_classic = address, True, True
        member.state = "expected"

    def _known_id(self, bot_id: str, source: Address) -> str:
        """Whose heartbeat this is: ``name``, ``name@host``, ``name_port``, or by its own port."""
        if bot_id in self.members:
            return bot_id
        stem, _, port = bot_id.rpartition("_")
        for name in (bot_id.partition("@")[0], stem if port.isdigit() else ""):
            if name in self.members and self.members[name].is_placed:
                return name
        for member in self.members.values():
            if member.is_placed and member.address == source:
                return member.bot_id
        return bot_id or f"{source[0]}:{source[1]}"

    def hello(self, message: Hello, source: Address, now_seconds: float) -> Member:
        """A bot that speaks our dialect introduces itself."""
        if len(message.role) > MAX_NAME_LENGTH:
            raise ValueError(f"a role has up to {MAX_NAME_LENGTH} characters: {message.role!r}")
        member = self._member(message.bot_id, is_classic=False)
        member.role = member.role or message.role
        member.address = source
        member.is_classic = False
        member.hears = tuple(message.hears.split())
        member.sends = tuple(message.sends.split())
        member.seen_seconds = now_seconds
        if member.state != "ready":
            member.state = "joined"
        return member

    def _member(self, bot_id: str, *, is_classic: bool) -> Member:
        """The member of this id, new if need be; `ValueError` when there is no room for it."""
        if bot_id not in self.members:
            if not 0 < len(bot_id) <= MAX_NAME_LENGTH or bot_id.split() != [bot_id]:
                raise ValueError(
                    f"an id has 1..{MAX_NAME_LENGTH} characters and no blanks, got {bot_id!r}"
                )
            self._make_room()
            if len(self.members) >= MAX_MEMBERS:
                raise ValueError(f"the band is full: {MAX_MEMBERS} bots; {bot_id!r} must wait")
            self.members[bot_id] = Member(bot_id, is_classic=is_classic)
        return self.members[bot_id]

    def _make_room(self) -> None:
        """Forget strangers that are gone, when the roster is full."""
        if len(self.members) >= MAX_MEMBERS:
            gone = [x.bot_id for x in self.members.values() if x.is_stranger and x.state == "gone"]
            for bot_id in gone:
                del self.members[bot_id]

    def ready(self, bot_id: str) -> None:
        """A bot is prepared."""
        member = self.members.get(bot_id)
        if member is not None:
            member.state = "ready"
            member.has_been_ready = True
            member.n_ready += 1

    def remove(self, bot_id: str) -> None:
        """Forget a bot altogether."""
        self.members.pop(bot_id, None)

    def leave(self, bot_id: str) -> Member | None:
        """A bot is gone; returns it if that is news."""
        member = self.members.get(bot_id)
        if member is None or member.state == "gone":
            return None
        member.state = "gone"
        member.has_been_ready = False
        return member

    def fall_silent(self, now_seconds: float) -> list[Member]:
        """Bots whose heartbeat has just stopped for too long; their state is changed."""
        news = []
        for member in self.members.values():
            if member.address is None or member.state == "gone":
                continue
            silent = now_seconds - member.seen_seconds
            if member.state == "expected":
                continue
            if silent > GONE_SECONDS:
                member.state = "gone"
                news.append(member)
            elif silent > SILENT_SECONDS and member.state != "silent" and not member.is_classic:
                member.state = "silent"
                news.append(member)
        return news

    @property
    def here(self) -> tuple[Member, ...]:
        """Everybody who can be talked to."""
        return tuple(m for m in self.members.values() if m.is_here)

    @property
    def is_ready(self) -> bool:
        """Whether every expected bot is ready, or gone."""
        return all(member.is_ready for member in self.members.values())


def _listening(bot_id: str, source: Address) -> Address:
    """Where an uninvited bot listens: at the port in its id, or the one it sends from."""
    _, _, port = bot_id.rpartition("_")
    if port.isdigit() and FIRST_USER_PORT <= int(port) < 65536:
        return (source[0], int(port))
    return source
