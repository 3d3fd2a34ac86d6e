import importlib.util
import sys
import time
from pathlib import Path

import pytest

from director.outputs.base import Level, NoteOff, NoteOn, TempoChange
from director.outputs.midiport import MidiPortOutput
from director.ports import VIRTUAL_PORT, list_ports
from director.score import Strip
from musebots.errors import OutputUnavailable
from musebots.timebase import TempoMap

BACKEND = "musebots_test_backend"


@pytest.fixture
def backend(monkeypatch):
    """A MIDI system of our own, as a mido backend module."""
    path = Path(__file__).with_name("fake_backend.py")
    spec = importlib.util.spec_from_file_location(BACKEND, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, BACKEND, module)
    return module


@pytest.fixture
async def open_port(backend, make_score):
    """Open an output on the fake system; the output and its port."""
    outputs = []

    async def open_it(name="synth a", **options):
        output = MidiPortOutput(name, backend=BACKEND, **options)
        await output.open(make_score())
        outputs.append(output)
        output.start(time.monotonic())
        return output, backend.OPENED[-1]

    yield open_it
    for output in outputs:
        await output.close()


def brief(messages):
    return [
        (
            m.type,
            m.channel,
            *(getattr(m, k) for k in ("note", "control", "program") if hasattr(m, k)),
        )
        for m in messages
    ]


async def test_a_port_is_found_by_a_part_of_its_name_in_any_case(open_port):
    output, port = await open_port("DRUM")
    assert port.name == "Drum Machine"
    assert output.name == "midiport Drum Machine"


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("synth", "'synth' is in the name of more than one MIDI port: 'Synth A', 'Synth B'"),
        ("organ", "no MIDI output port contains 'organ'; there are: 'Drum Machine', 'Synth A'"),
        (None, "there is more than one MIDI output port; name one of: 'Drum Machine', 'Synth A'"),
    ],
)
async def test_an_ambiguous_or_missing_port_is_refused_with_the_names_that_exist(
    backend, make_score, wanted, sentence
):
    with pytest.raises(OutputUnavailable, match=sentence) as caught:
        await MidiPortOutput(wanted, backend=BACKEND).open(make_score())
    assert caught.value.exit_code == 3


async def test_without_any_port_the_sentence_says_what_to_do(backend, make_score):
    backend.NAMES.clear()
    with pytest.raises(OutputUnavailable, match="there is no MIDI output port; start"):
        await MidiPortOutput(backend=BACKEND).open(make_score())


async def test_the_only_port_needs_no_name_and_an_exact_name_is_never_ambiguous(open_port, backend):
    backend.NAMES[:] = ["Synth", "Synth B"]
    _, port = await open_port("Synth")
    assert port.name == "Synth"
    backend.NAMES[:] = ["Alone"]
    _, port = await open_port(None)
    assert port.name == "Alone"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no virtual MIDI ports")
async def test_a_virtual_port_is_called_musebots(open_port):
    _, port = await open_port(None, virtual=True)
    assert (port.name, port.virtual) == ("musebots", True)


