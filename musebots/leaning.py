"""How a bot leans between calmer and bolder: its faders, its gate, and what it tells of both."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from musebots.faders import BAND, OWN, POLICY, Faders
from musebots.form import Section
from musebots.gate import BarSteered, Gate, SteeredStep
from musebots.generators import Pull
from musebots.knob import STILL, Knob
from musebots.messages import AT_ONCE, Action, Fader, Policy, Steer, Steered

if TYPE_CHECKING:
    from musebots.generators import SequenceGenerator

__all__ = ["Leaning"]

MAX_STEPS_KEPT = 512
MAX_SHARES = 64
MAX_PULLS = 8


class Leaning:
    """One bot's.

    Parameters
    ----------
    bot_id : str
    """

    def __init__(self, bot_id: str) -> None:
        self._id = bot_id
        self._generator: SequenceGenerator | None = None
        self._knob = STILL
        self._faders = Faders()
        self._gate = Gate()
        self._shares: tuple[tuple[int, float], ...] = ()
        self._steps: dict[int, SteeredStep] = {}
        self._judged_tick = 0
        self._pulls: tuple[tuple[int, int, Pull], ...] = ()
        self._repeats: tuple[tuple[int, int, int], ...] = ()

    def follow(self, generator: SequenceGenerator) -> None:
        """The generator that is steered.

        Asked for its `knob`, or else `alpha_range`, and after each step for `divergence` and
        `expected_surprise`, where it has them; one that has no range cannot be steered.
        """
        self._generator = generator
        low, high = getattr(generator, "alpha_range", STILL.reach)
        self._knob = getattr(generator, "knob", Knob.of_range(low, high))

    @property
    def is_steerable(self) -> bool:
        """Whether anything here changes what is played."""
        return self._knob != STILL or bool(self._pulls or self._repeats)

    def take(self, message: Fader | Policy | Steer, open_tick: int) -> bool:
        """Take in a message; `open_tick` is where "at once" begins. Whether that is news."""
        match message:
            case Policy():
                return self._faders.switch(message.checked().mode != "off", open_tick)
            case Fader():
                source = OWN if message.bot_id else BAND
                tick = open_tick if message.from_tick == AT_ONCE else message.from_tick
                return self._faders.move(source, message.value, max(0, tick))
            case Steer():
                is_news = self._take_details(message)
                return self._faders.move(POLICY, message.value, message.from_tick) or is_news

    def _take_details(self, message: Steer) -> bool:
        """Units that are pulled for a while, and a passage that is to come back."""
        found, start = message.found, message.from_tick
        if "units" in found:
            pull = Pull(tuple(int(unit) for unit in found["units"]), float(found["gain"]))
            self._pulls = (*self._pulls, (start, int(found["end_tick"]), pull))[-MAX_PULLS:]
        if "repeat" in found:
            first, end = (int(tick) for tick in found["repeat"])
            if 0 <= first < end <= start:
                self._repeats = (*self._repeats, (start, start + end - first, first))[-MAX_PULLS:]
        return "units" in found or "repeat" in found

    def pull_at(self, tick: int) -> Pull | None:
        """The units that are pulled at a tick; the gate holds for them, too."""
        for start, end, pull in reversed(self._pulls):
            if start <= tick < end and self._faders.is_on_at(tick):
                return Pull(pull.units, 1.0 + (pull.gain - 1.0) * self._share_at(tick))
        return None

    def source_of(self, tick: int) -> int | None:
        """The tick that comes back at this one; None where nothing is asked to."""
        for start, end, first in reversed(self._repeats):
            if start <= tick < end and self._faders.is_on_at(tick):
                return first + tick - start
        return None

    def value_at(self, tick: int, section: Section | None) -> float:
        """Where all faders together stand at a tick, -1..1."""
        return self._faders.value_at(tick, section.fader_of(self._id) if section else 0.0)

    def alpha_at(self, tick: int, section: Section | None) -> float:
        """How far to steer at a tick: what the faders ask for and the gate leaves of it."""
        return self._knob.alpha(self.value_at(tick, section)) * self._share_at(tick)

    def _share_at(self, tick: int) -> float:
        index = bisect_right(self._shares, tick, key=lambda point: point[0])
        return self._shares[index - 1][1] if index else 1.0

    def observe(self, tick: int, section: Section | None) -> None:
        """The generator has decided a step."""
        value = self.value_at(tick, section)
        if not value and not self._steps and self.pull_at(tick) is None:
            return
        kl = float(getattr(self._generator, "divergence", 0.0))
        surprise, usual = getattr(self._generator, "expected_surprise", (0.0, 0.0))
        alpha = self.alpha_at(tick, section)
        self._steps[tick] = (value, alpha, kl, float(surprise), float(usual))
        if len(self._steps) > MAX_STEPS_KEPT:
            del self._steps[min(self._steps)]

    def judge(self, bar_tick: int) -> Action | None:
        """Before a bar is planned: does the one before lie within the gate? What was done if not.

        The gate's verdict holds from `bar_tick` on.
        """
        bar = self._bar(self._judged_tick, bar_tick)
        self._judged_tick = bar_tick
        if bar is None:
            return None
        before = self._gate.share
        why = self._gate.judge(bar)
        if self._gate.share != before:
            self._shares = (*self._shares, (bar_tick, self._gate.share))[-MAX_SHARES:]
        if why:
            return Action(self._id, bar_tick, f"steered {self._gate.share:.2g} of the way", why)
        if self._gate.share > before and bar.value:
            return Action(
                self._id, bar_tick, f"steered {self._gate.share:.2g} of the way", "well within"
            )
        return None

    def told(self, start_tick: int, end_tick: int) -> Steered | None:
        """What was done to a bar, for others; None where nothing ever was."""
        bar = self._bar(start_tick, end_tick)
        if bar is None:
            return None
        return Steered(
            self._id, start_tick, end_tick, bar.value, bar.alpha, bar.kl, bar.cost,
            self._share_at(start_tick), self._knob.change(bar.alpha),
        )  # fmt: skip

    def _bar(self, start_tick: int, end_tick: int) -> BarSteered | None:
        steps = [of for tick, of in self._steps.items() if start_tick <= tick < end_tick]
        return BarSteered.of(steps) if steps else None

    def forget_from(self, tick: int) -> None:
        """Steps from there on are decided anew."""
        self._steps = {at: of for at, of in self._steps.items() if at < tick}

    def snapshot(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return {
            "faders": self._faders.snapshot(),
            "gate": self._gate.snapshot(),
            "shares": self._shares,
            "steps": tuple((tick, of) for tick, of in self._steps.items()),
            "judged": self._judged_tick,
            "pulls": tuple((start, end, p.units, p.gain) for start, end, p in self._pulls),
            "repeats": self._repeats,
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go back to what `snapshot` gave."""
        self._faders.restore(snapshot["faders"])
        self._gate.restore(snapshot["gate"])
        self._shares = tuple(snapshot["shares"])
        self._steps = dict(snapshot["steps"])
        self._judged_tick = snapshot["judged"]
        self._pulls = tuple(
            (start, end, Pull(tuple(units), gain)) for start, end, units, gain in snapshot["pulls"]
        )
        self._repeats = tuple(snapshot["repeats"])
