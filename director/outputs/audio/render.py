"""A session as a WAV file, synthesised when it ends, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO

from director.outputs.audio.jobs import OWN_WORDS, cue_from_event, encode_cue, encode_strips
from director.outputs.recording import RecordingOutput, last_tempo_map
from director.outputs.targets import part_path, whole_file
from director.score import Score
from musebots.errors import ConfigError, OutputUnavailable

__all__ = ["WORKER", "WavOutput", "last_words", "words_of", "worker_environment"]

WORKER = (sys.executable, "-m", "director.outputs.audio.worker")


class WavOutput(RecordingOutput):
    """Collects everything that is played and renders it when the session ends.

    44.1 kHz, 16 bit, stereo; peak at most -1 dBFS, near -16 LUFS; the same events give the same
    bytes. The file appears whole or not at all.

    Parameters
    ----------
    path : Path or str
        Where to; its folder must exist. A file that is there is replaced.
    stems : Path, optional
        A folder for a file of each strip besides, before the master; it is made if need be.
    progress : callable, optional
        Hears the share done, 0..1, while the file is rendered; live from another thread.
    worker : sequence of str, optional
        The command of the rendering process.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        stems: Path | None = None,
        progress: Callable[[float], None] | None = None,
        worker: Sequence[str] = WORKER,
    ) -> None:
        super().__init__(path)
        self._stems = stems
        self._progress = progress
        self._worker = tuple(worker)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """``wav trio.wav``."""
        return f"wav {self.path.name}"

    async def open(self, score: Score) -> None:
        """Remember the score; find out now whether pyo is there and the file can be written.

        Raises
        ------
        ConfigError
            If the file cannot be written.
        OutputUnavailable
            If pyo is missing or does not load.
        """
        if self._stems is not None:
            _make_folder(self._stems)
        await super().open(score)
        await asyncio.to_thread(self._check_pyo)

    async def close(self) -> None:
        """Render and write the file.

        Raises
        ------
        ConfigError
            If the file can no longer be written.
        OutputUnavailable
            If the rendering process fails. Nothing is left behind then.
        """
        score, self._score = self._score, None
        if score is None:
            return
        try:
            with whole_file(self.path):
                await asyncio.to_thread(self._render, score)
        finally:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()  # cancelled while rendering
                self._process.wait()
                part_path(self.path).unlink(missing_ok=True)

    def _check_pyo(self) -> None:
        """Load pyo in a process of its own, for it can crash."""
        checked = subprocess.run([*self._worker, "check"], capture_output=True, check=False)
        if checked.returncode != 0:
            words = last_words(checked.stderr) or "pyo crashes when it is loaded"
            raise OutputUnavailable(f"cannot write {self.path}: {words}")

    def _render(self, score: Score) -> None:
        """Run the worker from beginning to end; blocks."""
        with subprocess.Popen(
            [*self._worker, "render"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=worker_environment(),
            start_new_session=True,  # Ctrl-C is ours to handle, not the worker's
        ) as process:
            self._process = process
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                self._write_job(process.stdin, score)
                process.stdin.close()
            except BrokenPipeError:
                pass  # it died; its exit status and last words say why
            for line in process.stdout:
                if self._progress is not None:
                    self._progress(float(line))
            words = last_words(process.stderr.read())
        if process.returncode != 0:
            raise OutputUnavailable(f"cannot render {self.path}: {words or _fate(process)}")

    def _write_job(self, pipe: IO[bytes], score: Score) -> None:
        cues = [cue for event in self._events if (cue := cue_from_event(event)) is not None]
        last_seconds = max((cue.seconds for cue in cues), default=0.0)
        if self._stop_tick is None:
            tempo_map = last_tempo_map(score, self._events)
            last_seconds = max(last_seconds, tempo_map.seconds_at(score.end_tick))
        job: dict[str, object] = {
            "path": str(part_path(self.path)),
            "end_seconds": last_seconds,
            "seed": score.seed,
        }
        if self._stems is not None:
            job["stems"] = str(self._stems)
        pipe.write(json.dumps(job).encode() + b"\n")
        pipe.write(encode_strips(score.strips))
        pipe.write(b"".join(encode_cue(cue) for cue in cues))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def worker_environment() -> dict[str, str]:
    """The environment of a worker: one thread of linear algebra, for the same bits every time."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def last_words(stderr: bytes) -> str:
    """What a sound process said last; see `words_of`."""
    return words_of(stderr.decode(errors="replace").splitlines())


def words_of(lines: Iterable[str]) -> str:
    """Our own last sentence among what a sound process said, or else the last line of all.

    The sound libraries print on their way out, after us.
    """
    said = [line.strip() for line in lines if line.strip()]
    ours = [line.removeprefix(OWN_WORDS) for line in said if line.startswith(OWN_WORDS)]
    return (ours or said or [""])[-1]


def _fate(process: subprocess.Popen[bytes]) -> str:
    if process.returncode < 0:
        return f"the sound process was ended by signal {-process.returncode}"
    return f"the sound process ended with status {process.returncode}"
