"""Examine this machine: whether all is here that the band needs, and fast enough."""

from __future__ import annotations

import asyncio
import platform
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import metadata
from typing import Literal, get_args

from musebots import __version__
from musebots.errors import MusebotError

__all__ = ["Finding", "Verdict", "examine", "percentile"]

Role = Literal["melody", "bass", "drums"]

CORE = ("python-osc", "mido", "numpy", "pydantic", "rich", "safetensors", "typer")
OPTIONAL = {
    "pyo": 'no sound from here: pip install "pyo" where it has a build; MIDI works without',
    "python-rtmidi": 'no MIDI ports: pip install "musebots[midi]"',
    "torch": 'no training: pip install "musebots[train]"',
}
WANTED_BUFFER_BYTES = 1 << 20
GRID_SECONDS = 0.005
N_GRID = 200
N_STEPS = 200
SLOW_STEP_MS, TOO_SLOW_STEP_MS = 5.0, 30.0  # a 16th note at 120 bpm lasts 125 ms
LATE_MS = 5.0
PORTS_ARE_FOR = "needed only for --midi-out, --midi-in, --clock-out, --faders and --sync midi:PORT"


class Verdict(StrEnum):
    """How good a finding is: `bad` means that the band cannot play."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: what was seen, the verdict, and what to do about it if anything."""

    name: str
    value: str
    verdict: Verdict = Verdict.OK
    advice: str = ""


def examine() -> tuple[Finding, ...]:
    """Look at everything in turn; what cannot be examined is a finding, too."""
    return (
        *_versions(),
        _audio(),
        _midi_ports(),
        _receive_buffer(),
        _round_trip(),
        *(_generator(role) for role in get_args(Role)),
        *_clocks(),
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that at least `percent` of them do not exceed.

    Examples
    --------
    >>> percentile([3.0, 1.0, 2.0], 50)
    2.0
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a percentile needs at least one value")
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def _versions() -> list[Finding]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    findings = [Finding("Python", found), Finding("musebots", __version__)]
    for name in CORE:
        version = _version(name)
        verdict = Verdict.OK if version else Verdict.BAD
        advice = "" if version else "pip install musebots"
        findings.append(Finding(name, version or "missing", verdict, advice))
    for name, advice in OPTIONAL.items():
        version = _version(name)
        verdict = Verdict.OK if version else Verdict.WARN
        findings.append(Finding(name, version or "missing", verdict, "" if version else advice))
    return findings


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _audio() -> Finding:
    name = "sound"
    try:
        from director.outputs.audio.engine import sound_cards

        devices = sound_cards()
    except MusebotError as error:
        return Finding(name, str(error), Verdict.WARN, "the band plays silently, into MIDI files")
    if not devices:
        return Finding(
            name, "no device", Verdict.WARN, "the band sounds on its page: play --page, then Listen"
        )
    return Finding(name, ", ".join(devices))


def _midi_ports() -> Finding:
    name = "MIDI ports"
    try:
        from director.ports import list_ports

        outputs, inputs = list_ports(), list_ports(direction="input")
    except MusebotError as error:
        return Finding(name, str(error), Verdict.WARN, PORTS_ARE_FOR)
    if not (outputs or inputs):
        return Finding(name, "none", Verdict.WARN, PORTS_ARE_FOR)
    return Finding(name, f"out: {', '.join(outputs) or 'none'}; in: {', '.join(inputs) or 'none'}")


def _receive_buffer() -> Finding:
    name = "UDP receive buffer"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED_BUFFER_BYTES)
        granted = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    if sys.platform == "linux":
        granted //= 2  # the kernel doubles what it grants, for its own bookkeeping
    value = f"{granted // 1024} KiB of {WANTED_BUFFER_BYTES // 1024} KiB asked for"
    if granted >= WANTED_BUFFER_BYTES // 8:
        return Finding(name, value)
    advice = "bursts may be lost; on Linux: sysctl -w net.core.rmem_max=1048576"
    return Finding(name, value, Verdict.WARN, advice)


def _round_trip() -> Finding:
    name = "UDP on loopback"
    try:
        micros = _round_trips_us()
    except OSError as error:
        advice = "bots and Director talk over 127.0.0.1: allow it in the firewall"
        return Finding(name, f"fails: {error}", Verdict.BAD, advice)
    return Finding(name, f"round trip {percentile(micros, 50):.0f} us (p50)")


def _round_trips_us() -> list[float]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        for sock in (near, far):
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(1.0)
        micros = []
        for _ in range(N_STEPS):
            start = time.perf_counter()
            near.sendto(b"/ping\0\0\0,\0\0\0", far.getsockname())
            payload, sender = far.recvfrom(64)
            far.sendto(payload, sender)
            near.recv(64)
            micros.append((time.perf_counter() - start) * 1e6)
    return micros


def _generator(role: Role) -> Finding:
    name = f"{role} generator"
    try:
        millis = _step_ms(role)
    except (MusebotError, ImportError) as error:
        return Finding(name, str(error), Verdict.BAD, "install musebots again")
    p50, p99 = percentile(millis, 50), percentile(millis, 99)
    value = f"{p50:.2f} ms a step (p50), {p99:.2f} ms (p99)"
    if p99 < SLOW_STEP_MS:
        return Finding(name, value)
    verdict = Verdict.WARN if p99 < TOO_SLOW_STEP_MS else Verdict.BAD
    return Finding(name, value, verdict, "close other programs, or use a faster machine")


def _step_ms(role: Role) -> list[float]:
    import numpy as np

    from musebots.generators import StepContext
    from musebots.rnn.generator import load_generator

    generator = load_generator(role, rng=np.random.default_rng(0))
    millis = []
    for step in range(N_STEPS):
        context = StepContext(step_in_bar=step % 16, bar_in_phrase=step // 16 % 4)
        start = time.perf_counter()
        generator.step(context)
        millis.append((time.perf_counter() - start) * 1e3)
    return millis[N_STEPS // 10 :]  # the first steps warm caches up


def _clocks() -> list[Finding]:
    return [
        _clock("asyncio clock", lambda grid: asyncio.run(_sleep_on(grid))),
        _clock("deadline thread", _wait_in_thread),
    ]


def _clock(name: str, lateness_of: Callable[[Sequence[float]], list[float]]) -> Finding:
    start = time.monotonic() + GRID_SECONDS
    millis = [late * 1e3 for late in lateness_of([start + n * GRID_SECONDS for n in range(N_GRID)])]
    p50, p99 = percentile(millis, 50), percentile(millis, 99)
    value = f"late by {p50:.2f} ms (p50), {p99:.2f} ms (p99)"
    if p99 < LATE_MS:
        return Finding(name, value)
    return Finding(name, value, Verdict.WARN, "the machine is busy: close other programs")


async def _sleep_on(grid: Sequence[float]) -> list[float]:
    lateness = []
    for deadline in grid:
        await asyncio.sleep(max(0.0, deadline - time.monotonic()))
        lateness.append(time.monotonic() - deadline)
    return lateness


def _wait_in_thread(grid: Sequence[float]) -> list[float]:
    from director.outputs.deadline import DeadlineThread

    lateness: list[float] = []
    is_done = threading.Event()
    thread = DeadlineThread()
    for deadline in grid:
        thread.call_at(deadline, partial(_note_lateness, lateness, deadline))
    thread.call_at(grid[-1] + GRID_SECONDS, is_done.set)
    thread.start()
    is_done.wait(timeout=2.0 + GRID_SECONDS * len(grid))
    thread.stop()
    return lateness


def _note_lateness(lateness: list[float], deadline: float) -> None:
    lateness.append(time.monotonic() - deadline)
