"""One of our bots as a classic musebot, under anybody's conductor.

``python -m ensembles.classic.playing --bot BOT`` in a folder with a `config.txt`. The conductor
sees a classic bot and nothing else; within it a Director of our own, whose clock is kept on the
conductor's pulses, plays the one bot and sounds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import math
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from director.director import Casting, Director
from director.outputs.audio import AudioOutput
from director.outputs.base import Output
from director.outputs.midifile import MidiFileOutput
from director.outputs.midiport import MidiPortOutput
from director.score import Score
from ensembles.classic.folders import Config, read_config
from ensembles.classic.slaving import SlavedClock
from ensembles.config import Piece, parse_piece
from ensembles.pieces_format.solo import solo
from ensembles.stage import opened
from musebots import messages as m
from musebots.agent import Link
from musebots.errors import MusebotError, OutputUnavailable
from musebots.faults import one_fault
from musebots.network import LOOPBACK_HOST, Address, LoopbackNetwork, Network, UdpNetwork, Wire
from musebots.phaselock import PhaseLock
from musebots.registry import resolve

__all__ = ["ClassicLife", "main"]

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.5  # the Max conductors forget a bot that was silent for more than a second
PATIENCE_SECONDS = 30.0
FADE_SECONDS = 5.0
LOCK_PULSES = 16
PAUSE_SECONDS = 2.0
PAUSE_FADE_SECONDS = 0.1
N_BARS = 4000
GATEWAY = "conductor"
QUIT = ("/agent/quit", "/agent/kill")


class ClassicLife:
    """One bot's life under a classic conductor.

    Parameters
    ----------
    config : Config
        What `config.txt` says.
    reference : str
        The bot, as `musebots.registry.resolve` takes it.
    outputs : sequence of Output
        Where it sounds.
    network : Network, optional
        Where the conductor is; UDP by default.
    """

    def __init__(
        self,
        config: Config,
        reference: str,
        outputs: Sequence[Output],
        *,
        network: Network | None = None,
    ) -> None:
        self._config = config
        self._reference = reference
        self._outputs = outputs
        self._network = network or UdpNetwork()
        self._conductor: Address = (config.host, config.conductor_port)
        self._wire = Wire(self._receive)
        self._gateway = Wire(self._hear_bot)
        self._lock = PhaseLock()
        self.clock = SlavedClock(self._lock)
        self.director: Director | None = None
        self._loop = asyncio.get_running_loop()
        self._heard_seconds = self._loop.time()
        self._pulse_seconds = self._loop.time()
        self._n_pulses = 0
        self._is_paused = False
        self._gain = 1.0
        self._locked = asyncio.Event()
        self._off = asyncio.Event()
        self._is_fading = False

    def quit(self) -> None:
        """Leave at once."""
        self._off.set()

    async def run(self) -> None:
        """Live until the conductor says off, or has been silent for half a minute."""
        host = LOOPBACK_HOST if self._config.is_local else "0.0.0.0"
        await self._wire.open(self._network, host=host, port=self._config.port)
        try:
            with one_fault():
                async with asyncio.TaskGroup() as tasks:
                    background = [
                        tasks.create_task(self._keep_alive()),
                        tasks.create_task(self._play()),
                    ]
                    await self._off.wait()
                    if self.director is not None:
                        self.director.stop()
                        await background.pop()
                    for task in background:
                        task.cancel()
        finally:
            self._wire.close()

    async def _keep_alive(self) -> None:
        while True:
            self._wire.send(m.Alive(self._config.id), self._conductor)
            if self._gateway.is_open and self.director is not None:
                self._gateway.send(m.Alive(GATEWAY), self.director.address)
            await asyncio.sleep(HEARTBEAT_SECONDS)
            now = self._loop.time()
            if now - self._heard_seconds > PATIENCE_SECONDS:
                log.warning("no list of agents for %.0f s: leaving", PATIENCE_SECONDS)
                self.quit()
            if now - self._pulse_seconds > PAUSE_SECONDS and not self._is_paused:
                self._is_paused = True  # no pulse, no music
                self._fade_to(0.0, PAUSE_FADE_SECONDS)

    async def _play(self) -> None:
        """Wait for the conductor's clock, then play on it."""
        await self._locked.wait()
        piece = parse_piece(solo(self._reference, harmony="follow"), source=self._reference)
        score = piece.score(bars=N_BARS, bpm=self._lock.bpm)
        inner = LoopbackNetwork()
        async with opened(self._outputs, score):
            cast = {score.strips[0].bot_id: Casting(piece.bots[0].role, score.seed)}
            director = Director(score, cast, self._outputs, anchor_for=self.clock.anchor_for)
            address = await director.open(inner)
            await self._gateway.open(inner)
            self._gateway.send(m.Alive(GATEWAY), address)
            self.director = director
            self._fade_to(self._gain, 0.0)
            async with asyncio.TaskGroup() as tasks:
                steering = tasks.create_task(self._steer(director))
                tasks.create_task(self._bot(piece, inner, address))
                await director.run()
                steering.cancel()

    async def _bot(self, piece: Piece, network: Network, address: Address) -> None:
        bot_id = piece.bots[0].id
        await resolve(self._reference).make(bot_id).run(Link(bot_id, network, address))
        self.quit()

    async def _steer(self, director: Director) -> None:
        async for _ in director.clock.beats(lead=0.4):
            self.clock.steer(director)

    # --- what the conductor says ----------------------------------------------------------------

    def _receive(self, message: m.Message, datagram: bytes, source: Address) -> None:
        match message:
            case m.Time():
                self._take_pulse(message)
            case m.AgentList():
                self._heard_seconds = self._loop.time()
            case m.Gain():
                self._gain = message.gain
                self._fade_to(message.gain, message.ramp_milliseconds / 1000.0)
            case m.Off():
                self._fade_out()
            case m.Broadcast() if message.sender != self._config.id:
                if self._gateway.is_open and self.director is not None:
                    self._gateway.send_bytes(datagram, self.director.address)
            case m.Unknown() if message.osc_address in QUIT:
                self.quit()

    def _take_pulse(self, message: m.Time) -> None:
        now = self._pulse_seconds = self._loop.time()
        is_new = self._lock.hear(message.pulse, bpm=message.bpm, seconds=now)
        self._n_pulses += 1
        if self._n_pulses >= LOCK_PULSES:
            self._locked.set()
        director = self.director
        if is_new and director is not None and director.clock.is_started:
            self.clock.steer(director, is_urgent=True)
        if self._is_paused:
            self._is_paused = False
            self._fade_to(self._gain, PAUSE_FADE_SECONDS)

    def _fade_to(self, gain: float, fade_seconds: float) -> None:
        """The conductor's fader is our master."""
        gain_db = 20.0 * math.log10(gain) if gain > 0 else -math.inf
        if self.director is not None and not self._is_fading:
            self.director.playback.change_mix(
                "", "gain_db", gain_db, fade_seconds=max(0.0, fade_seconds)
            )

    def _fade_out(self) -> None:
        if not self._is_fading:
            self._fade_to(0.0, FADE_SECONDS)
            self._is_fading = True
            seconds = FADE_SECONDS if self.director is not None else 0.0
            self._loop.call_later(seconds, self.quit)

    def _hear_bot(self, message: m.Message, datagram: bytes, source: Address) -> None:
        """Pass on to the conductor what the bot says to the band, under the id known there."""
        if isinstance(message, m.Broadcast) and self.director is not None:
            (strip, *_) = self.director.score.strips
            if message.sender == strip.bot_id:
                said = m.Broadcast(message.topic, self._config.id, message.values)
                self._wire.send(said, self._conductor)


