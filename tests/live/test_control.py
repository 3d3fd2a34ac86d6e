"""Steering a band that plays, by command, over real sockets."""

import asyncio

from typer.testing import CliRunner

from director.director import Director
from director.outputs.base import Level, TempoChange
from director.outputs.memory import MemoryOutput
from ensembles.cli.app import app
from ensembles.config import load_piece
from musebots.network import UdpNetwork


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


async def test_the_commands_reach_the_director():
    score, out = load_piece("trio").score(bars=400), MemoryOutput()
    await out.open(score)
    director = Director(score, {}, [out])
    host, port = await director.open(UdpNetwork())
    session = asyncio.create_task(director.run())
    await director.clock.started()
    is_held = False
    where = ("--director", f"{host}:{port}")
    for command in (
        ("tempo", "150"),
        ("hold",),
        ("mix", "bass", "mute", "1"),
        ("mix", "all", "gain_db", "-6"),
        ("go",),
        ("stop",),
    ):
        result = await asyncio.to_thread(run, *command, *where)
        assert result.exit_code == 0, result.output
        await asyncio.sleep(0.05)
        is_held |= command == ("hold",) and director.clock.is_held
        is_held &= command != ("go",) or not director.clock.is_held
    assert is_held
    report = await asyncio.wait_for(session, 5)
    assert report.was_stopped
    tempi = [e.tempo_map.bpm_at(e.tick) for e in out.events if isinstance(e, TempoChange)]
    assert tempi == [150.0]
    levels = {e.bot_id: e.gain for e in out.events if isinstance(e, Level)}
    assert levels["bass"] == 0.0
    assert 0.0 < levels["melody"] < 0.5


def test_without_a_band_the_command_says_so():
    result = run("stop", "--director", "127.0.0.1:9")
    assert result.exit_code != 0
    assert "no Director answers at 127.0.0.1:9" in str(result.exception)
