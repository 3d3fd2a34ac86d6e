"""Playing now without a sound card: rendered at the pace of the clock and sent as packets of PCM.

Runs in the worker process only.
"""

from __future__ import annotations

import gc
import json
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from director.outputs.audio.cuequeue import CueQueue
from director.outputs.audio.jobs import PANIC, Cue, decode_cue, is_slow
from director.outputs.audio.offline import RenderSettings, manual_server
from director.outputs.audio.pace import Pace
from director.outputs.audio.packets import (
    PACKET_FRAMES,
    PacketSender,
    StreamAddress,
    encode_packet,
)
from director.outputs.audio.revival import LOST_SIGNAL, RevivingSynth
from director.outputs.audio.synth import Synth
from director.score import Strip

__all__ = ["run_streamed"]

REPORT_SECONDS = 0.05
FADE_OUT_SECONDS = 0.06
SWITCH_SECONDS = 0.0005


def run_streamed(
    settings: dict[str, Any],
    strips: Sequence[Strip],
    lines: Iterator[bytes],
    say: Callable[[str], None],
) -> None:
    """Play cues until `lines` ends.

    Parameters
    ----------
    settings : dict
        sample_rate_hz, seed, and a `StreamAddress` as port and token.
    strips : sequence of Strip
    lines : iterator of bytes
        Cues on the clock of `time.monotonic`; of a spare first its settings and strips once more.
    say : callable
        Hears one line when the sound is on, and then how loud it is twenty times a second.

    Raises
    ------
    OutputUnavailable
        When the port is taken.
    """
    rate, seed = int(settings["sample_rate_hz"]), int(settings["seed"])
    sys.setswitchinterval(SWITCH_SECONDS)  # an instrument that is built must not hold a block up
    rendering = RenderSettings(end_seconds=0.0, sample_rate_hz=rate, seed=seed)
    with manual_server(rendering) as (pyo, server, output):
        synth = RevivingSynth(pyo, lambda: Synth(pyo, strips, sample_rate_hz=rate, seed=seed))
        cues, ending = CueQueue(), threading.Event()
        reader = threading.Thread(
            target=_read, args=(lines, cues, synth, ending), name="cues", daemon=True
        )
        gc.collect()
        gc.freeze()  # what is made by now stays; collections between blocks have little to look at
        if settings.get("is_spare") and not (next(lines, b"") and next(lines, b"")):
            return  # never needed
        sender = PacketSender(StreamAddress(settings["port"], settings["token"]))
        say(json.dumps({"ready": "browser", "sample_rate_hz": rate}))
        reader.start()
        stream = _Stream(server, output, rendering, sender)
        while not ending.is_set():
            stream.play(cues.due, synth.handle)
            stream.report(synth, say)
        synth.handle(Cue(0.0, PANIC))
        for _ in range(round(FADE_OUT_SECONDS * rate / PACKET_FRAMES)):
            stream.play(cues.due, synth.handle)
        sender.close()


class _Stream:
    """Packet after packet, each at its time."""

    def __init__(
        self, server: Any, output: Any, rendering: RenderSettings, sender: PacketSender
    ) -> None:
        self._server, self._output, self._sender = server, output, sender
        self._rate = rendering.sample_rate_hz
        self._block_seconds = rendering.block_frames / self._rate
        self._rows = np.zeros((PACKET_FRAMES // rendering.block_frames, output.size), np.float32)
        self._generation = secrets.randbits(32)
        self._pace = Pace(PACKET_FRAMES / self._rate, start_seconds=time.monotonic())
        self._report_seconds = 0.0
        self._has_warned = False

    def play(self, due: Callable[[float], list[Cue]], handle: Callable[[Cue], None]) -> None:
        """Wait for the time of the next packet, render and send it."""
        time.sleep(self._pace.wait_seconds(time.monotonic()))
        seconds = self._pace.seconds
        for row in range(len(self._rows)):
            for cue in due(seconds + (row + 1) * self._block_seconds):
                handle(cue)
            self._server.process()
            self._rows[row] = self._output
        self._sender.hear(time.monotonic())
        if self._sender.has_listeners:
            packet = encode_packet(
                self._rows.reshape(-1, 2),
                generation=self._generation,
                sample_rate_hz=self._rate,
                position=self._pace.number * PACKET_FRAMES,
                seconds=seconds,
            )
            self._sender.send(packet)
        self._pace.advance()

    def report(self, synth: RevivingSynth, say: Callable[[str], None]) -> None:
        """Say now and then how loud it is; mend a signal that is lost."""
        if self._pace.seconds < self._report_seconds:
            return
        self._report_seconds = self._pace.seconds + REPORT_SECONDS
        report: dict[str, object] = {"levels": synth.levels()}
        if synth.revive() and not self._has_warned:
            self._has_warned = True
            report["warning"] = LOST_SIGNAL
        say(json.dumps(report))


def _read(
    lines: Iterable[bytes], cues: CueQueue, synth: RevivingSynth, ending: threading.Event
) -> None:
    """Thread: take cues in; what takes longer than a block is done here."""
    try:
        for line in lines:
            cue = decode_cue(line)
            if is_slow(cue):
                synth.handle(cue)
            else:
                cues.put(cue)
    finally:
        ending.set()
