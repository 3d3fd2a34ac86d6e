"""What the made-up MIDI system of `fake_midi` is told, and what it has logged."""

import json
import os
from pathlib import Path

import mido


def environment(folder, script):
    """The environment of a process whose MIDI input says `script`: rows of (seconds, hex)."""
    (folder / "script.json").write_text(json.dumps(script))
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    return os.environ | {"MIDO_BACKEND": "fake_midi", "FAKE_MIDI": str(folder), "PYTHONPATH": paths}


def log_of(folder):
    """When the input began (0 if it did not), and (seconds since, message) of all that was sent."""
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    begun = next((row[1] for row in rows if row[0] == "begun"), 0.0)
    sent = [row for row in rows if row[0] == "sent"]
    return begun, [(row[1] - begun, mido.Message.from_hex(row[2])) for row in sent]
