"""`musebots play` with MIDI clock in and out, in real time, on a MIDI system that is made up."""

import signal

import numpy as np
import pytest

from .midi_system import environment, log_of
from .processes import play, until_line

CLOCK, START, STOP = "F8", "FA", "FC"


def clock_script(bpm_at, n_beats, *, jitter=0.002, n_before=24):
    """Rows of a master with noise (seed 0), and the true times of its beats."""
    rng = np.random.default_rng(0)
    rows, beats, now = [], [], 0.0
    for clock in range(-n_before, n_beats * 24):
        if clock == 0:
            rows.append([now - 0.004, START])
        if clock >= 0 and clock % 24 == 0:
            beats.append(now)
        rows.append([now + rng.normal(0.0, jitter), CLOCK])
        now += 60.0 / bpm_at(max(0, clock) / 24) / 24
    rows.append([now, STOP])
    return sorted(rows), np.array(beats)


def test_the_band_begins_with_the_clock_keeps_on_it_and_passes_it_on(tmp_path):
    script, beats = clock_script(lambda beat: 140.0 + beat, 17)
    process = play(
        "hello", "--bars", "4", "--sync", "midi:clock", "--midi-out", "synth", "--clock-out",
        "synth", "--port", "0", "-v", "-o", "x.mid",
        cwd=tmp_path, env=environment(tmp_path, script),
    )  # fmt: skip
    until_line(process, "INFO director.sync.follower: waiting for the MIDI clock of Clock Box")
    (tmp_path / "go").touch()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    _, sent = log_of(tmp_path)
    onsets = np.array([when for when, m in sent if m.type == "note_on" and m.velocity])
    assert len(onsets) == 16
    assert np.median(np.abs(onsets - beats[:16])) < 0.02
    types = [m.type for _, m in sent if m.type in ("clock", "start", "stop", "continue", "songpos")]
    assert types[-1] == "stop"
    assert "continue" in types or "start" in types


def test_a_clock_that_never_starts_keeps_nobody_from_ending(tmp_path):
    process = play(
        "hello", "--sync", "midi:clock", "--port", "0", "-v", "-o", "x.mid",
        cwd=tmp_path, env=environment(tmp_path, []), start_new_session=True,
    )  # fmt: skip
    until_line(process, "INFO director.sync.follower: waiting for")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert "stopped after 0 bars" in output, output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--sync", "midi:nowhere"], "there are: 'Clock Box', 'Keys'"),
        (["--clock-out", "nowhere"], "there are: 'Synth'"),
        (["--sync", "midi"], "more than one MIDI input port; name one of: 'Clock Box', 'Keys'"),
    ],
)
def test_a_port_that_is_not_there_names_those_that_are(tmp_path, option, words):
    process = play(
        "hello", "--port", "0", "-o", "x.mid", *option,
        cwd=tmp_path, env=environment(tmp_path, []),
    )  # fmt: skip
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert words in output.replace("\n", " ")
    assert "Traceback" not in output


def test_a_leader_that_there_is_not_is_told(tmp_path):
    process = play("hello", "--sync", "metronome", cwd=tmp_path)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "internal, midi, midi:PORT or link" in output
