"""Calmer or bolder, as the Director sees it: who is told, what is kept, what has come of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from director.playback import Playback
from director.reception import Reception
from musebots import messages as m
from musebots.clock import Clock

__all__ = ["STEERING_TOPIC", "SteeringNews", "Steerings"]

log = logging.getLogger(__name__)

STEERING_TOPIC = "steering"

SteeringNews = m.Fader | m.Policy | m.Steer | m.Steered | m.Assessed | m.Action


class Steerings:
    """Sends on what moves the bots between calmer and bolder, and what they and a steerer tell.

    Parameters
    ----------
    reception : Reception
    playback : Playback
        What was done is marked in the recordings.
    clock : Clock
    on_news : callable
        Hears of everything, with the tick at which it came.
    policy : Policy
        The one to begin with.

    Attributes
    ----------
    policy : Policy
        The one in force.
    actions : list of Action
        What was done, and why.
    """

    def __init__(
        self,
        reception: Reception,
        playback: Playback,
        clock: Clock,
        on_news: Callable[[SteeringNews, int], None],
        *,
        policy: m.Policy,
    ) -> None:
        self.policy = policy
        self.actions: list[m.Action] = []
        self._reception = reception
        self._playback = playback
        self._clock = clock
        self._on_news = on_news
        self._steered: dict[str, m.Steered] = {}
        self._assessed: dict[str, m.Assessed] = {}
        if policy.mode != "fader":
            reception.retained.keep_control(policy, m.encode(policy))

    def take(self, message: SteeringNews, datagram: bytes) -> None:
        """Take in a message, and send it on; `ValueError` when it makes no sense."""
        match message:
            case m.Policy():
                self.policy = message.checked()
                log.info("policy: %s", message.mode)
                self._reception.retained.keep_control(message, datagram)
                self._tell_all(datagram)
            case m.Fader():
                self._reception.retained.keep_control(message, datagram)
                self._tell_all(datagram)
            case m.Steer():
                _ = message.found
                self._reception.retained.keep_control(message, datagram)
                self._tell(datagram, message.bot_id)
            case m.Steered():
                self._steered[message.bot_id] = message
                self._tell(datagram)
            case m.Assessed():
                self._assessed[message.bot_id] = message
                self._tell(datagram)
            case m.Action():
                self.actions.append(message)
                log.info("%s", message.headline)
                self._playback.mark(max(0, message.tick), message.headline)
                self._tell(datagram)
        tick = self._clock.tick_now if self._clock.is_started else -1
        self._on_news(message, int(tick))

    @property
    def headline(self) -> str:
        """For a line on a screen: the policy, the band's score, each bot's fader; or nothing."""
        parts = []
        score = self._assessed.get("")
        if score is not None:
            target = f" → {self.policy.target:.2f}" if self._has_target else ""
            people = f" (w {score.weight:.2f})" if score.weight else ""
            parts.append(f"creativity {score.level:.2f}{target}{people}")
        for bot_id, of in self._steered.items():
            if of.value:
                gate = f" (gate {of.share:.2g})" if of.share < 1 else ""
                expected = f" expect {of.change:+.2f}" if of.change else ""
                parts.append(f"{bot_id} {of.value:+.2f}{expected}{gate}")
        if not parts:
            return ""
        return (
            " ".join([self.policy.mode, *parts])
            if self.policy.mode != "fader"
            else ("fader " + " ".join(parts))
        )

    @property
    def _has_target(self) -> bool:
        return self.policy.mode in ("nudge", "insist")

    def _tell_all(self, datagram: bytes) -> None:
        """Everybody who speaks our dialect."""
        here = self._reception.roster.here
        self._reception.tell.relay(datagram, [one for one in here if not one.is_classic])

    def _tell(self, datagram: bytes, bot_id: str = "") -> None:
        """Those who hear steering, and the bot that is meant."""
        here = self._reception.roster.here
        chosen = [
            one
            for one in here
            if not one.is_classic and (one.wants(STEERING_TOPIC) or one.bot_id == bot_id != "")
        ]
        self._reception.tell.relay(datagram, chosen)