async def test_windows_is_told_about_loopmidi(backend, make_score, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(OutputUnavailable, match="loopMIDI"):
        await MidiPortOutput(virtual=True, backend=BACKEND).open(make_score())


async def test_opening_sets_up_every_strip_and_ends_what_a_killed_session_left(open_port):
    _, port = await open_port()
    set_up, ends = brief(port.messages[:9]), brief(port.messages[9:])
    assert ends == [
        ("control_change", channel, control) for channel in (0, 1, 9) for control in (64, 123)
    ]
    assert set_up == [
        entry
        for channel, program in ((0, 11), (1, 33), (9, 0))
        for entry in (
            ("program_change", channel, program),
            ("control_change", channel, 7),
            ("control_change", channel, 10),
        )
    ]
    assert [m.value for m in port.messages[:9] if m.type == "control_change"] == [
        107, 32, 127, 64, 90, 80,
    ]  # fmt: skip


async def test_what_lies_beyond_the_channels_of_a_port_is_told_and_not_sent(
    backend, make_score, caplog
):
    strips = (Strip("mel", "melody", channel=0), Strip("far", "guest", channel=16))
    output = MidiPortOutput("synth a", backend=BACKEND)
    await output.open(make_score(strips=strips))
    output.start(time.monotonic())
    output.send(NoteOn(0, -1.0, "far", 16, 60, 90))
    output.send(NoteOn(0, -1.0, "mel", 0, 61, 90))
    output._thread.call_at(time.monotonic(), (done := _Done()).set)
    done.wait()
    await output.close()
    sent = [m for m in backend.OPENED[-1].messages if m.type == "note_on"]
    assert [m.note for m in sent] == [61]
    assert {m.channel for m in backend.OPENED[-1].messages} == {0}
    assert "far is not sent to midiport Synth A: a MIDI port has 16 channels" in caplog.text


async def test_events_go_out_in_order_and_closing_ends_what_sounds(open_port):
    output, port = await open_port()
    n_before = len(port.messages)
    output.send(NoteOn(0, -1.0, "mel", 0, 60, 90))
    output.send(Level(10, -0.9, "mel", 0, 0.25, 0.0))
    output.send(NoteOff(20, -0.8, "mel", 0, 60))
    output.send(TempoChange(20, -0.8, TempoMap.constant(100)))
    output.send(NoteOn(30, -0.7, "low", 1, 40, 70))
    output._thread.call_at(time.monotonic(), (done := _Done()).set)
    done.wait()
    await output.close()
    assert port.closed
    sent = brief(port.messages[n_before:])
    assert sent[:5] == [
        ("note_on", 0, 60),
        ("control_change", 0, 7),
        ("control_change", 0, 10),
        ("note_off", 0, 60),
        ("note_on", 1, 40),
    ]
    assert sent[5:] == [
        ("note_off", 1, 40),
        *(("control_change", channel, control) for channel in (0, 1, 9) for control in (64, 123)),
    ]


async def test_a_panic_ends_what_sounds_and_forgets_what_is_to_come(open_port):
    output, port = await open_port()
    n_before = len(port.messages)
    output.send(NoteOn(0, -1.0, "low", 1, 40, 70))
    output.send(NoteOn(10**6, 3600.0, "low", 1, 45, 70))
    output._thread.call_at(time.monotonic(), (done := _Done()).set)
    done.wait()
    output.panic()
    output._thread.call_at(time.monotonic(), (done := _Done()).set)
    done.wait()
    sent = brief(port.messages[n_before:])
    assert sent[:2] == [("note_on", 1, 40), ("note_off", 1, 40)]
    assert ("control_change", 1, 123) in sent
    assert not any(kind == "note_on" and pitch == 45 for kind, _, pitch in sent)


def test_ports_are_listed_once_and_sorted(backend):
    backend.NAMES.append("Synth A")
    assert list_ports(BACKEND) == ["Drum Machine", "Synth A", "Synth B"]


@pytest.mark.parametrize(
    "error", [SystemError("no ALSA."), OSError("no ALSA."), RuntimeError("no ALSA")]
)
def test_a_system_without_midi_is_one_sentence(backend, error):
    def refuse(**_):
        raise error

    backend.get_devices = refuse
    with pytest.raises(OutputUnavailable, match="^MIDI ports unavailable: no ALSA$"):
        list_ports(BACKEND)


def test_a_missing_library_says_what_to_install():
    with pytest.raises(OutputUnavailable, match=r'pip install "musebots\[midi\]"'):
        list_ports("a_backend_that_is_not_there")


def test_an_output_that_was_never_opened_takes_everything_quietly():
    output = MidiPortOutput("x")
    output.send(NoteOn(0, 0.0, "mel", 0, 60, 90))
    output.panic()
    assert VIRTUAL_PORT not in output.name


class _Done:
    """An event that fails instead of waiting for ever."""

    def __init__(self):
        import threading

        self._event = threading.Event()
        self.set = self._event.set

    def wait(self):
        assert self._event.wait(10)
