"""An agent's life: join, stay alive, hear, and leave cleanly.

A `Musebot` is an agent with music in it. What is here is the same for all: the heartbeat, the
hello and the clock exchange with the Director, and the one place where its tasks end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from dataclasses import dataclass

from musebots.errors import BotFailed, NetworkError
from musebots.faults import one_fault
from musebots.messages import (
    PROTOCOL_VERSION,
    Alive,
    Bye,
    ClockPing,
    ClockPong,
    Hello,
    Message,
    Off,
    Welcome,
)
from musebots.network import Address, Network, Wire

__all__ = ["UNTIED_PATIENCE_SECONDS", "Agent", "ClockExchange", "Link"]

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
HELLO_SECONDS = 0.25
FIRST_PING_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
PING_SECONDS = 1.0
ANSWER_SECONDS = 0.2
UNTIED_PATIENCE_SECONDS = 1.5
"""Of who is not tied to the Director's process by a pipe: nothing else tells of its death."""
N_EXCHANGES = 128
NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Link:
    """How an agent reaches its Director.

    Parameters
    ----------
    bot_id : str
        Unique in the ensemble, without blanks.
    network : Network
    director : Address
        (host, port).
    port : int
        Own port; 0 takes any free one.
    patience_seconds : float
        How long the Director may leave the agent without an answer before that falls silent and
        leaves; who is not tied to the Director's process should have `UNTIED_PATIENCE_SECONDS`.
    welcome_seconds : float
        How long to wait for a Director in the first place.
    is_supervised : bool
        Whether somebody brings the agent back when it fails, so that it should tell how far it is.
    ping_seconds : float
        From one clock exchange to the next, once the first few are over: less where the way to the
        Director is long and uneven.
    """

    bot_id: str
    network: Network
    director: Address
    port: int = 0
    patience_seconds: float = 5.0
    welcome_seconds: float = 5.0
    is_supervised: bool = False
    ping_seconds: float = PING_SECONDS


