"""How near a band is, in real time, to a MIDI clock with 2 ms of jitter that ramps from 90 to 140.

Run: ``python tests/benchmarks/bench_midi_clock.py [bars]``. It prints figures; it tests nothing.
Master and MIDI system are made up (`tests/live/fake_midi`); everything else is as in `musebots play
hello --sync midi:clock --clock-out synth`. Compared with the master's true beats are the times that
the band's clock gives its notes, and those at which notes and clocks left for the port.
"""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

LIVE = Path(__file__).parent.parent / "live"
RAMP = ([32, 96], [90, 140])  # from beat to beat, bpm
CLOCKS_PER_BEAT = 24


def master(n_beats, jitter_seconds=0.002):
    """What the made-up input says (seconds, hex), and its true times, clock by clock."""
    rng, now, rows, true = np.random.default_rng(0), 0.0, [], []
    for clock in range(-2 * CLOCKS_PER_BEAT, n_beats * CLOCKS_PER_BEAT):
        if clock == 0:
            rows.append([now - 0.005, "FA"])
        if clock >= 0:
            true.append(now)
        rows.append([now + rng.normal(0.0, jitter_seconds), "F8"])
        beat = max(0, clock) / CLOCKS_PER_BEAT
        now += 60.0 / float(np.interp(beat, *RAMP)) / CLOCKS_PER_BEAT
    return sorted(rows), np.array(true)


def spread(errors):
    ms = 1000.0 * np.array(errors)
    size = np.sort(np.abs(ms))
    return (
        f"rms {np.sqrt(np.mean(ms**2)):.2f} ms, p50 {size[len(size) // 2]:.2f}, "
        f"p99 {size[int(len(size) * 0.99)]:.2f}, max {size[-1]:.2f}"
    )


def main(bars):
    folder = Path(tempfile.mkdtemp())
    rows, true = master(4 * bars)
    (folder / "script.json").write_text(json.dumps(rows))
    os.environ |= {"MIDO_BACKEND": "fake_midi", "FAKE_MIDI": str(folder)}
    sys.path.insert(0, str(LIVE))

    import ensembles.live as live
    from director.outputs.base import NoteOn
    from director.outputs.memory import MemoryOutput
    from director.outputs.midiclock import MidiClockOutput
    from ensembles import outlets
    from ensembles.config import load_piece
    from ensembles.leading import read_leader
    from ensembles.signals import StopRequest

    class Stamping(MemoryOutput):
        def send(self, event):
            if isinstance(event, NoteOn):
                planned.append((event.tick // 480, self.anchor_seconds + event.seconds))

    planned = []
    outlets._wired = lambda piece, options: [Stamping(), MidiClockOutput("synth")]
    options = live.LiveOptions(
        bars=bars, audio="none", port=0, midi_path=folder / "x.mid",
        leader=read_leader("midi:clock"),
    )  # fmt: skip
    threading.Timer(4.0, (folder / "go").touch).start()
    sys.setswitchinterval(live.SWITCH_SECONDS)
    import asyncio

    report = asyncio.run(
        live.play_live(load_piece("hello"), options, StopRequest(), lambda status: None, print)
    )
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    begun = next(row[1] for row in log if row[0] == "begun")
    beats = true[::CLOCKS_PER_BEAT]
    notes = [seconds - begun - beats[beat] for beat, seconds in planned]
    sent = [row for row in log if row[0] == "sent"]

    started = next(i for i, row in enumerate(sent) if row[2] in ("FA", "FB"))
    clocks = [row[1] - begun for row in sent[started:] if row[2] == "F8"]
    print(report)
    print(
        f"{len(notes)} notes on {len(beats)} beats: off the master's true beat by {spread(notes)}"
    )
    off = [clock - true[np.abs(true - clock).argmin()] for clock in clocks]
    print(f"{len(clocks)} clocks sent on: off the master's true clock by {spread(off)}")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {time.ctime()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 33)
