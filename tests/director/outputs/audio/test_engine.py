import json
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from director.outputs.audio import AudioOutput
from director.outputs.audio.engine import sound_cards
from director.outputs.audio.render import words_of
from director.outputs.base import (
    InstrumentChanged,
    Level,
    NoteOff,
    NoteOn,
    StripAdded,
    TempoChange,
)
from director.score import Strip
from musebots.errors import OutputUnavailable
from musebots.timebase import TempoMap

FAKE = str(Path(__file__).with_name("fake_worker.py"))
ON, OFF = NoteOn(0, 1.5, "mel", 0, 60, 90), NoteOff(480, 2.0, "mel", 0, 60)


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "heard"


@pytest.fixture
def fake(notes):
    """The command of a fake sound process in some mode."""
    return lambda mode: (sys.executable, FAKE, mode, str(notes))


@pytest.fixture
async def opened(fake, make_score):
    """Open an output with a fake sound process; it is closed afterwards."""
    outputs = []

    async def open_it(mode, kind="portaudio"):
        output = AudioOutput(kind, worker=fake(mode))
        await output.open(make_score())
        outputs.append(output)
        output.start(100.0)
        return output

    yield open_it
    for output in outputs:
        await output.close()


def until(condition, seconds=20.0):
    """Wait for what another process does; fails instead of waiting for ever."""
    stop = threading.Event()
    for _ in range(round(seconds / 0.01)):
        if condition():
            return
        stop.wait(0.01)
    raise AssertionError("what was awaited did not happen")


def heard(notes):
    """The lines that the fake sound process has written to their end so far."""
    if not notes.exists():
        return []
    return [json.loads(line) for line in notes.read_text().split("\n")[:-1]]


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_events_arrive_in_order_on_the_clock_of_the_session(opened, notes):
    output = await opened("plays")
    assert output.name == "audio (portaudio, Card)"
    assert output.is_sounding
    output.send(ON)
    output.send(TempoChange(0, 0.0, TempoMap.constant(99)))
    output.send(OFF)
    until(lambda: len(heard(notes)) == 3)
    await output.close()
    assert heard(notes)[1:] == [
        [101.5, "on", "mel", 60, 90, -1.0],
        [102.0, "off", "mel", 60, 0.0, -1.0],
        ["end"],
    ]


async def test_the_level_that_the_sound_process_measures_can_be_read(opened):
    output = await opened("plays")
    output.send(ON)
    until(lambda: output.levels == {"": 0.5, "mel": 0.25})


async def test_closing_ends_the_sound_process(opened, notes):
    output = await opened("plays")
    until(lambda: heard(notes))
    pid = heard(notes)[0][1]
    assert is_alive(pid)
    await output.close()
    assert not is_alive(pid)
    output.send(ON)  # too late, and harmless


async def test_a_sound_process_that_does_not_end_is_killed(opened, notes, monkeypatch):
    monkeypatch.setattr("director.outputs.audio.soundprocess.END_SECONDS", 0.1)
    output = await opened("deaf")
    until(lambda: heard(notes))
    await output.close()
    assert not is_alive(heard(notes)[0][1])


async def test_a_sound_process_that_dies_is_started_anew_with_its_faders_and_guests(opened, notes):
    output = await opened("dies_of_a_note")
    output.send(StripAdded(0, 0.0, Strip("ghost", "keys", 3)))
    for gain in (0.1, 0.25):
        output.send(Level(0, 0.0, "mel", 0, gain, -0.5, 0.4))
    for name in ("guitar", "marimba"):
        output.send(InstrumentChanged(0, 0.0, "mel", 0, name, 12))
    first = output.pid
    output.send(ON)
    until(lambda: output.n_crashes == 1 and output.is_sounding)
    until(lambda: len(heard(notes)) == 4)
    assert output.pid != first
    assert heard(notes)[1:] == [
        [100.0, "strip keys", "ghost", 3, 0, -1.0],
        [100.0, "level", "mel", 0.25, -0.5, 0.4],
        [100.0, "sound marimba", "mel", 0.0, 0.0, -1.0],
    ]
    output.send(OFF)
    until(lambda: heard(notes)[-1] == [102.0, "off", "mel", 60, 0.0, -1.0])


async def test_a_spare_process_takes_over_and_none_is_left_in_the_end(opened, monkeypatch):
    monkeypatch.setattr("director.outputs.audio.engine.SPARE_SECONDS", 0.0)
    output = await opened("dies_of_a_note")
    until(lambda: output._spare is not None and output._spare.pid)
    spare = output._spare.pid
    assert output.pid != spare
    output.send(ON)
    until(lambda: output.pid == spare and output.is_sounding)
    until(lambda: output._spare is not None and output._spare.pid)
    another = output._spare.pid
    await output.close()
    assert not is_alive(spare)
    assert not is_alive(another)


