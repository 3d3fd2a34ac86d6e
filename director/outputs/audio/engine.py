"""Sound now: the Director's side of the process that owns pyo."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Literal

from director.outputs.audio.jobs import (
    PANIC,
    Cue,
    cue_from_event,
    encode_cue,
    encode_strips,
)
from director.outputs.audio.render import WORKER, last_words, words_of, worker_environment
from director.outputs.base import NoteOff, OutputEvent
from director.score import Score
from musebots.errors import OutputUnavailable

__all__ = ["AudioKind", "AudioOutput", "sound_cards"]

log = logging.getLogger(__name__)

AudioKind = Literal["auto", "portaudio", "jack", "none"]
MAX_WAITING_CUES = 4096
SAMPLE_RATE_HZ, BLOCK_FRAMES = 44100, 128
PROBE_SECONDS, READY_SECONDS, END_SECONDS = 10.0, 15.0, 1.0


def sound_cards(worker: Sequence[str] = WORKER) -> list[str]:
    """The sound outputs of this machine, the default first.

    Asks in a process of its own, and blocks meanwhile: half a second.

    Raises
    ------
    OutputUnavailable
        If pyo is missing, or the sound system does not answer.
    """
    try:
        asked = subprocess.run(
            [*worker, "probe"], capture_output=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise OutputUnavailable("no sound: the sound system does not answer") from error
    if asked.returncode != 0:
        raise OutputUnavailable(last_words(asked.stderr) or "no sound: pyo cannot be loaded")
    names = json.loads(asked.stdout.splitlines()[-1])["names"]
    return [str(name) for name in names]


class AudioOutput:
    """Plays through the sound card by pyo, in a process of its own.

    If that process dies, the band plays on in silence and one warning says so.

    Parameters
    ----------
    kind : {"auto", "portaudio", "jack", "none"}
        ``auto`` takes PortAudio if it sees a sound card, then JACK; ``none`` is silent.
    worker : sequence of str, optional
        The command of the sound process.

    Attributes
    ----------
    peak : float
        Linear level of the last half second, 0..1, as the sound process measured it.
    n_dropped : int
        Cues that were given up because the sound process did not keep up.
    """

    def __init__(self, kind: AudioKind = "auto", *, worker: Sequence[str] = WORKER) -> None:
        if kind not in ("auto", "portaudio", "jack", "none"):
            raise ValueError(f"kind must be auto, portaudio, jack or none, got {kind!r}")
        self._kind: AudioKind = kind
        self._sounding_kind = ""
        self._device = ""
        self._worker = tuple(worker)
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MAX_WAITING_CUES)
        self._ready = threading.Event()
        self._last_words: deque[str] = deque(maxlen=20)
        self._threads: list[threading.Thread] = []
        self._anchor_seconds = 0.0
        self._is_closing = False
        self._is_dead = False
        self.peak = 0.0
        self.n_dropped = 0

    @property
    def name(self) -> str:
        """``audio (portaudio, Built-in Output)``."""
        kind = self._sounding_kind or self._kind
        return f"audio ({', '.join(part for part in (kind, self._device) if part)})"

    @property
    def is_sounding(self) -> bool:
        """Whether the sound process is alive and ready."""
        return self._ready.is_set() and not self._is_dead

    async def open(self, score: Score) -> None:
        """Start the sound process and wait until it is ready.

        Raises
        ------
        OutputUnavailable
            If there is no sound card, no pyo, or the sound system refuses.
        """
        if self._kind == "none":
            return
        try:
            await asyncio.to_thread(self._open, score)
        except asyncio.CancelledError:
            self._is_closing = True
            if self._process is not None:
                self._process.kill()  # which also ends the waiting thread
            raise

    def start(self, anchor_seconds: float) -> None:
        """Tick 0 falls at this time of `time.monotonic`."""
        self._anchor_seconds = anchor_seconds

    def send(self, event: OutputEvent) -> None:
        """Hand one event on; it sounds at its time."""
        if self._process is None or self._is_dead:
            return
        cue = cue_from_event(event, offset_seconds=self._anchor_seconds)
        if cue is not None:
            self._put(cue, is_vital=isinstance(event, NoteOff))

    def panic(self) -> None:
        """Silence at once."""
        if self._process is None or self._is_dead:
            return
        _emptied(self._waiting)
        self._put(Cue(time.monotonic(), PANIC), is_vital=True)

    async def close(self) -> None:
        """Silence, and end the sound process."""
        if self._process is not None:
            await asyncio.to_thread(self._close)

    def _open(self, score: Score) -> None:
        kinds = ("portaudio", "jack") if self._kind == "auto" else (self._kind,)
        reasons = []
        for kind in kinds:
            try:
                self._device = ""
                if kind == "portaudio":
                    cards = sound_cards(self._worker)
                    if not cards:
                        raise OutputUnavailable("there is no sound card")
                    self._device = cards[0]
                self._start_process(kind, score)
            except OutputUnavailable as error:
                reasons.append(str(error).removeprefix("no sound: "))
                continue
            self._sounding_kind = kind
            return
        raise OutputUnavailable(f"no sound: {', and '.join(dict.fromkeys(reasons))}")

    def _start_process(self, kind: str, score: Score) -> None:
        """Start the worker and wait for its first words."""
        self._ready.clear()
        self._is_dead = self._is_closing = False
        process = subprocess.Popen(
            [*self._worker, "live"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=worker_environment(),
            start_new_session=True,  # Ctrl-C is ours to handle, not the worker's
        )
        self._process = process
        settings = {"kind": kind, "sample_rate_hz": SAMPLE_RATE_HZ, "block_frames": BLOCK_FRAMES,
                    "seed": score.seed}  # fmt: skip
        _emptied(self._waiting)
        self._waiting.put(json.dumps(settings).encode() + b"\n" + encode_strips(score.strips))
        self._threads = [
            threading.Thread(
                target=target, args=(process,), name=f"audio {target.__name__}", daemon=True
            )
            for target in (self._write, self._listen, self._overhear)
        ]
        for thread in self._threads:
            thread.start()
        self._ready.wait(READY_SECONDS)  # also set when the process ends
        if self._is_dead or not self._ready.is_set():
            self._is_closing = True
            self._end_process(process)
            self._process = None
            fate = f"the sound process ended with status {process.returncode}"
            raise OutputUnavailable(words_of(self._last_words) or fate)

    def _put(self, cue: Cue, *, is_vital: bool) -> None:
        """Queue a cue without ever waiting; if the end of a note finds no room, all is silenced."""
        line = encode_cue(cue)
        try:
            self._waiting.put_nowait(line)
            return
        except queue.Full:
            self.n_dropped += 1
        if self.n_dropped == 1:
            log.warning("the sound process does not keep up: notes are being dropped")
        if is_vital:
            _emptied(self._waiting)
            self._waiting.put_nowait(encode_cue(Cue(time.monotonic(), PANIC)))

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        """Thread: hand the queue to the pipe; an end marker closes it."""
        assert process.stdin is not None
        try:
            while (line := self._waiting.get()) is not None:
                process.stdin.write(line)
                if self._waiting.empty():
                    process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # the listener sees the process end and says so
        finally:
            _close_quietly(process)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Thread: hear that it is ready, how loud it is, and when it is gone."""
        assert process.stdout is not None
        for line in process.stdout:
            report = json.loads(line)
            if "ready" in report:
                self._ready.set()
            self.peak = float(report.get("peak", self.peak))
            if "warning" in report:
                log.warning("%s", report["warning"])
        process.wait()
        self._threads[2].join(1.0)
        was_ready = self._ready.is_set()
        self._is_dead = True
        self._ready.set()
        self.peak = 0.0
        _emptied(self._waiting)
        self._waiting.put(None)
        if was_ready and not self._is_closing:
            reason = words_of(self._last_words) or f"status {process.returncode}"
            log.warning("the sound process ended (%s); playing on in silence", reason)

    def _overhear(self, process: subprocess.Popen[bytes]) -> None:
        """Thread: keep its last words, so that it can never block on them."""
        assert process.stderr is not None
        for line in process.stderr:
            if text := line.decode(errors="replace").strip():
                self._last_words.append(text)

    def _close(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        self._is_closing = True
        _emptied(self._waiting)
        self._waiting.put(None)  # the writer closes the pipe, which silences and ends the worker
        self._end_process(process)

    def _end_process(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(END_SECONDS if self._ready.is_set() else 0.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join(1.0)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _emptied(waiting: queue.Queue[bytes | None]) -> None:
    """Take everything out."""
    while True:
        try:
            waiting.get_nowait()
        except queue.Empty:
            return


def _close_quietly(process: subprocess.Popen[bytes]) -> None:
    try:
        if process.stdin is not None:
            process.stdin.close()
    except BrokenPipeError:
        pass