async def _outputs(arguments: argparse.Namespace, score: Callable[[], Score]) -> list[Output]:
    """Where the bot sounds: what was asked for; sound if there is any."""
    outputs: list[Output] = []
    if arguments.out is not None:
        outputs.append(MidiFileOutput(arguments.out))
    if arguments.midi_out is not None:
        outputs.append(MidiPortOutput(arguments.midi_out))
    if arguments.audio != "none":
        audio = AudioOutput(arguments.audio)
        try:
            await audio.open(score())
        except OutputUnavailable as error:
            log.warning("%s; playing silently", error)
        else:
            await audio.close()
            outputs.append(AudioOutput(arguments.audio))
    return outputs


async def _run(arguments: argparse.Namespace) -> None:
    config = read_config(arguments.folder)
    piece = parse_piece(solo(arguments.bot), source=arguments.bot)
    outputs = await _outputs(arguments, piece.score)
    life = ClassicLife(config, arguments.bot, outputs)
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows ends the process itself
            asyncio.get_running_loop().add_signal_handler(name, life.quit)
    await life.run()


def main(argv: Sequence[str] | None = None) -> int:
    """Run a bot under a classic conductor; returns the exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one step is too small to share
    parser = argparse.ArgumentParser(prog="ensembles.classic.playing", description=__doc__)
    parser.add_argument("--bot", required=True, help="stock name, module:Class, file or folder")
    parser.add_argument("--folder", type=Path, default=Path(), help="where config.txt lies")
    parser.add_argument("--audio", choices=["auto", "portaudio", "jack", "none"], default="auto")
    parser.add_argument("--midi-out", help="part of a MIDI port's name")
    parser.add_argument("-o", "--out", type=Path, help="a MIDI file to record into")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level="WARNING", format="%(message)s", stream=sys.stderr)
    try:
        asyncio.run(_run(arguments))
    except MusebotError as error:
        log.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
