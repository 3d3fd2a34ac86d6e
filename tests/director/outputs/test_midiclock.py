import importlib.util
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from director.outputs.base import TempoChange
from director.outputs.midiclock import MidiClockOutput
from musebots.errors import OutputUnavailable
from musebots.timebase import TempoMap

BACKEND = "musebots_clock_backend"
FAST = TempoMap.constant(480.0)  # two clocks of 5.2 ms a sixteenth and a bit: half a second a bar


@pytest.fixture
def backend(monkeypatch):
    path = Path(__file__).with_name("fake_backend.py")
    spec = importlib.util.spec_from_file_location(BACKEND, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, BACKEND, module)
    return module


@pytest.fixture
async def run(backend, make_score):
    """Let the clock run over a score; what was sent, by type."""

    async def run_it(score=None, *, between=None):
        output = MidiClockOutput("drum", backend=BACKEND)
        score = score or make_score(n_bars=1, tempo_map=FAST)
        await output.open(score)
        port = backend.OPENED[-1]
        count_in = -score.tempo_map.seconds_at(score.start_tick)
        output.start(time.monotonic() + count_in + 0.01)
        n_wanted = (score.end_tick - score.start_tick) // 20
        for _ in range(800):
            if sum(m.type == "clock" for m in port.messages) >= n_wanted:
                break
            if between is not None:
                between(output, port)
            time.sleep(0.01)
        await output.close()
        assert port.closed
        return [m.type for m in port.messages], port.messages

    return run_it


async def test_clocks_go_out_from_the_count_in_on_and_start_comes_before_the_downbeat(run):
    types, _ = await run()
    assert types == ["clock"] * 96 + ["start"] + ["clock"] * 96 + ["stop"]


async def test_a_session_taken_up_later_says_where_and_continues(run, make_score):
    score = replace(make_score(n_bars=3, tempo_map=FAST), first_bar=2)
    types, messages = await run(score)
    assert types == ["clock"] * 96 + ["songpos", "continue"] + ["clock"] * 96 + ["stop"]
    assert next(m.pos for m in messages if m.type == "songpos") == 32


async def test_music_that_is_held_stops_and_goes_on_at_the_next_sixteenth(run):
    done = []

    def hold(output, port):
        if not done and sum(m.type == "clock" for m in port.messages) > 96 + 20:
            done.append(True)
            output.panic()
            time.sleep(0.05)
            output.start(time.monotonic() - FAST.seconds_at(480 + 130))

    types, messages = await run(between=hold)
    assert types.count("clock") == 96 + 96 or types.count("clock") > 96 + 40
    at = types.index("stop")
    again = types[at + 1 :]
    position = next(m for m in messages if m.type == "songpos")
    assert position.pos >= (480 + 130) // 120
    assert again.index("continue") == again.index("songpos") + 1
    assert again[-1] == "stop"
    assert "start" in types[:at]
    assert "start" not in again


async def test_the_tempo_is_followed(run, make_score):
    slow = TempoMap.constant(240.0)
    changed = []

    def slow_down(output, port):
        if not changed:
            changed.append(time.monotonic())
            output.send(TempoChange(0, 0.0, slow))

    types, _ = await run(make_score(n_bars=1, tempo_map=FAST), between=slow_down)
    assert types.count("clock") == 192
    assert time.monotonic() - changed[0] > 1.25  # half a second and one; else half and half


async def test_a_port_that_is_not_there_names_those_that_are(backend, make_score):
    output = MidiClockOutput("nowhere", backend=BACKEND)
    with pytest.raises(OutputUnavailable, match="there are: 'Drum Machine', 'Synth A', 'Synth B'"):
        await output.open(make_score())
