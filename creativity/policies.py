"""Who moves the bots between calmer and bolder, and how far: each policy a pure function.

At every bar line a policy is told how creative the band has been and what the monitor flagged, and
says what is added to each bot's fader from the next bar on. *off* and *fader* add nothing. *nudge*
keeps the band's creativity near a target, gently: a controller with a proportional and an integral
part. *insist* goes all the way until the target is met. *encourage* holds on to what was flagged
and found creative: the bot gets bolder, and the passage comes back; what is noise, a stuck note or
a collapse is damped. *damp* damps all that is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from musebots.messages import Policy

__all__ = ["Decision", "Hold", "Memory", "Seen", "Situation", "Verdict", "decide"]

Verdict = Literal["creative", "usual", "noise", "stuck", "collapse"]

PROPORTIONAL = 4.0
"""Of the fader, per point of creativity that is missing."""
INTEGRAL = 0.3
"""The same, per bar for which it is missing."""
SLEW = 0.5
"""How far a policy moves a fader from one bar to the next, at most."""
HOLD_BARS = 8
HOLD_PUSH = 0.5
"""What encouraging adds to a bot's fader, and damping takes away, for so many bars."""
AMPLIFIED, CLAMPED = 2.0, 0.0
"""How often flagged units count while they are encouraged, and damped."""
WORDS: Mapping[Verdict, str] = {
    "creative": "unusual and worth it",
    "usual": "unusual, but no more creative for it",
    "noise": "noise",
    "stuck": "a stuck note",
    "collapse": "a collapse",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A flag, and what the assessor makes of the passage.

    Parameters
    ----------
    bot_id : str
        Empty for the band.
    first_tick, end_tick : int
        From the first bar line of the flagged bars to the bar line after the last one.
    units : mapping of str to tuple of int
        Hidden units that were flagged, by bot.
    verdict : Verdict
    """

    bot_id: str
    first_tick: int
    end_tick: int
    units: Mapping[str, tuple[int, ...]]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at a bar line.

    Parameters
    ----------
    bar : int
        The first bar that can still be changed, from 0.
    level : float or None
        How creative the band has been lately, 0..1; None while that is not known.
    members : tuple of str
        Ids of the bots that can be moved.
    seen : tuple of Seen
        What was flagged since the last bar line.
    """

    bar: int
    level: float | None
    members: tuple[str, ...]
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """A bot is encouraged (or damped) until a bar."""

    bot_id: str
    push: float
    until_bar: int
    units: tuple[int, ...] = ()
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class Memory:
    """What a policy remembers from bar to bar: its push on all, the integral, and its holds."""

    push: float = 0.0
    integral: float = 0.0
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done from the bar on.

    Parameters
    ----------
    memory : Memory
    pushes : mapping of str to float
        By bot, what is added to its fader, -1..1.
    holds : tuple of Hold
        Those that begin now.
    repeats : tuple of Seen
        Passages that are to come back now.
    actions : tuple of (str, str, str)
        Bot id (empty: the band), what was done, why.
    """

    memory: Memory
    pushes: Mapping[str, float]
    holds: tuple[Hold, ...] = ()
    repeats: tuple[Seen, ...] = ()
    actions: tuple[tuple[str, str, str], ...] = field(default=())


def decide(policy: Policy, memory: Memory, now: Situation) -> Decision:
    """What a policy does at a bar line."""
    match policy.mode:
        case "nudge":
            return _pushed(_nudged(policy, memory, now), now)
        case "insist":
            return _insisted(policy, memory, now)
        case "encourage" | "damp":
            return _driven(policy, memory, now)
        case _:
            return _pushed(Memory(), now)


def _pushed(memory: Memory, now: Situation) -> Decision:
    return Decision(memory, dict.fromkeys(now.members, memory.push))


def _nudged(policy: Policy, memory: Memory, now: Situation) -> Memory:
    """A PI controller; the integral waits while the push is at its end (anti-windup)."""
    if now.level is None:
        return memory
    missing = policy.target - now.level
    wanted = PROPORTIONAL * missing + memory.integral + INTEGRAL * missing
    push = _slewed(memory.push, max(-1.0, min(1.0, wanted)), SLEW)
    is_held_back = (wanted > push and missing > 0) or (wanted < push and missing < 0)
    integral = memory.integral if is_held_back else memory.integral + INTEGRAL * missing
    return Memory(push, max(-1.0, min(1.0, integral)))


def _insisted(policy: Policy, memory: Memory, now: Situation) -> Decision:
    """All the way to one side until the level is near the target; there it stays."""
    if now.level is None or abs(policy.target - now.level) <= policy.tolerance:
        return _pushed(memory, now)
    end = 1.0 if policy.target > now.level else -1.0
    push = _slewed(memory.push, end, SLEW)
    decided = _pushed(Memory(push), now)
    if push != end or push == memory.push:
        return decided
    what = "as bold as can be" if end > 0 else "as calm as can be"
    why = f"creativity {now.level:.2f}, {policy.target:.2f} is wanted"
    return replace(decided, actions=(("", what, why),))


def _driven(policy: Policy, memory: Memory, now: Situation) -> Decision:
    """Flags move the bots that they are about, for some bars."""
    kept = [hold for hold in memory.holds if hold.until_bar > now.bar]
    begun: list[Hold] = []
    repeats: list[Seen] = []
    actions = []
    for seen in now.seen:
        is_wanted = policy.mode == "encourage" and seen.verdict == "creative"
        if policy.mode == "encourage" and seen.verdict == "usual":
            actions.append((seen.bot_id, "left alone", WORDS[seen.verdict]))
            continue
        for bot_id in (seen.bot_id,) if seen.bot_id else now.members:
            if bot_id not in now.members:
                continue
            units = tuple(seen.units.get(bot_id, ())) if policy.means == "units" else ()
            hold = Hold(bot_id, HOLD_PUSH if is_wanted else -HOLD_PUSH, now.bar + HOLD_BARS)
            if units:
                gain = AMPLIFIED if is_wanted else CLAMPED
                hold = replace(hold, push=0.0, units=units, gain=gain)
            begun.append(hold)
        if is_wanted:
            repeats.append(seen)
        what = "encouraged, and to come back" if is_wanted else "damped"
        actions.append((seen.bot_id, what, WORDS[seen.verdict]))
    newly = {hold.bot_id for hold in begun}
    holds = (*(hold for hold in kept if hold.bot_id not in newly), *begun)
    pushes = dict.fromkeys(now.members, 0.0)
    for hold in holds:
        pushes[hold.bot_id] = hold.push
    return Decision(Memory(holds=holds), pushes, tuple(begun), tuple(repeats), tuple(actions))


def _slewed(before: float, wanted: float, most: float) -> float:
    return before + max(-most, min(most, wanted - before))
