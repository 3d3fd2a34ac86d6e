"""A session that was played and written down, in no time."""

import asyncio

import pytest

from director.director import Director
from ensembles.config import load_piece, parse_piece
from ensembles.sessions.folder import SessionFolder
from ensembles.sessions.makings import makings_of
from ensembles.sessions.recorder import JournalledMidiFile, Recorder
from ensembles.stage import cast_of, opened
from musebots.agent import Link
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline
from musebots.registry import resolve

PIECE = """
title = "Kept"
swing = 0.6
seed = 3
[tempo]
bpm = 110
[[section]]
name = "A"
chords = "Am7 | Fmaj7 | Dm7 | E7"
[[section]]
name = "B"
key = "A minor"
time_signature = "3/4"
chords = "F | G | Am | Am"
"""


async def _session(folder, piece, bars, script, is_ended, request, guests):
    score = piece.score(bars=bars)
    recorder = Recorder(folder, request)
    output = JournalledMidiFile(folder.recording, recorder)
    network = LoopbackNetwork()
    cast = cast_of(piece, score)
    cast |= {bot_id: guest.casting(score) for bot_id, guest in guests.items()}
    async with opened([output], score):
        director = Director(
            score, cast, [output], witness=recorder, on_finding=recorder.find,
            on_steering=recorder.steer,
        )  # fmt: skip
        recorder.follow(director.clock)
        recorder.begin(score, cast, {b.id: makings_of(b) for b in piece.bots}, piece=piece.name)
        address = await director.open(network)
        wire = Wire(lambda *_: None)
        await wire.open(network)
        agents = {bot.id: resolve(bot.bot).make(bot.id) for bot in piece.bots}
        agents |= {bot_id: guest.make() for bot_id, guest in guests.items()}
        lives = [
            asyncio.ensure_future(agent.run(Link(bot_id, network, address)))
            for bot_id, agent in agents.items()
        ]
        telling = asyncio.ensure_future(script(director, lambda x: wire.send(x, address)))
        report = await director.run()
        telling.cancel()
        await asyncio.gather(*lives, telling, return_exceptions=True)
    if is_ended:
        recorder.end(report, {})
    else:
        recorder.close()
    return report


async def _nothing(director, tell):
    """Nobody touches anything."""


@pytest.fixture
def keep(tmp_path):
    """Play a piece, and have it written down; `script(director, tell)` may meddle."""

    def play(
        piece=PIECE, *, bars=8, script=_nothing, name="kept", is_ended=True, request=None, guests=()
    ):
        chosen = parse_piece(piece, source="kept.toml") if "\n" in piece else load_piece(piece)
        folder = SessionFolder(tmp_path / "sessions" / name)
        folder.path.mkdir(parents=True)
        run_offline(_session(folder, chosen, bars, script, is_ended, request, dict(guests)))
        return folder

    return play
