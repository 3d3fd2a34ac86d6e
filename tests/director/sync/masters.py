"""A simulated MIDI clock master, and a band that follows it, on virtual time. Seed 0."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np

from director.director import Casting, Director
from director.outputs.base import NoteOn
from director.outputs.memory import MemoryOutput
from director.sync.follower import Follower
from director.sync.midiclock import CLOCKS_PER_BEAT, MidiClockLeader
from ensembles.config import parse_piece
from ensembles.pieces_format.solo import solo
from musebots.agent import Link
from musebots.network import LoopbackNetwork
from musebots.registry import resolve


@dataclass
class Master:
    """Sends clocks at its own (true) times, each off by chance; remembers when its beats fell."""

    leader: MidiClockLeader
    bpm_at: object
    jitter_seconds: float = 0.0
    losing: frozenset = frozenset()
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    now: float = 0.0
    n_sent: int = 0
    song_clocks: int = 0
    is_playing: bool = False
    beats: list = field(default_factory=list)
    director: Director | None = None

    async def wait(self, seconds):
        """Send nothing."""
        self.now += seconds
        await asyncio.sleep(max(0.0, self.now - asyncio.get_running_loop().time()))

    def say(self, word, position=0):
        self.leader.hear(word, asyncio.get_running_loop().time(), position=position)
        if word == "start":
            self.song_clocks = 0
        if word == "songpos":
            self.song_clocks = position * 6
        self.is_playing = word in ("start", "continue") or (self.is_playing and word != "stop")

    async def clocks(self, n_beats):
        """So many beats of clocks."""
        loop = asyncio.get_running_loop()
        self.now = max(self.now, loop.time())
        for _ in range(round(n_beats * CLOCKS_PER_BEAT)):
            when = self.now + self.rng.normal(0.0, self.jitter_seconds)
            await asyncio.sleep(max(0.0, when - loop.time()))
            if self.is_playing and self.song_clocks % CLOCKS_PER_BEAT == 0:
                self.beats.append((self.song_clocks // CLOCKS_PER_BEAT, self.now))
            if self.n_sent not in self.losing:
                self.leader.hear("clock", loop.time())
            bpm = self.bpm_at(self.song_clocks / CLOCKS_PER_BEAT if self.is_playing else 0.0)
            self.now += 60.0 / bpm / CLOCKS_PER_BEAT
            self.n_sent += 1
            self.song_clocks += self.is_playing


async def followed(conduct, *, bpm=100.0, bpm_at=lambda beat: 90.0, bars=64, reference="hello",
                   jitter_seconds=0.0, losing=frozenset()):  # fmt: skip
    """Play a bot after a master that `conduct(master)` drives.

    The output, the master, and the Director's report.
    """
    loop, network, out = asyncio.get_running_loop(), LoopbackNetwork(), Stamped()
    piece = parse_piece(solo(reference), source=reference)
    score = piece.score(bars=bars, bpm=bpm)
    leader = MidiClockLeader("the master", bpm, now=loop.time)
    follower = Follower(leader)
    cast = {piece.bots[0].id: Casting(piece.bots[0].role, 0)}
    await out.open(score)
    director = Director(score, cast, [out], anchor_for=follower.anchor_for)
    address = await director.open(network)
    master = Master(leader, bpm_at, jitter_seconds, losing, director=director)
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follower.run(director))
        bot = resolve(reference).make(piece.bots[0].id)
        tasks.create_task(bot.run(Link(piece.bots[0].id, network, address)))
        conducted = tasks.create_task(conduct(master))
        conducted.add_done_callback(lambda _: director.stop())
        report = await director.run()
        following.cancel()
        conducted.cancel()
    return out, master, report


class Stamped(MemoryOutput):
    """Also keeps when each note sounds, on the event loop's clock."""

    def __init__(self):
        super().__init__()
        self.sounded = []

    def send(self, event):
        super().send(event)
        if isinstance(event, NoteOn):
            now = asyncio.get_running_loop().time()
            self.sounded.append((event.tick, max(now, self.anchor_seconds + event.seconds)))


def errors(out, master, *, from_beat=0.0, to_beat=float("inf")):
    """How far each note of a hello bot is from the master's beat of the same number, in seconds."""
    when = dict(master.beats)
    return np.array(
        [
            seconds - when[tick // 480]
            for tick, seconds in out.sounded
            if tick % 480 == 0 and tick // 480 in when and from_beat <= tick / 480 < to_beat
        ]
    )


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))
