"""What tests do with pyo in a process of its own: `pyo_players.py PLAYER`; answers in JSON.

With `broken` before the job it is the worker itself, but for a synthesiser that breaks.
"""

import json
import sys

import numpy as np

from director.outputs.audio import offline, worker
from director.outputs.audio.jobs import Cue, cues_from_lines, decode_strips
from director.outputs.audio.loudness import db, integrated_lufs
from director.outputs.audio.revival import RevivingSynth
from director.outputs.audio.synth import Synth
from director.sounds import sound_of, sounds_for

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


def loudness(strips, cues, settings):
    """Before the master."""
    blocks = [block for block, _ in offline.synthesise(strips, cues, settings, tap="mix")]
    return integrated_lufs(np.concatenate(blocks).astype(np.float64), 44100)


def measure(strips, cues, settings):
    """Loudness and true peak at each place where one can listen, and how well stems add up."""
    heard = {
        tap: np.concatenate(
            [block for block, _ in offline.synthesise(strips, cues, settings, tap=tap)]
        ).astype(np.float64)
        for tap in ("mix", "master", "stems")
    }
    summed = heard["stems"].reshape(len(heard["mix"]), -1, 2).sum(axis=1)
    return {
        "lufs": {tap: integrated_lufs(heard[tap], 44100) for tap in ("mix", "master")},
        "true_peak_db": db(true_peak(heard["master"])),
        "difference": float(np.abs(summed - heard["mix"]).max()),
        "peak": float(np.abs(heard["mix"]).max()),
        "side": [float(np.abs(stem).max()) for stem in heard["stems"].T],
    }


def true_peak(stereo):
    """The highest value between the samples, too: four times as many, by the spectrum."""
    peaks = []
    for begin in range(0, len(stereo) - 8191, 4096):
        part = stereo[begin : begin + 8192] * np.hanning(8192)[:, None] ** 0.25
        spectrum = np.fft.rfft(part, axis=0)
        finer = 4.0 * np.fft.irfft(spectrum, 4 * 8192, axis=0)
        peaks.append(np.abs(finer[4 * 2048 : 4 * 6144]).max())
    return float(max(peaks))


def change_instruments(strips, cues, settings):
    """Give every strip each of its instruments while it plays; what is left over in the end."""
    with offline.manual_server(settings) as (pyo, server, output):
        synth = Synth(pyo, strips, sample_rate_hz=settings.sample_rate_hz)
        seconds, peaks = 0.0, []

        def play(duration):
            nonlocal seconds
            peak = 0.0
            for _ in range(round(duration * BLOCKS_PER_SECOND)):
                server.process()
                seconds += 1 / BLOCKS_PER_SECOND
                peak = max(peak, float(np.abs(output).max()))
            return peak

        def note(kind, strip):
            synth.handle(Cue(seconds, kind, strip.bot_id, 48, 100))

        play(0.1)
        n_streams = len(server.getStreams())
        for _ in range(2):
            for strip in strips:
                for name in sounds_for(strip.role, strip.channel):
                    synth.handle(Cue(seconds, "sound " + name, strip.bot_id))
                    play(0.1)
                    note("on", strip)
                    peaks.append([name, play(0.4)])
                    note("off", strip)
                    play(0.3)
        for strip in strips:  # as they were in the beginning
            synth.handle(Cue(seconds, "sound " + sound_of(strip).name, strip.bot_id))
        play(1.0)
        synth.handle(Cue(seconds, "panic"))
        play(1.0)
        return {"peaks": peaks, "n_streams": [n_streams, len(server.getStreams())],
                "tail": play(0.2)}  # fmt: skip


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
            levels = synth.levels()
            return {
                "is_finite": bool(np.isfinite(peaks).all()), "peak": levels[""], "levels": levels,
                "was_revived": synth.revive(), "n_streams": len(server.getStreams()),
            }  # fmt: skip

        synth.handle(Cue(0.0, "level", "mel", 0.0, 0.0))
        before, rounds = state(), []
        for _ in range(3):
            synths[0].break_down()
            play("pad")
            synth.levels()
            play("pad")
            lost = {"peak": synth.levels()[""]}
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
    players = {
        play.__name__: play
        for play in (render, loudness, measure, change_instruments, lose_and_revive)
    }
    print(json.dumps(players[player](strips, cues_from_lines(lines), settings)))


if __name__ == "__main__":
    if sys.argv[1] == "broken":
        offline.Synth = BreakingSynth
        sys.exit(worker.main(sys.argv[1:]))
    main(sys.argv[1])