async def test_a_sound_process_that_keeps_dying_is_let_go_and_ends_nothing(opened, caplog):
    with caplog.at_level(logging.WARNING):
        output = await opened("dies")
        for _ in range(3):
            output.send(StripAdded(0, 0.0, Strip("ghost", "keys", 3)))  # told to each that follows
        until(lambda: any("keeps ending" in record.getMessage() for record in caplog.records))
        for _ in range(10_000):
            output.send(ON)
        output.panic()
        assert not output.is_sounding
        await output.close()
    said = [record.getMessage() for record in caplog.records]
    reason = "something in C went wrong"
    assert said == [
        *[f"the sound process ended ({reason}) and is started anew"] * 4,
        f"the sound process keeps ending ({reason}); playing on in silence",
    ]


async def test_what_the_sound_process_warns_of_is_passed_on_and_it_plays_on(opened, caplog):
    output = await opened("warns")
    with caplog.at_level(logging.WARNING):
        output.send(ON)
        until(lambda: caplog.records)
    assert [record.getMessage() for record in caplog.records] == ["back again"]
    assert output.is_sounding


async def test_a_sound_process_that_does_not_listen_never_blocks_the_band(
    opened, caplog, monkeypatch
):
    monkeypatch.setattr("director.outputs.audio.soundprocess.END_SECONDS", 0.1)
    output = await opened("deaf")
    with caplog.at_level(logging.WARNING):
        for _ in range(20_000):
            output.send(ON)
        output.send(OFF)
    assert output.n_dropped > 0
    assert [record.getMessage() for record in caplog.records] == [
        "the sound process does not keep up: notes are being dropped"
    ]
    # The end of a note was lost with the rest, so that all notes are ended.
    assert json.loads(output._process._waiting.get_nowait())[1] == "panic"


async def test_a_panic_overtakes_what_waits(opened, monkeypatch):
    monkeypatch.setattr("director.outputs.audio.soundprocess.END_SECONDS", 0.1)
    output = await opened("deaf")
    for _ in range(4000):
        output.send(ON)
    output.panic()
    assert json.loads(output._process._waiting.get_nowait())[1] == "panic"
    assert output._process._waiting.empty()


@pytest.mark.parametrize(
    ("kind", "mode", "sentence"),
    [
        ("portaudio", "no_card", "^no sound: there is no sound card$"),
        ("jack", "refuses", "^no sound: no JACK server is running$"),
        ("auto", "no_card", "^no sound: there is no sound card, and no JACK server is running$"),
        ("portaudio", "probe_crashes", "^no sound: pyo cannot be loaded$"),
    ],
)
async def test_no_sound_is_one_sentence(fake, make_score, kind, mode, sentence):
    with pytest.raises(OutputUnavailable, match=sentence) as caught:
        await AudioOutput(kind, worker=fake(mode)).open(make_score())
    assert caught.value.exit_code == 3


async def test_without_pyo_the_sentence_says_so_once_and_how_to_get_it(
    tmp_path, make_score, monkeypatch
):
    (tmp_path / "pyo.py").write_text("raise ImportError('no pyo for this machine')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.getcwd()]))
    with pytest.raises(
        OutputUnavailable, match="no pyo for this machine.*pip install pyo"
    ) as caught:
        await AudioOutput("auto").open(make_score())
    assert str(caught.value).count("no pyo for this machine") == 1


async def test_auto_takes_the_sound_card_if_there_is_one(opened, notes):
    output = await opened("plays", kind="auto")
    await output.close()
    assert heard(notes)[0][0] == "portaudio"


async def test_none_is_silent_and_starts_no_process(fake, make_score, notes):
    output = AudioOutput("none", worker=fake("plays"))
    await output.open(make_score())
    output.start(0.0)
    output.send(ON)
    output.panic()
    await output.close()
    assert not output.is_sounding
    assert not notes.exists()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be auto, portaudio, jack, browser or none"):
        AudioOutput("alsa")


def test_sound_cards_are_listed(fake):
    assert sound_cards(fake("plays")) == ["Card"]
    assert sound_cards(fake("no_card")) == []


async def test_the_sound_process_ends_when_its_parent_dies(fake, notes, tmp_path):
    """The parent is a process of its own, which is killed without a chance to say goodbye."""
    import subprocess

    script = (
        "import asyncio, sys, time\n"
        "from director.outputs.audio import AudioOutput\n"
        "from director.outputs.memory import MemoryOutput\n"
        "from director.score import Score, Strip\n"
        "from musebots.timebase import MeterMap, TempoMap\n"
        "score = Score('x', TempoMap.constant(120), MeterMap(), (), 1)\n"
        f"output = AudioOutput('jack', worker={fake('plays')!r})\n"
        "asyncio.run(output.open(score))\n"
        "print('open', flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"open\n"
        until(lambda: heard(notes))
        pid = heard(notes)[0][1]
        parent.kill()
    until(lambda: ["end"] in heard(notes))
    until(lambda: not is_alive(pid) or _is_zombie(pid))


def _is_zombie(pid):
    """An orphan that has ended may wait for a container's first process to notice."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_workers_own_sentence_counts_and_not_what_the_libraries_say_after_it() -> None:
    said = ["Server created.", "musebots: no JACK server is running", "Server not booted."]
    assert words_of(said) == "no JACK server is running"
    assert words_of(["something broke", ""]) == "something broke"
    assert words_of([]) == ""
