"""How near two Director processes on Ableton Link are to each other, and MIDI clock to its grid.

Run: ``python tests/benchmarks/bench_link.py [seconds]``. It prints figures; it tests nothing. Each
process plays a bot on every beat; compared are the times that its clock gives the beats (which is
what sync is about), and those at which they left for a MIDI port that is made up.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import ensembles.live as live
from director.outputs.base import NoteOn
from director.outputs.memory import MemoryOutput
from ensembles import outlets
from ensembles.config import load_piece
from ensembles.leading import read_leader
from ensembles.signals import StopRequest


class Stamping(MemoryOutput):
    """Keeps when each note is to sound, by the monotonic clock that all processes share."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def send(self, event):
        if isinstance(event, NoteOn):
            self.rows.append((self.anchor_seconds + event.seconds, time.monotonic()))


def play(bpm, bars, path):
    """One Director process, in this one."""
    out = Stamping()
    outlets._wired = lambda piece, options: [out]
    options = live.LiveOptions(
        bars=bars, bpm=bpm, audio="none", port=0, midi_path=path.with_suffix(".mid"),
        leader=read_leader("link"),
    )  # fmt: skip
    nobody = lambda _: None  # noqa: E731
    asyncio.run(live.play_live(load_piece("hello"), options, StopRequest(), nobody, print))
    path.write_text(json.dumps(out.rows))


def spread(values_ms):
    ordered = sorted(abs(v) for v in values_ms)
    rms = statistics.fmean(v * v for v in values_ms) ** 0.5
    return (
        f"rms {rms:.3f}, p50 {ordered[len(ordered) // 2]:.3f}, "
        f"p99 {ordered[int(len(ordered) * 0.99)]:.3f}, max {ordered[-1]:.3f} ms"
    )


def main(seconds):
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path.cwd()
    bars = max(4, round(seconds / 1.6))
    paths = [folder / "link-a.json", folder / "link-b.json"]
    processes = []
    for path, bpm in zip(paths, (150, 97), strict=True):
        command = [sys.executable, __file__, "--play", str(bpm), str(bars), str(path)]
        processes.append(subprocess.Popen(command))
        time.sleep(4.0)
    for process in processes:
        process.wait()
    a, b = ([row[0] for row in json.loads(path.read_text())] for path in paths)
    together = [t for t in b if a[0] - 0.1 < t < a[-1] + 0.1]
    apart = [1000 * min((t - other for other in a), key=abs) for t in together]
    print(f"{len(apart)} beats, two Directors on Link: apart by {spread(apart)}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--play"]:
        play(float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 40.0)
