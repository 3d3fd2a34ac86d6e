"""What those who watch are told: where the controls stand, how the members are, what was said.

Everything is a message under a key; whoever hears `desk` gets each message once, and again when it
has changed. Who says hello anew gets all of it anew.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Iterator, Mapping

from director.findings import Findings
from director.playback import Playback
from director.reception import Reception
from director.roster import Member
from musebots import messages as m
from musebots.network import Address

__all__ = ["Desk"]

log = logging.getLogger(__name__)

TOPIC = "desk"
SLACK_SECONDS = 1e-6  # 0.02 is a little less in 32 bits
KEPT_NOTICES = 100
MIN_HORIZON_SECONDS, MAX_HORIZON_SECONDS = 0.02, 2.0


class Desk:
    """See the module's text.

    Parameters
    ----------
    reception : Reception
        Knows who is here, and sends.
    playback : Playback
        Has the mixer and the commit horizon.
    findings : Findings
    """

    def __init__(self, reception: Reception, playback: Playback, findings: Findings) -> None:
        self._reception = reception
        self._playback = playback
        self._findings = findings
        self._told: dict[Address, dict[str, m.Message]] = {}
        self._notices: deque[m.Notice] = deque(maxlen=KEPT_NOTICES)
        self._n_notices = 0
        self._levels: tuple[tuple[str, float], ...] = ()

    def meter(self, levels: Mapping[str, float]) -> None:
        """How loud each strip has just been, linear (``""``: the master); told where it changed."""
        rows = tuple(levels.items())
        if rows != self._levels:
            self._levels = rows
            self._relay("levels", m.encode(m.Levels(rows)))

    def note(self, level: str, words: str) -> None:
        """Something that a performer should know: told, and kept for who comes later."""
        self._notices.append(m.Notice(self._n_notices, level, words[:1000]))
        self._n_notices += 1
        self.tell()

    def take(self, message: m.Message, datagram: bytes, source: Address) -> None:
        """Take in what is the desk's own, and tell what other messages have changed there."""
        match message:
            case m.Horizon():
                self._set_horizon(message.seconds)
                self._reception.retained.keep_control(message, datagram)
                self._reception.tell.ours(message)
            case m.Panic():
                log.warning("panic: everything that sounded was ended")
                self._playback.hush()
            case m.Rating():
                self._relay("ratings", datagram)
            case m.Score():
                self._relay("scores", datagram)
            case m.Control():
                self._relay("controls", datagram)
            case m.Hello():
                self._told.pop(source, None)
                self._tell_turned(source)
            case m.Mix() | m.Instrument():
                pass
            case _:
                return
        self.tell()

    def _tell_turned(self, to: Address) -> None:
        """Where everybody's knobs and faders stand, to who hears of controls."""
        for member in self._reception.roster.here:
            if member.address == to and member.wants("controls"):
                for datagram in self._reception.retained.turned:
                    self._reception.tell.relay(datagram, [member])

    def tell(self) -> None:
        """Tell whoever hears it what has changed since they were told last."""
        hearers = [member for member in self._reception.roster.here if member.wants(TOPIC)]
        if not hearers:
            return
        standing = dict(self._standing())
        for member in hearers:
            assert member.address is not None
            told = self._told.setdefault(member.address, {})
            for key, message in standing.items():
                if told.get(key) != message:
                    told[key] = message
                    self._reception.tell.relay(m.encode(message), [member])

    def _standing(self) -> Iterator[tuple[str, m.Message]]:
        """Every message that holds now, under its key."""
        yield "horizon", m.Horizon(self._playback.horizon_seconds)
        mix, scheduler = self._playback.mix, self._playback.scheduler
        yield "strip/", m.Strip("", "", 0, 0, mix.master.end_db)
        for strip in self._playback.strips:
            controls = mix.strips[strip.bot_id]
            yield (
                f"strip/{strip.bot_id}",
                m.Strip(
                    strip.bot_id, strip.role, strip.channel + 1, strip.program,
                    controls.fader.end_db, controls.pan,
                    int(controls.is_muted), int(controls.is_solo),
                    controls.reverb, controls.instrument,
                ),
            )  # fmt: skip
        for member in self._reception.roster.members.values():
            n_notes, n_late = (n[member.bot_id] for n in (scheduler.n_notes, scheduler.n_late))
            yield f"member/{member.bot_id}", _told_of(member, n_notes, n_late)
        for flag in self._findings.flags:
            yield f"flag/{flag.bot_id}/{flag.first_tick}", flag
        for notice in self._notices:
            yield f"notice/{notice.number}", notice

    def _relay(self, topic: str, datagram: bytes) -> None:
        here = self._reception.roster.here
        self._reception.tell.relay(datagram, [member for member in here if member.wants(topic)])

    def _set_horizon(self, seconds: float) -> None:
        low, high = MIN_HORIZON_SECONDS - SLACK_SECONDS, MAX_HORIZON_SECONDS + SLACK_SECONDS
        if not (math.isfinite(seconds) and low <= seconds <= high):
            raise ValueError(
                f"the horizon must be in {MIN_HORIZON_SECONDS:g}..{MAX_HORIZON_SECONDS:g} s, "
                f"got {seconds:g}"
            )
        log.info("commit horizon %g s", seconds)
        self._playback.set_horizon(seconds)


def _told_of(member: Member, n_notes: int, n_late: int) -> m.Member:
    sends, hears = " ".join(member.sends), " ".join(member.hears)
    return m.Member(member.bot_id, member.role, member.state, sends, hears, n_notes, n_late)
