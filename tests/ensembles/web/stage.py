"""A band for the page's tests: a real Director over UDP, bots that play patterns, the page."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from director.director import Casting, Director
from director.outputs.memory import MemoryOutput
from ensembles.config import parse_piece
from ensembles.notices import noted
from ensembles.web.process import PAGE_ID, casting_of_page
from musebots import Musebot, Note
from musebots.agent import Link
from musebots.messages import Activations, Fader, Flag
from musebots.network import UdpNetwork

LOOPBACK = "127.0.0.1"
STEPS = 4
PIECE = """
title = "Stage"
[tempo]
bpm = 150
[[section]]
name = "A"
bars = 8
chords = "C | Am | F | G"
[[bot]]
class = "melody"
[[bot]]
class = "bass"
[[bot]]
class = "drums"
[[bot]]
id = "pad"
class = "melody"
"""


class Pattern(Musebot):
    """A note on every beat, and as many made-up activations as somebody wants."""

    n_units = 16
    pitches = (60, 64, 67)
    faders: list[Fader]

    async def play(self):
        self.faders = []
        rng = np.random.default_rng(0)
        number = 0
        async for beat in self.clock.beats(lead=1.0):
            tick = int(beat * 480)
            self.send(Note(onset=beat, pitch=self.pitches[int(beat) % 3], duration=0.9))
            if "activations" in self.wanted:
                rows = rng.uniform(-1, 1, (STEPS, self.n_units)).astype(np.float32)
                for row in range(STEPS):
                    at = tick + row * 120
                    told = Activations.of(
                        self.id, number, rows[row : row + 1], first_tick=at, step_ticks=120,
                        network="n",
                    )  # fmt: skip
                    self.tell(told)
                    number += 1

    def hear(self, message):
        if isinstance(message, Fader):
            self.faders.append(message)


class Beat(Pattern):
    pitches = (36, 42, 38)


@dataclass
class Performance:
    """A session that plays in a thread of its own."""

    bars: int = 400
    n_units: int = 16
    director: Director = None
    bots: dict = field(default_factory=dict)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __enter__(self):
        self._ready, self._loop = threading.Event(), None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_):
        self.call(self.director.stop)
        self._thread.join(10)

    def call(self, function, *arguments):
        """Call something in the session's thread, and return what it gives."""
        done, given = threading.Event(), []
        self._loop.call_soon_threadsafe(lambda: (given.append(function(*arguments)), done.set()))
        assert done.wait(5)
        return given[0]

    def flag(self, bot, first_tick, end_tick, units):
        """The monitor has found something."""
        details = f'{{"steps":[{first_tick}],"units":{{"{bot}":{units}}},"notes":{{}}}}'
        flag = Flag(bot, first_tick // 1920, (end_tick - 1) // 1920, first_tick, end_tick, 0.0021,
                    4.0, 12.0, 9.0, 2.0, 1.0, 1.0, details)  # fmt: skip
        self.call(lambda: self.bots["melody"].tell(flag))

    async def _main(self):
        self._loop = asyncio.get_running_loop()
        piece = parse_piece(PIECE)
        score = piece.score(bars=self.bars)
        cast = {bot.id: Casting(bot.role, 0) for bot in piece.bots}
        cast[PAGE_ID] = casting_of_page(
            {"piece": "stage", "title": "Stage", "n_bars": self.bars, "flags_per_hour": 4.0,
             "recording": "stage.mid", "ratings": os.environ.get("STAGE_RATINGS", "")}, 0
        )  # fmt: skip
        self.director = Director(score, cast, [MemoryOutput()])
        self.director.roster.leave(PAGE_ID)
        self.address = await self.director.open(UdpNetwork())
        async with asyncio.TaskGroup() as tasks:
            self._stack.enter_context(noted(self.director))
            for bot in piece.bots:
                made = (Beat if bot.role == "drums" else Pattern).make(bot.id)
                made.role, made.n_units = bot.role, self.n_units
                self.bots[bot.id] = made
                tasks.create_task(made.run(Link(bot.id, UdpNetwork(), self.address)))
            session = tasks.create_task(self.director.run())
            await self.director.clock.started()
            self._ready.set()
            await session
        self._stack.close()


def free_port():
    with socket.create_server((LOOPBACK, 0)) as sock:
        return sock.getsockname()[1]


@contextlib.contextmanager
def page_process(director, port, *arguments):
    """The page as a process of its own; gives the process once it answers."""
    command = [
        sys.executable, "-m", "ensembles.web", "--director", f"{director[0]}:{director[1]}",
        "--port", str(port), *arguments,
    ]  # fmt: skip
    with started(command, port) as process:
        yield process


@contextlib.contextmanager
def started(command, port):
    """A process that serves at a port, once it answers."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: answers(port) or process.poll() is not None)
        yield process
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()


def answers(port):
    try:
        socket.create_connection((LOOPBACK, port), 1).close()
    except OSError:
        return False
    return True


def until(condition, seconds=40.0):
    """Wait for something to be so; what it gives."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not happen in {seconds} s")
