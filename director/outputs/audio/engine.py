"""Sound now: the Director's side of the process that owns pyo."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Literal, get_args

from director.outputs.audio.jobs import cue_from_event, encode_cue, encode_strips
from director.outputs.audio.packets import StreamAddress
from director.outputs.audio.render import WORKER, last_words
from director.outputs.audio.soundprocess import SoundProcess
from director.outputs.audio.standing import Standing
from director.outputs.base import NoteOff, OutputEvent
from director.score import Score
from musebots.errors import OutputUnavailable

__all__ = ["AudioKind", "AudioOutput", "sound_cards"]

log = logging.getLogger(__name__)

AudioKind = Literal["auto", "portaudio", "jack", "browser", "none"]
SAMPLE_RATE_HZ, BLOCK_FRAMES = 44100, 128
PROBE_SECONDS, READY_SECONDS = 10.0, 15.0
MAX_CRASHES, CRASH_SECONDS = 5, 60.0
SPARE_SECONDS = 0.5  # another takes a third of a second of a core to get ready


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
    """Plays by pyo, in a process of its own: through the sound card, JACK, or whoever listens.

    If that process dies, a spare one goes on with faders and instruments as they were, and a
    warning says so; the band plays on meanwhile. If it dies again and again, it stays silent.

    Parameters
    ----------
    kind : {"auto", "portaudio", "jack", "browser", "none"}
        ``auto`` takes PortAudio if it sees a sound card, then JACK, then the page, if `stream` says
        that there is one; ``none`` is silent.
    stream : StreamAddress, optional
        Where a page gets the sound from.
    worker : sequence of str, optional
        The command of the sound process.

    Attributes
    ----------
    levels : dict
        Linear peak of the last twentieth of a second by bot, as the sound process measured it
        behind the faders; under ``""`` that of all together.
    why : str
        Why it is not the first choice of ``auto``; empty if it is, or if nothing was to choose.
    n_crashes : int
        How often the sound process had to be started anew.
    """

    def __init__(
        self,
        kind: AudioKind = "auto",
        *,
        stream: StreamAddress | None = None,
        worker: Sequence[str] = WORKER,
    ) -> None:
        if kind not in get_args(AudioKind):
            raise ValueError(f"kind must be auto, portaudio, jack, browser or none, got {kind!r}")
        self._kind: AudioKind = kind
        self._stream = stream
        self._worker = tuple(worker)
        self._sounding_kind = ""
        self._device = ""
        self._process: SoundProcess | None = None
        self._spare: SoundProcess | None = None
        self._timer: threading.Timer | None = None
        self._standing = Standing((), 0)
        self._anchor_seconds = 0.0
        self._is_closing = False
        self._crashed_at: deque[float] = deque(maxlen=MAX_CRASHES)
        self._lock = threading.Lock()
        self.levels: dict[str, float] = {}
        self.why = ""
        self.n_crashes = 0

    @property
    def name(self) -> str:
        """``audio (portaudio, Built-in Output)``."""
        kind = self._sounding_kind or self._kind
        return f"audio ({', '.join(part for part in (kind, self._device) if part)})"

    @property
    def kind(self) -> str:
        """Where the sound goes, once it is open: portaudio, jack, browser or none."""
        return self._sounding_kind or self._kind

    @property
    def is_sounding(self) -> bool:
        """Whether the sound process is alive and ready."""
        return self._process is not None and self._process.is_ready

    @property
    def pid(self) -> int | None:
        """The process that sounds now, if there is one."""
        return None if self._process is None else self._process.pid

    @property
    def n_dropped(self) -> int:
        """Cues that were given up because the sound process did not keep up."""
        return 0 if self._process is None else self._process.n_dropped

    async def open(self, score: Score) -> None:
        """Start the sound process and wait until it is ready.

        Raises
        ------
        OutputUnavailable
            If there is no sound card, no pyo, or the sound system refuses.
        """
        if self._kind == "none":
            return
        self._standing = Standing(score.strips, score.seed)
        try:
            await asyncio.to_thread(self._open)
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
        cue = cue_from_event(event, offset_seconds=self._anchor_seconds)
        if cue is None:
            return
        with self._lock:
            self._standing.take(cue)
            if self._process is not None:
                self._process.put(cue, is_vital=isinstance(event, NoteOff))

    def panic(self) -> None:
        """Silence at once."""
        if self._process is not None:
            self._process.panic()

    async def close(self) -> None:
        """Silence, and end the sound process."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None or self._spare is not None:
            await asyncio.to_thread(self._close)

    def _open(self) -> None:
        reasons: list[str] = []
        for kind in self._choices():
            try:
                self._device = ""
                if kind == "portaudio":
                    cards = sound_cards(self._worker)
                    if not cards:
                        raise OutputUnavailable("there is no sound card")
                    self._device = cards[0]
                self._start(kind)
            except OutputUnavailable as error:
                reasons.append(str(error).removeprefix("no sound: "))
                continue
            self.why = ", and ".join(dict.fromkeys(reasons))
            return
        raise OutputUnavailable(f"no sound: {', and '.join(dict.fromkeys(reasons))}")

    def _choices(self) -> Sequence[str]:
        """What to try, the best first."""
        if self._kind == "browser" and self._stream is None:
            raise OutputUnavailable("no sound: there is no page to listen on (--page)")
        if self._kind != "auto":
            return (self._kind,)
        return ("portaudio", "jack") if self._stream is None else ("portaudio", "jack", "browser")

    def _start(self, kind: str) -> None:
        """Start a sound process, up to date from its first moment, and wait until it is ready."""
        with self._lock:
            process, self._spare = self._spare, None
            if process is None or process.is_dead:
                process = self._new_process()
            standing = self._standing
            process.tell(
                self._settings(kind),
                [encode_strips(standing.strips), *map(encode_cue, standing.cues())],
            )
            self._process, self._sounding_kind = process, kind
        process.start()
        if not process.wait_until_ready(READY_SECONDS):
            process.end()
            self._process, self._sounding_kind = None, ""
            raise OutputUnavailable(process.fate)
        if self._is_closing:
            process.end()
            return
        self._timer = threading.Timer(SPARE_SECONDS, self._keep_spare)
        self._timer.daemon = True
        self._timer.start()

    def _settings(self, kind: str) -> dict[str, object]:
        settings: dict[str, object] = {
            "kind": kind, "sample_rate_hz": SAMPLE_RATE_HZ, "block_frames": BLOCK_FRAMES,
            "seed": self._standing.seed,
        }  # fmt: skip
        if kind == "browser" and self._stream is not None:
            settings |= {"port": self._stream.port, "token": self._stream.token}
        return settings

    def _new_process(self) -> SoundProcess:
        return SoundProcess([*self._worker, "live"], on_report=self._hear, on_end=self._bring_back)

    def _keep_spare(self) -> None:
        """Have another process ready to take over: to start one takes as long as a bar."""
        with self._lock, contextlib.suppress(OSError):
            if self._spare is None and not self._is_closing:
                spare = self._new_process()
                settings = {**self._settings(self._sounding_kind), "is_spare": True}
                spare.tell(settings, [encode_strips(self._standing.strips)])
                spare.start()
                self._spare = spare

    def _hear(self, report: dict[str, Any]) -> None:
        """What the sound process says."""
        if "levels" in report:
            self.levels = report["levels"]
        if "warning" in report:
            log.warning("%s", report["warning"])

    def _bring_back(self, reason: str) -> None:
        """The sound process has ended unasked: start another; in a thread of the old one."""
        kind, now = self._sounding_kind, time.monotonic()
        self.levels = dict.fromkeys(self.levels, 0.0)
        self._crashed_at.append(now)
        if self._is_closing:
            return
        if len(self._crashed_at) == MAX_CRASHES and now - self._crashed_at[0] < CRASH_SECONDS:
            log.warning("the sound process keeps ending (%s); playing on in silence", reason)
            return
        self.n_crashes += 1
        log.warning("the sound process ended (%s) and is started anew", reason)
        try:
            self._start(kind)
        except (OSError, OutputUnavailable) as error:
            if not self._is_closing:
                log.warning("there is no sound any more (%s); playing on in silence", error)

    def _close(self) -> None:
        with self._lock:
            processes = (self._process, self._spare)
            self._process = self._spare = None
        for process in processes:
            if process is not None:
                process.end()
