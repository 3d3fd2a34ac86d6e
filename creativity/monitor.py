"""The monitor: a member of the band that plays nothing and hears what no one else can.

It listens to the hidden activations of every bot that tells them, scans a sliding window of each
and one of all together, and says when normal playing would hardly ever come to such a score.
Whatever is wrong with one bot's activations ends the listening to that bot, with one clear report;
never the music, and never the listening to the others.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from creativity.admission import misfit
from creativity.background import BAND, Background, Voice, load_background
from creativity.band_window import BandWindow
from creativity.ears import LOST, Ear, Scanned, Sighting
from creativity.flags import classic_flag, flag_of
from creativity.innovation import InnovationStream
from creativity.streaming import warm_up
from creativity.touched import STEERED, Touched
from musebots.arrays import FloatArray
from musebots.errors import BackgroundError, ConfigError
from musebots.generators import STEP_TICKS
from musebots.messages import Activations, Flag, Message, Monitoring, Score, Steered, Tempo
from musebots.musebot import Musebot
from musebots.notes import Note
from musebots.timebase import beats_from_ticks

__all__ = ["DEFAULT_FLAGS_PER_HOUR", "Monitor"]

log = logging.getLogger(__name__)

DEFAULT_FLAGS_PER_HOUR = 4.0
KNOWN_SETTINGS = ("background", "flags_per_hour")
SECONDS_PER_MINUTE = 60.0


class Monitor(Musebot):
    """See the module's text. Settings: `background` (a file), `flags_per_hour` (false ones).

    `on_scanned` hears every scanned window with the innovations of its newest step; a report is
    made from it.
    """

    role = "monitor"
    hears = ("activations", "notes", "steering")
    sends = ("flags", "scores")

    def __init__(self) -> None:
        super().__init__()
        self.on_scanned: Callable[[Scanned, FloatArray], None] = lambda scanned, innovation: None
        self._background: Background | None = None
        self._ears: dict[str, Ear] = {}
        self._voices: dict[str, Voice] = {}
        self._streams: dict[str, InnovationStream] = {}
        self._strangers: set[str] = set()
        self._last_ticks: dict[str, int] = {}
        self._band: BandWindow | None = None
        self._touched = Touched()
        self._has_warned = False

    async def prepare(self) -> None:
        """Read the background and compile what scanning needs: not while the music plays."""
        for name in self.settings:
            if name not in KNOWN_SETTINGS:
                known = ", ".join(KNOWN_SETTINGS)
                raise ConfigError(f"there is no setting {name!r}; there are {known}")
        path = self.settings.get("background")
        if not isinstance(path, str):
            raise BackgroundError("the monitor needs a background: make one, musebots calibrate")
        self._flags_per_hour = self.setting("flags_per_hour", DEFAULT_FLAGS_PER_HOUR)
        if not self._flags_per_hour > 0:
            raise ConfigError(f"flags_per_hour must be above 0, got {self._flags_per_hour:g}")
        self._background = background = load_background(Path(path))
        for bot_id, voice in background.voices.items():
            self._listen(bot_id, voice)
        if background.band is not None:
            self._band = BandWindow(background.band, background.voices, background.setup)
            self._ears[BAND] = self._band.ear
        await asyncio.to_thread(warm_up)  # some seconds, the first time: it must not seem dead
        self._promise()

    async def play(self) -> None:
        """Listen until the final bar line, then say what was listened to."""
        await self.clock.started()
        if self.clock.end_tick is not None:
            await self.clock.until_tick(self.clock.end_tick)
            for bot_id, ear in self._ears.items():
                self._flag(ear.finish())
                self._report(bot_id)

    def on_message(self, message: Message) -> None:
        """A tempo changes how long a step lasts, and with it what can be promised."""
        super().on_message(message)
        if isinstance(message, Tempo) and self._background is not None:
            self._promise()

    def hear(self, message: Message) -> None:
        """Take in activations, and where they come from what steering has chosen."""
        if isinstance(message, Activations) and self._background is not None:
            self._take(message)
        elif isinstance(message, Steered):
            self._touched.take(message)

    # --- one bot -------------------------------------------------------------------------------

    def _listen(self, bot_id: str, voice: Voice) -> Ear:
        assert self._background is not None
        self._voices[bot_id] = voice
        self._streams[bot_id] = InnovationStream(voice.innovation)
        self._ears[bot_id] = ear = Ear(bot_id, voice.norm, voice.table, self._background.setup)
        return ear

    def _take(self, message: Activations) -> None:
        """Check a message and scan its steps; what is wrong with it silences its bot alone."""
        bot_id = message.bot_id
        ear = self._ears.get(bot_id) if bot_id else None
        if ear is None:
            ear = self._admit(message)
        if ear is None or message.layer != self._voices[bot_id].layer:
            return
        if ear.is_silenced:
            ear.skip(
                ear.silence_reason, max(1, len(message.values) // (4 * max(1, message.n_units)))
            )
            return
        try:
            rows = message.rows
        except ValueError as error:
            self._silence(bot_id, str(error))
            return
        reason = misfit(message, self._voices[bot_id])
        if reason:
            self._silence(bot_id, reason)
            ear.skip(reason, len(rows))
            return
        self._notice_gaps(message, ear, len(rows))
        for index, (row, surprise) in enumerate(zip(rows, message.surprises, strict=True)):
            if not self._step(
                bot_id, message.first_tick + index * message.step_ticks, row, float(surprise)
            ):
                ear.skip(ear.silence_reason, len(rows) - index)
                return

    def _admit(self, message: Activations) -> Ear | None:
        """A bot that the background does not name: known by its network, or not listened to."""
        assert self._background is not None
        if not message.bot_id or message.bot_id in self._strangers:
            return None
        voice = self._background.voice_of(message.bot_id, message.network)
        if voice is not None:
            ear = self._listen(message.bot_id, voice)
            self._promise()
            return ear
        self._strangers.add(message.bot_id)
        self._tell_silence(
            message.bot_id,
            f"its network ({message.network[:12] or 'unnamed'}) is not in the background; "
            "calibrate on this piece",
            0,
        )
        return None

    def _notice_gaps(self, message: Activations, ear: Ear, n_steps: int) -> None:
        """Begin new windows where steps are missing: a window is of consecutive steps."""
        bot_id = message.bot_id
        last_tick = self._last_ticks.get(bot_id, message.first_tick - message.step_ticks)
        n_missing = (message.first_tick - last_tick) // message.step_ticks - 1
        if n_missing:
            ear.skip(LOST, max(0, n_missing))
            self._flag(ear.forget())
            self._streams[bot_id].reset()
            if self._band is not None:
                self._flag(self._band.forget(max(0, n_missing)))
        self._last_ticks[bot_id] = message.first_tick + (n_steps - 1) * message.step_ticks

    def _step(self, bot_id: str, tick: int, row: FloatArray, surprise: float) -> bool:
        """Scan one step of a bot, and the band's when everybody has told it; False if silenced."""
        ear, end_tick = self._ears[bot_id], self.clock.end_tick
        if end_tick is not None and tick >= end_tick:
            return True  # decided, never played
        if not np.isfinite(row).all():
            unit = int(np.flatnonzero(~np.isfinite(row))[0])
            self._silence(bot_id, f"at tick {tick} its unit {unit} is {row[unit]}, not finite")
            return False
        innovation = self._streams[bot_id].push(row.astype(np.float32))
        if self._is_touched(bot_id, tick):
            self._pass_over(ear)
            self._step_band(bot_id, tick, innovation, surprise)
            return True
        scanned, sighting = ear.hear(tick, innovation, surprise, is_behind=self._is_behind(tick))
        if scanned is not None:
            self.on_scanned(scanned, innovation)
            self._tell_score(scanned)
        self._flag(sighting)
        self._step_band(bot_id, tick, innovation, surprise)
        return True

    def _step_band(self, bot_id: str, tick: int, innovation: FloatArray, surprise: float) -> None:
        band = self._band
        told = band.tell(bot_id, tick, innovation, surprise) if band is not None else None
        if band is None or told is None:
            return
        together, nats = told
        if any(self._is_touched(member, tick) for member in band.members):
            self._pass_over(band.ear)
            return
        scanned, sighting = band.ear.hear(tick, together, nats, is_behind=self._is_behind(tick))
        if scanned is not None:
            self.on_scanned(scanned, together)
        self._flag(sighting)

    def _is_touched(self, bot_id: str, tick: int) -> bool:
        """Whether a step cannot be compared: steered, where the background knows no steering."""
        assert self._background is not None
        return not self._background.made.get("steered") and self._touched.at(bot_id, tick)

    def _pass_over(self, ear: Ear) -> None:
        """Do not listen to a step; the next window begins after it."""
        ear.skip(STEERED)
        self._flag(ear.forget())

    def _is_behind(self, tick: int) -> bool:
        """Whether the music has passed this step by more than a window: too late to be told."""
        assert self._background is not None
        window_ticks = self._background.setup.window_steps * STEP_TICKS
        return self.clock.is_started and self.clock.tick_now > tick + window_ticks

    # --- what is said --------------------------------------------------------------------------

    def _promise(self) -> None:
        """Share the promised rate among all that is listened to, at the fastest tempo known."""
        fastest = max(point.bpm for point in self.clock.tempo_map.points)
        seconds = SECONDS_PER_MINUTE / fastest * beats_from_ticks(STEP_TICKS)
        share = self._flags_per_hour / len(self._ears)
        thresholds = [ear.promise(share, seconds) for ear in self._ears.values()]
        if any(math.isinf(threshold) for threshold in thresholds) and not self._has_warned:
            self._has_warned = True
            log.warning(
                "the background is too short to promise %g false flags an hour: not everything "
                "can be flagged; calibrate with more --runs, or allow more flags_per_hour",
                self._flags_per_hour,
            )

    def _tell_score(self, scanned: Scanned) -> None:
        """For who watches: what the newest window came to."""
        if "scores" in self.wanted:
            threshold = scanned.threshold if math.isfinite(scanned.threshold) else -1.0
            score = float(scanned.result.score)
            self.tell(Score(scanned.bot_id, scanned.tick, score, threshold, scanned.p_value))

    def _flag(self, sighting: Sighting | None) -> None:
        if sighting is None:
            return
        assert self._background is not None
        bot_id = sighting.scanned.bot_id
        members = [bot_id] if bot_id else list(self._background.voices)
        start, end = sighting.ticks[0], sighting.ticks[-1] + STEP_TICKS
        usual = [self._voices[member].surprise for member in members]
        flag = flag_of(
            sighting,
            widths={member: self._voices[member].innovation.n_nodes for member in members},
            notes={member: self._notes(member, start, end) for member in members},
            meter_map=self.clock.meter_map,
            step_ticks=STEP_TICKS,
            flags_per_hour=self._flags_per_hour,
            usual_surprise=float(np.mean(usual)),
        )
        self.tell(flag)
        self.tell(classic_flag(self.id, flag))
        self.on_flag(flag)

    def on_flag(self, flag: Flag) -> None:
        """A flag has been raised; for those who build on the monitor."""

    def _notes(self, bot_id: str, start_tick: int, end_tick: int) -> list[Note]:
        return self.band.notes(
            start=beats_from_ticks(start_tick), end=beats_from_ticks(end_tick), bot_id=bot_id
        )

    def _silence(self, bot_id: str, reason: str) -> None:
        """Listen to this bot no more, nor to the band as a whole, and say so once."""
        ear = self._ears[bot_id]
        self._flag(ear.silence(reason))
        self._tell_silence(bot_id, reason, ear.n_scanned)
        if self._band is not None and self._band.needs(bot_id):
            self._flag(self._band.silence(f"{bot_id} is not listened to"))
            self._report(BAND)

    def _tell_silence(self, bot_id: str, reason: str, n_scanned: int) -> None:
        log.info("%s is no longer monitored: %s", bot_id, reason)  # the Director warns
        self.tell(Monitoring(bot_id, n_scanned, 0, json.dumps({reason: 0})))

    def _report(self, bot_id: str) -> None:
        ear = self._ears[bot_id]
        reasons = {reason: n for reason, n in sorted(ear.n_skipped.items()) if n}
        self.tell(Monitoring(bot_id, ear.n_scanned, sum(reasons.values()), json.dumps(reasons)))
