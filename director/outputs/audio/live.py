"""Playing now: a booted pyo server that takes cues from a pipe. Runs in the worker process only."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from director.outputs.audio.cuequeue import CueQueue
from director.outputs.audio.jobs import PANIC, Cue, decode_cue, decode_strips, is_slow
from director.outputs.audio.pyo_module import import_pyo
from director.outputs.audio.revival import LOST_SIGNAL, RevivingSynth
from director.outputs.audio.sampleclock import SampleClock
from director.outputs.audio.streaming import run_streamed
from director.outputs.audio.synth import Synth
from musebots.errors import OutputUnavailable

__all__ = ["output_devices", "run_live"]

REPORT_SECONDS = 0.05
FADE_OUT_SECONDS = 0.06


def output_devices() -> tuple[list[str], list[int]]:
    """Names and indexes of the sound outputs that PortAudio sees, the default first.

    Asking is safe; booting pyo without a device crashes the process.
    """
    pyo = import_pyo()
    names, indexes = pyo.pa_get_output_devices()
    default = pyo.pa_get_default_output() if names else -1
    ordered = sorted(zip(names, indexes, strict=True), key=lambda pair: pair[1] != default)
    return [str(name) for name, _ in ordered], [int(index) for _, index in ordered]


def run_live(source: BinaryIO, say: Callable[[str], None]) -> None:
    """Play cues from `source` until it ends.

    Parameters
    ----------
    source : binary file
        First a line of settings (kind, sample_rate_hz, block_frames, seed), then the strips, then
        cues on the clock of `time.monotonic`. With `is_spare` among the settings it gets ready, and
        waits for settings and strips once more before it sounds.
    say : callable
        Hears one line when the sound is on, and then the levels twenty times a second, once with
        a warning if the synthesiser had to be started anew.

    Raises
    ------
    OutputUnavailable
        If the sound system does not let us in.
    """
    import_pyo()
    settings, strips = json.loads(source.readline()), decode_strips(source.readline())
    if settings["kind"] == "browser":
        run_streamed(settings, strips, source, say)
        return
    if settings.get("is_spare"):  # a sound card is the other's as long as that lives
        first_line = source.readline()
        if not first_line:
            return  # never needed
        settings, strips = json.loads(first_line), decode_strips(source.readline())
    pyo, server = _boot(settings)
    sample_rate_hz = float(server.getSamplingRate())
    block_seconds = server.getBufferSize() / sample_rate_hz
    synth = RevivingSynth(
        pyo, lambda: Synth(pyo, strips, sample_rate_hz=sample_rate_hz, seed=settings["seed"])
    )
    cues, clock = CueQueue(), SampleClock(block_seconds)

    def before_block() -> None:
        for cue in cues.due(clock.block_start(time.monotonic()) + block_seconds):
            synth.handle(cue)

    server.setCallback(before_block)
    gc.collect()
    gc.freeze()  # what is made by now stays; collections between blocks have little to look at
    server.start()
    ending = threading.Event()
    reporter = threading.Thread(
        target=_report, args=(ending, say, synth), name="report", daemon=True
    )
    say(json.dumps({"ready": settings["kind"], "sample_rate_hz": sample_rate_hz}))
    reporter.start()
    try:
        for line in source:
            cue = decode_cue(line)
            if is_slow(cue):
                synth.handle(cue)
            else:
                cues.put(cue)
    finally:
        cues.put(Cue(time.monotonic(), PANIC))
        ending.wait(FADE_OUT_SECONDS)
        ending.set()
        server.stop()
        time.sleep(FADE_OUT_SECONDS)  # pyo ends its streams in the audio thread
        server.shutdown()


def _boot(settings: dict[str, Any]) -> tuple[Any, Any]:
    """A pyo server that plays through the sound system asked for."""
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    pyo = import_pyo()
    kind = settings["kind"]
    indexes = output_devices()[1] if kind == "portaudio" else []
    if kind == "portaudio" and not indexes:
        raise OutputUnavailable("there is no sound card")
    server = pyo.Server(
        sr=settings["sample_rate_hz"], nchnls=2, buffersize=settings["block_frames"],
        duplex=0, audio=kind, jackname="musebots",
    )  # fmt: skip
    server.setVerbosity(1)
    server.deactivateMidi()
    if indexes:
        server.setOutputDevice(indexes[0])
    server.boot()
    if not server.getIsBooted():
        raise OutputUnavailable(
            "no JACK server is running" if kind == "jack" else "the sound card does not open"
        )
    server.setGlobalSeed(settings["seed"] + 1)
    return pyo, server


def _report(ending: threading.Event, say: Callable[[str], None], synth: RevivingSynth) -> None:
    """Say the level now and then, so that the Director's process knows we live; stay alive."""
    has_warned = False
    while not ending.wait(REPORT_SECONDS):
        report: dict[str, object] = {"levels": synth.levels()}
        if synth.revive() and not has_warned:
            has_warned = True
            report["warning"] = LOST_SIGNAL
        try:
            say(json.dumps(report))
        except BrokenPipeError:
            os._exit(1)  # the parent is gone, and the main thread may be blocked in C
