"""What tests do with pyo in a process of its own: `pyo_players.py PLAYER`; answers in JSON.

With `broken` before the job it is the worker itself, but for a synthesiser that breaks.
"""

import json
import sys

import numpy as np

from director.outputs.audio import offline, worker
from director.outputs.audio.jobs import Cue, cues_from_lines, decode_strips
from director.outputs.audio.revival import RevivingSynth
from director.outputs.audio.synth import Synth

BLOCKS_PER_SECOND = 689


class BreakingSynth(Synth):
    """Loses its signal with its fifth note."""

    n_notes = 0

    def handle(self, cue):
        super().handle(cue)
        self.n_notes += cue.kind == "on"
        if self.n_notes == 5:
            self.break_down()

    def break_down(self):
        """One block of what is not a number, on one strip."""
        next(iter(self._channels.values())).fader.value = [float("nan")] * 2


def render(strips, cues, settings):
    """Level of every second, before mastering."""
    samples = np.concatenate(
        [block for block, _ in offline.synthesise(strips, cues, settings)]
    ).astype(np.float64)
    seconds = [
        samples[begin : begin + settings.sample_rate_hz]
        for begin in range(0, len(samples) - settings.sample_rate_hz + 1, settings.sample_rate_hz)
    ]
    return {
        "is_finite": bool(np.isfinite(samples).all()),
        "peak": float(np.abs(samples).max()),
        "rms_by_second": [float(np.sqrt(np.mean(second**2))) for second in seconds],
    }


def lose_and_revive(strips, cues, settings):
    """Break the synthesiser three times, and hear it come back."""
    with offline.manual_server(settings) as (pyo, server, output):
        synths = []

        def build():
            synths[:] = [BreakingSynth(pyo, strips, sample_rate_hz=settings.sample_rate_hz)]
            return synths[0]

        synth = RevivingSynth(pyo, build)

        def play(bot_id):
            """Half a second with one note."""
            synth.handle(Cue(0.0, "on", bot_id, 60, 100))
            peaks = []
            for _ in range(BLOCKS_PER_SECOND // 2):
                server.process()
                peaks.append(float(np.abs(output).max()))
            return peaks

        def state():
            peaks = play("pad")
            return {
                "is_finite": bool(np.isfinite(peaks).all()), "peak": synth.peak(),
                "was_revived": synth.revive(), "n_streams": len(server.getStreams()),
            }  # fmt: skip

        synth.handle(Cue(0.0, "level", "mel", 0.0, 0.0))
        before, rounds = state(), []
        for _ in range(3):
            synths[0].break_down()
            play("pad")
            synth.peak()
            play("pad")
            lost = {"peak": synth.peak()}
            was_revived = synth.revive()
            play("mel")
            muted_peak = max(play("mel")[-100:])
            revived = {**state(), "was_revived": was_revived, "muted_peak": muted_peak}
            rounds.append([lost, revived])
        return {"before": before, "rounds": rounds}


def main(player):
    """Play the part asked for."""
    lines = sys.stdin.buffer
    settings = offline.RenderSettings(**json.loads(lines.readline()))
    strips = decode_strips(lines.readline())
    players = {play.__name__: play for play in (render, lose_and_revive)}
    print(json.dumps(players[player](strips, cues_from_lines(lines), settings)))


if __name__ == "__main__":
    if sys.argv[1] == "broken":
        offline.Synth = BreakingSynth
        sys.exit(worker.main(sys.argv[1:]))
    main(sys.argv[1])