class ClockExchange:
    """How far another clock is ahead of ours, from four time stamps a round trip.

    Notes
    -----
    As in NTP (RFC 5905, section 8): ``offset = ((t1 - t0) + (t2 - t3)) / 2``. Instead of NTP's
    clock filter, which takes the exchange of the shortest delay, the shortest way there and the
    shortest way back are taken each for itself (Moon, Skelly and Towsley, INFOCOM 1999, look at
    one-way delays so): of n exchanges whose delays vary by +-10 ms some way there is nearly
    undisturbed, and some way back, but seldom both of one exchange.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=N_EXCHANGES)

    def add(self, sent_ns: int, received_ns: int, answered_ns: int, returned_ns: int) -> None:
        """Take in one round trip: t0, t1, t2, t3."""
        self._samples.append((received_ns - sent_ns, returned_ns - answered_ns))

    @property
    def offset_ns(self) -> int | None:
        """Their clock minus ours, None before the first exchange."""
        if not self._samples:
            return None
        there = min(way for way, _ in self._samples)
        back = min(way for _, way in self._samples)
        return (there - back) // 2


class Agent:
    """What every agent does; subclasses say what it is for in `perform` and `on_message`."""

    role = "other"
    sends: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.id = ""
        self.wire = Wire(self._receive)
        self.exchange = ClockExchange()
        self._off = asyncio.Event()
        self._welcomed = asyncio.Event()
        self._unanswered_seconds = 0.0
        self.is_deserted = False
        """Whether it left because the Director was silent."""
        self._answered = asyncio.Event()
        self._asked_ns = 0
        self._failure: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def perform(self) -> None:
        """The agent's work, begun once the Director has answered; may end before the session."""

    def on_welcome(self, welcome: Welcome) -> None:
        """The Director has answered."""

    def on_message(self, message: Message) -> None:
        """Any other message from the Director."""

    def on_heartbeat(self) -> None:
        """Another second has passed."""

    @property
    def is_supervised(self) -> bool:
        """Whether somebody brings this agent back when it fails."""
        return self._link.is_supervised

    def on_clock(self, offset_ns: int) -> None:
        """A (better) estimate of the Director's clock minus ours."""

    @property
    def loop_ns(self) -> int:
        """The event loop's clock in nanoseconds."""
        return round(asyncio.get_running_loop().time() * NS_PER_SECOND)

    def tell(self, message: Message) -> None:
        """Send a message to the Director."""
        self.wire.send(message, self._link.director)

    async def run(self, link: Link) -> None:
        """Live from hello to goodbye; returns when the Director says off, or is gone.

        Raises
        ------
        BotFailed
            When the agent's own code raised; its traceback is the cause.
        NetworkError
            When no Director answers.
        """
        self._link = link
        self.id = link.bot_id
        await self.wire.open(link.network, port=link.port)
        try:
            with one_fault():
                async with asyncio.TaskGroup() as tasks:
                    background = [
                        tasks.create_task(self._say_hello()),
                        tasks.create_task(self._keep_alive()),
                        tasks.create_task(self._exchange_clocks()),
                        tasks.create_task(self._work()),
                        tasks.create_task(self._watch_for_failure()),
                    ]
                    await self._off.wait()
                    for task in background:
                        task.cancel()
        finally:
            self.tell(Bye(self.id))
            self.wire.close()

    def leave(self) -> None:
        """End the agent's life from within."""
        self._off.set()

    async def _work(self) -> None:
        await self._welcomed.wait()
        try:
            await self.perform()
        except (Exception, SystemExit) as error:
            raise BotFailed(self.id, error) from error

    def fail(self, error: Exception) -> None:
        """The agent's own code raised outside of `perform`: end its life with that error."""
        if not self._failure.done():
            self._failure.set_result(error)

    async def _watch_for_failure(self) -> None:
        error = await self._failure
        raise BotFailed(self.id, error) from error

    async def _keep_alive(self) -> None:
        """Send the heartbeat."""
        while True:
            self.tell(Alive(self.id))
            self.on_heartbeat()
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _say_hello(self) -> None:
        """Knock until the Director answers, or it has been long enough."""
        hello = Hello(
            PROTOCOL_VERSION, self.id, self.role, " ".join(self.sends), " ".join(self.hears)
        )
        for n_said in itertools.count(1):
            if self._welcomed.is_set():
                return
            self.tell(hello)
            await asyncio.sleep(HELLO_SECONDS)
            if n_said * HELLO_SECONDS > self._link.welcome_seconds and not self._welcomed.is_set():
                host, port = self._link.director
                raise NetworkError(
                    f"no Director answers at {host}:{port}; start one with "
                    "`musebots play`, or give its address"
                )

    async def _exchange_clocks(self) -> None:
        """Ask for the Director's clock, again and again; give up when it has fallen silent.

        Silence is counted in own questions: a process that was stopped for a while and goes on
        finds what it has missed in its socket, and must not take it for silence.
        """
        await self._welcomed.wait()
        steady = self._link.ping_seconds
        first = (seconds for seconds in FIRST_PING_SECONDS if seconds < steady)
        for seconds in itertools.chain(first, itertools.repeat(steady)):
            self.tell(ClockPing(self.id, self.loop_ns))
            await asyncio.sleep(seconds)
            self._unanswered_seconds += seconds
            if self._unanswered_seconds > self._link.patience_seconds:
                silent = self._unanswered_seconds
                log.warning("%s: the Director has been silent for %.1f s", self.id, silent)
                self.is_deserted = True
                self.leave()

    async def _ask_clock(self) -> None:
        """Have one more exchange, now that nothing keeps the process from hearing the answer."""
        self._answered.clear()
        self._asked_ns = self.loop_ns
        self.tell(ClockPing(self.id, self._asked_ns))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), ANSWER_SECONDS)

    def _receive(self, message: Message, datagram: bytes, source: Address) -> None:
        self._unanswered_seconds = 0.0
        match message:
            case Welcome():
                if not self._welcomed.is_set():
                    self.on_welcome(message)
                    self._welcomed.set()
            case ClockPong():
                self.exchange.add(
                    message.sent_ns, message.received_ns, message.answered_ns, self.loop_ns
                )
                if message.sent_ns == self._asked_ns:
                    self._answered.set()
                offset = self.exchange.offset_ns
                if offset is not None:
                    self.on_clock(offset)
            case Off():
                self._off.set()
            case _:
                self.on_message(message)
