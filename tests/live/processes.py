"""The command as a process, and what it leaves behind; shared by the tests beside it."""

import os
import subprocess
import sys
import time

import mido


def play(*arguments, cwd, **options):
    command = [sys.executable, "-m", "ensembles", "play", *arguments, "--audio", "none"]
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


def notes_of(path):
    """Per track name: (tick, kind, pitch) of all notes; asserts that nothing hangs."""
    found = {}
    for track in mido.MidiFile(path).tracks:
        tick, rows, sounding = 0, [], set()
        for message in track:
            tick += message.time
            if message.type in ("note_on", "note_off"):
                is_on = message.type == "note_on" and message.velocity > 0
                (sounding.add if is_on else sounding.remove)((message.channel, message.note))
                rows.append((tick, is_on, message.note))
        assert not sounding, "a note hangs"
        if rows:
            found[track.name] = rows
    return found


def bot_processes(parent):
    """Processes that run a bot for the Director with this pid."""
    listing = subprocess.run(
        ["ps", "-eo", "ppid,pid,args"], capture_output=True, text=True, check=True
    ).stdout
    return [
        int(fields[1])
        for fields in (line.split(None, 2) for line in listing.splitlines()[1:])
        if fields[0] == str(parent) and "musebots.run" in fields[2]
    ]


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not happen in {seconds} s")


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until_line(process, beginning):
    """Read what the process says up to a line that begins so; the lines."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(beginning):
            return lines
    raise AssertionError(f"it never said {beginning!r} but: {''.join(lines)}")
