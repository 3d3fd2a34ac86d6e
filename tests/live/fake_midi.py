"""A MIDI system without any, as a mido backend: one thing to hear at its input, and a log.

In the folder `FAKE_MIDI` lie ``script.json`` (rows of seconds and a message's hex bytes) and, once
the input may begin, a file ``go``; a number in it is how many seconds after the first note that
sounds. What is sent, and when, is appended to ``log.jsonl``.
"""

import json
import os
import threading
import time
from pathlib import Path

import mido

FOLDER = Path(os.environ.get("FAKE_MIDI", "."))
IN_NAMES, OUT_NAMES = ["Keys", "Clock Box"], ["Synth"]
LOCK = threading.Lock()


def write(row):
    with LOCK, (FOLDER / "log.jsonl").open("a") as log:
        log.write(json.dumps(row) + "\n")


class Input:
    def __init__(self, name=None, callback=None, **_):
        self.name, self.closed, self._callback = name, False, callback
        threading.Thread(target=self._play, daemon=True).start()

    def _play(self):
        rows = json.loads((FOLDER / "script.json").read_text())
        while not (FOLDER / "go").exists() and not self.closed:
            time.sleep(0.005)
        if self.closed:
            return
        begun = time.monotonic() + 0.05
        if wait := (FOLDER / "go").read_text():  # so many seconds after the first note that sounds
            begun = self._first_note() + float(wait)
        write(["begun", begun])
        for seconds, raw in rows:
            while (left := begun + seconds - time.monotonic()) > 0:
                time.sleep(max(0.0, left - 0.0005) if left > 0.001 else 0)
            if self.closed:
                return
            self._callback(mido.Message.from_hex(raw))

    def _first_note(self):
        log = FOLDER / "log.jsonl"
        while not self.closed:
            rows = (
                [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
            )
            notes = [row[1] for row in rows if row[0] == "sent" and row[2].startswith("9")]
            if notes:
                return notes[0]
            time.sleep(0.05)
        return 0.0

    def close(self):
        self.closed = True


class Output:
    def __init__(self, name=None, **_):
        self.name, self.closed = name, False

    def send(self, message):
        write(["sent", time.monotonic(), message.hex()])

    def close(self):
        self.closed = True


def get_devices(**_):
    inputs = [{"name": name, "is_input": True, "is_output": False} for name in IN_NAMES]
    return inputs + [{"name": n, "is_input": False, "is_output": True} for n in OUT_NAMES]
