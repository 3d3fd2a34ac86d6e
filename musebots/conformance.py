"""Does a bot behave? A report that anybody can run on any bot: ``musebots check MODULE:CLASS``.

Every check plays the bot on virtual time. The whole runs in a process of its own, so that a bot
that hangs ends in a report and not in a hung terminal.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from musebots.errors import MusebotError
from musebots.offline import run_offline
from musebots.registry import resolve
from musebots.rehearsal import BOT_ID, Rehearsal, Sheet

if TYPE_CHECKING:
    from musebots.musebot import Musebot

__all__ = ["Check", "ConformanceReport", "check"]

TIMEOUT_SECONDS = 60.0
SHEET = Sheet(bars=8, chords="C | Am | F | G", seed=1)
MAX_HEARTBEAT_GAP_SECONDS = 1.5
MAX_OFF_SECONDS = 1.0
HORIZON_TICKS = 48  # 50 ms at 120 bpm: the Director's commit horizon
JUNK = (
    b"",
    b"\xff" * 64,
    b"not osc",
    b"/broadcast/notepool\0\0\0\0\0",
    b"/broadcast/notepool\0,sii\0\0\0\0you\0",  # two ints are missing
    b"/foreign/thing\0\0,T\0\0",
    b"/mc/statechange\0,s\0\0idle\0\0\0\0",
    b"/musebots/form\0\0,siifffs\0\0\0\0X\0\0\0" + b"\0" * 20,  # ends before it begins
    b"/musebots/harmony\0\0\0,is\0\0\0\0\x63xyz\0",
    b"#bundle\0" + b"\0" * 8 + b"\0\0\0\x7f",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One property, whether it holds, and what was seen."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """All checks of one bot."""

    reference: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)


def check(reference: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> ConformanceReport:
    """Check the bot behind a reference (stock name, module:Class or folder).

    Raises
    ------
    UnknownBot
        When there is no such bot.
    """
    resolve(reference)
    command = [sys.executable, "-P", "-m", "musebots.conformance", reference]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        hung = Check(
            "comes to an end",
            False,
            f"still busy after {timeout_seconds:g} s: does it loop or block without awaiting?",
        )
        return ConformanceReport(reference, (hung,))
    if done.returncode != 0 or not done.stdout.strip():
        quiet = f"it ended its own process (exit code {done.returncode})"
        last = done.stderr.strip().splitlines()[-1:] or [quiet]
        return ConformanceReport(reference, (Check("runs at all", False, last[0]),))
    rows = json.loads(done.stdout.splitlines()[-1])
    return ConformanceReport(reference, tuple(Check(**row) for row in rows))


def run_checks(bot: type[Musebot]) -> list[Check]:
    """All checks of a bot class, in this process."""
    checks: dict[str, Callable[[type[Musebot]], tuple[bool, str]]] = {
        "plays or speaks": _plays,
        "sends alive": _sends_alive,
        "is never late": _is_never_late,
        "leaves nothing hanging": _leaves_nothing_hanging,
        "stops within a second": _stops_within_a_second,
        "survives unknown and malformed messages": _survives_junk,
        "same notes for the same seed": _is_reproducible,
    }
    return [Check(name, *_guarded(one, bot)) for name, one in checks.items()]


def _guarded(
    one: Callable[[type[Musebot]], tuple[bool, str]], bot: type[Musebot]
) -> tuple[bool, str]:
    """A check whose bot raises has failed, and says how."""
    try:
        return one(bot)
    except MusebotError as error:
        return False, str(error)


def _plays(bot: type[Musebot]) -> tuple[bool, str]:
    rehearsal = _rehearsed(bot)
    n_notes, n_words = len(rehearsal.heard), rehearsal.n_broadcasts
    if not (n_notes or n_words):
        return False, "no note and no broadcast in 8 bars: is there an `async def play`?"
    return True, f"{n_notes} notes and {n_words} broadcasts in {SHEET.bars} bars"


def _rehearsed(
    bot: type[Musebot],
    *,
    disturb: Callable[[Callable[[bytes], None]], None] | None = None,
    off_tick: int | None = None,
) -> Rehearsal:
    async def play() -> Rehearsal:
        rehearsal = Rehearsal(SHEET, disturb=disturb, off_tick=off_tick)
        await rehearsal.run(bot.make(BOT_ID))
        return rehearsal

    return run_offline(play())


def _sends_alive(bot: type[Musebot]) -> tuple[bool, str]:
    rehearsal = _rehearsed(bot)
    end = rehearsal.off_seconds if rehearsal.off_seconds is not None else 0.0
    times = [*rehearsal.alive_seconds, end]
    gap = max((b - a for a, b in pairwise(times)), default=float("inf"))
    told = f"{len(times) - 1} heartbeats in {end:.0f} s, longest gap {gap:.2f} s"
    return gap <= MAX_HEARTBEAT_GAP_SECONDS, told


def _is_never_late(bot: type[Musebot]) -> tuple[bool, str]:
    heard = _rehearsed(bot).heard
    ahead = [h.note.onset_ticks - h.arrived_tick for h in heard]
    n_late = sum(a < HORIZON_TICKS for a in ahead)
    shortest = f", the shortest lead {min(ahead):.0f} ticks" if ahead else ""
    return n_late == 0, f"{n_late} late of {len(heard)} notes{shortest}"


def _leaves_nothing_hanging(bot: type[Musebot]) -> tuple[bool, str]:
    rehearsal = _rehearsed(bot)
    ends = [h.note.onset_ticks + h.note.duration_ticks for h in rehearsal.heard]
    n_over = sum(end > rehearsal.end_tick for end in ends)
    return n_over == 0, f"{n_over} of {len(ends)} notes outlast the piece"


def _stops_within_a_second(bot: type[Musebot]) -> tuple[bool, str]:
    off_tick = 4 * 4 * 480 + 100
    rehearsal = _rehearsed(bot, off_tick=off_tick)
    if rehearsal.off_seconds is None or rehearsal.end_seconds is None:
        return False, "it ended before it was told to"
    seconds = rehearsal.end_seconds - rehearsal.off_seconds
    n_after = sum(h.arrived_tick > off_tick + HORIZON_TICKS for h in rehearsal.heard)
    told = f"gone {seconds:.2f} s after off, {n_after} notes sent after it"
    return seconds <= MAX_OFF_SECONDS and n_after == 0, told


def _survives_junk(bot: type[Musebot]) -> tuple[bool, str]:
    def disturb(send: Callable[[bytes], None]) -> None:
        for datagram in JUNK:
            send(datagram)

    calm, disturbed = _rehearsed(bot).heard, _rehearsed(bot, disturb=disturb).heard
    same = [h.note for h in calm] == [h.note for h in disturbed]
    detail = "plays on as if nothing had come" if same else "plays otherwise than without it"
    return same, detail


def _is_reproducible(bot: type[Musebot]) -> tuple[bool, str]:
    first, second = (_rehearsed(bot).heard for _ in range(2))
    same = [h.note for h in first] == [h.note for h in second]
    detail = f"{len(first)} notes, twice the same" if same else "two runs with one seed differ"
    return same, detail


def main(argv: list[str]) -> int:
    """Print the checks of the bot named in `argv` as one line of JSON."""
    print(json.dumps([asdict(one) for one in run_checks(resolve(argv[0]))]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
