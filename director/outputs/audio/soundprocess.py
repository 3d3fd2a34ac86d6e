"""One life of the process that owns pyo: its pipes, and the threads that mind them."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from director.outputs.audio.jobs import PANIC, Cue, encode_cue
from director.outputs.audio.render import words_of, worker_environment

__all__ = ["SoundProcess"]

log = logging.getLogger(__name__)

MAX_WAITING_CUES = 4096
END_SECONDS = 1.0


class SoundProcess:
    """Is started, told what to play by `tell`, and from then on takes cues.

    `wait_until_ready` says whether it came to anything.

    Parameters
    ----------
    command : sequence of str
    on_report : callable
        Hears each of its lines; from another thread.
    on_end : callable
        Called once, from another thread, with its last words, when it has ended unasked after it
        had been ready.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        on_report: Callable[[dict[str, Any]], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._on_report, self._on_end = on_report, on_end
        self._ready = threading.Event()
        self._was_ready = self._is_ending = False
        self.is_dead = False
        self.n_dropped = 0
        self._last_words: deque[str] = deque(maxlen=20)
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MAX_WAITING_CUES)
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []

    def tell(self, settings: Mapping[str, object], words: Sequence[bytes]) -> None:
        """Tell it what to play, before any cue; a spare is told to get ready, and told again.

        Parameters
        ----------
        settings : mapping
        words : sequence of bytes
            The lines that follow: strips, and cues that bring it up to date.
        """
        self._waiting.put(json.dumps(settings).encode() + b"\n" + b"".join(words))

    def start(self) -> None:
        """Start it, unless that was done; returns at once.

        Raises
        ------
        OSError
            When the system refuses.
        """
        if self._process is not None:
            return
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=worker_environment(),
            start_new_session=True,  # Ctrl-C is ours to handle, not the worker's
        )
        self._threads = [
            threading.Thread(
                target=target, args=(self._process,), name=f"audio {target.__name__}", daemon=True
            )
            for target in (self._write, self._listen, self._overhear)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int | None:
        """Its process id, once it is started."""
        return None if self._process is None else self._process.pid

    @property
    def is_ready(self) -> bool:
        """Whether it sounds."""
        return self._ready.is_set() and not self.is_dead

    @property
    def fate(self) -> str:
        """Its last words, or how it ended."""
        code = None if self._process is None else self._process.returncode
        return words_of(self._last_words) or f"the sound process ended with status {code}"

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until it sounds, or has ended; whether it ever sounded."""
        self._ready.wait(seconds)  # also set when the process ends
        return self._was_ready

    def put(self, cue: Cue, *, is_vital: bool) -> None:
        """Queue a cue without ever waiting; if the end of a note finds no room, all is silenced."""
        if self.is_dead:
            return
        try:
            self._waiting.put_nowait(encode_cue(cue))
            return
        except queue.Full:
            self.n_dropped += 1
        if self.n_dropped == 1:
            log.warning("the sound process does not keep up: notes are being dropped")
        if is_vital:
            self.panic()

    def panic(self) -> None:
        """Forget what waits, and silence."""
        if self.is_dead:
            return
        self._empty()
        self._waiting.put_nowait(encode_cue(Cue(time.monotonic(), PANIC)))

    def kill(self) -> None:
        """End it by force, without waiting."""
        self._is_ending = True
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """End it: by closing its pipe, which silences it, and after a second by force."""
        self._is_ending = True
        self._empty()
        self._waiting.put(None)
        if self._process is None:
            return
        try:
            self._process.wait(END_SECONDS if self._ready.is_set() else 0.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(1.0)

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
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Thread: hear that it is ready, how loud it is, and when it is gone."""
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                report = json.loads(line)
                if "ready" in report:
                    self._was_ready = True
                    self._ready.set()
                self._on_report(report)
        process.wait()
        self._threads[2].join(1.0)
        self.is_dead = True
        self._ready.set()
        self._empty()
        self._waiting.put(None)
        if self._was_ready and not self._is_ending:
            self._on_end(words_of(self._last_words) or f"status {process.returncode}")

    def _overhear(self, process: subprocess.Popen[bytes]) -> None:
        """Thread: keep its last words, so that it can never block on them."""
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                if text := line.decode(errors="replace").strip():
                    self._last_words.append(text)

    def _empty(self) -> None:
        """Take everything out of the queue."""
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                return
