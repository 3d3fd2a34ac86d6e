"""Sessions of real processes: killed, replayed, taken up again. Seed 1 throughout."""

import json
import os
import re
import signal
import subprocess
import sys

import mido
import pytest

from ensembles.config import load_piece
from ensembles.rendering import render

from .processes import bot_processes, is_running, notes_of, play, until_line, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")

BAR = 1920
SECOND = 800  # ticks at 100 bpm


def musebots(*arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-m", "ensembles", *arguments], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def onsets(path):
    return {
        name: [(tick, pitch) for tick, is_on, pitch in rows if is_on]
        for name, rows in notes_of(path).items()
    }


def n_different(one, other):
    """How many onsets are in one of them only."""
    return sum(len(set(one.get(x, ())) ^ set(other.get(x, ()))) for x in {*one, *other})


def n_late(output):
    """How many notes came late, on a machine that was busy: these lie elsewhere."""
    return max(map(int, re.findall(r" notes, (\d+) late", output)), default=0)


def controllers(path):
    return {
        (track.name, message.value)
        for track in mido.MidiFile(path).tracks
        for message in track
        if message.type == "control_change" and message.control == 7
    }


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    path = tmp_path_factory.mktemp("rendered") / "whole.mid"
    render(load_piece("trio"), bars=8, bpm=100.0, seed=1, midi_path=path)
    return onsets(path)


def test_all_but_the_last_second_outlives_kill_9_of_everything_and_goes_on(tmp_path, rendered):
    process = play("trio", "--bars", "8", "--bpm", "100", "--seed", "1", "--port", "0",
                   cwd=tmp_path, start_new_session=True)  # fmt: skip
    said = "".join(until_line(process, "bar 3"))
    port = director_port(process.pid)
    musebots("mix", "bass", "gain_db", "-30", "--director", f"127.0.0.1:{port}", cwd=tmp_path)
    (folder,) = (tmp_path / "sessions").iterdir()
    wait_for(lambda: "/musebots/mix" in (folder / "journal.jsonl").read_text())
    said += "".join(until_line(process, "bar 5"))
    bots = bot_processes(process.pid)
    for pid in (process.pid, *bots):
        os.kill(pid, signal.SIGKILL)
    said += process.communicate(timeout=20)[0]
    wait_for(lambda: not any(is_running(pid) for pid in bots))
    assert not (folder / "recording.mid").exists()

    listed = json.loads(musebots("sessions", "--json", cwd=tmp_path))
    assert [(s["state"], s["can_be_resumed"]) for s in listed] == [("cut off", True)]
    musebots("replay", "-o", "cut.mid", cwd=tmp_path)
    cut = onsets(tmp_path / "cut.mid")
    end_tick = max(tick for rows in cut.values() for tick, _ in rows)
    assert end_tick > 4 * BAR - SECOND
    cut, before = (  # the last instant may lack some of its notes
        {name: [on for on in rows if on[0] < end_tick] for name, rows in notes.items()}
        for notes in (cut, rendered)
    )
    assert n_different(cut, before) <= 2 * n_late(said) + 4, said

    resumed = play("--resume", "--port", "0", cwd=tmp_path)
    output, _ = resumed.communicate(timeout=60)
    assert resumed.returncode == 0, output
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == [folder.name]
    recorded = onsets(folder / "recording.mid")
    assert n_different(recorded, rendered) <= 2 * n_late(said + output), output
    assert min(value for name, value in controllers(folder / "recording.mid")
               if name == "bass") < 40  # fmt: skip
    musebots("replay", "-o", "again.mid", cwd=tmp_path)
    assert (tmp_path / "again.mid").read_bytes() == (folder / "recording.mid").read_bytes()
    musebots("replay", "--with", "drums=drums", "-o", "same.mid", cwd=tmp_path)
    assert n_different(onsets(tmp_path / "same.mid"), recorded) <= 2 * n_late(said + output), output
    listed = json.loads(musebots("sessions", "--json", cwd=tmp_path))
    assert [(s["state"], s["can_be_resumed"], s["n_bars"]) for s in listed] == [("whole", False, 8)]


def director_port(pid):
    """The UDP port that the process with this id has open."""
    inodes = {
        os.readlink(f"/proc/{pid}/fd/{fd}").removeprefix("socket:[").removesuffix("]")
        for fd in os.listdir(f"/proc/{pid}/fd")
        if os.path.exists(f"/proc/{pid}/fd/{fd}")
    }
    with open("/proc/net/udp") as table:
        rows = [line.split() for line in table][1:]
    (port,) = [int(row[1].rpartition(":")[2], 16) for row in rows if row[9] in inodes]
    return port


def test_a_live_session_is_replayed_byte_for_byte_from_a_bar_and_with_another_bot(tmp_path):
    process = play("trio", "--bars", "6", "--bpm", "200", "--seed", "1", "--port", "0",
                   cwd=tmp_path)  # fmt: skip
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    (folder,) = (tmp_path / "sessions").iterdir()
    said = json.loads(musebots("replay", "-o", "again.mid", "--json", cwd=tmp_path))
    assert (tmp_path / "again.mid").read_bytes() == (folder / "recording.mid").read_bytes()
    assert said["wall_seconds"] < said["music_seconds"]
    musebots("replay", "--from-bar", "5", "-o", "rest.mid", cwd=tmp_path)
    whole, rest = onsets(tmp_path / "again.mid"), onsets(tmp_path / "rest.mid")
    assert rest == {
        name: later
        for name, rows in whole.items()
        if (later := [(tick - 4 * BAR, pitch) for tick, pitch in rows if tick >= 4 * BAR])
    }
    musebots("replay", "--with", "bass=hello", "-o", "other.mid", cwd=tmp_path)
    other = onsets(tmp_path / "other.mid")
    assert {tick for tick, _ in other["bass"]} == set(range(0, 6 * BAR, 480))
    assert other["drums"] == whole["drums"]
