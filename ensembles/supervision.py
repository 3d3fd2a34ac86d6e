"""Whoever looks after the bots' processes: starts them, brings them back, lets others take over.

A bot that dies is silent at once (the Director sees to that) and comes back with what it knew at
the last bar line; one that keeps failing waits longer each time, and in the end is given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from director.caretaker import Request
from director.director import Casting, Director
from ensembles.charges import Charge, last_words, seconds_of
from ensembles.chores import Chores
from ensembles.classic.folders import is_classic_folder
from ensembles.classic.launching import Launcher
from ensembles.config import BotSpec
from ensembles.hosts import Hosts
from ensembles.hotplug import Lineup
from ensembles.processes import FORCE, BotProcess, Process, command_of
from ensembles.reloading import Sources
from ensembles.stage import TIMES, casting_of
from musebots import messages as m
from musebots.errors import ConfigError
from musebots.network import Address

__all__ = ["Supervisor"]

log = logging.getLogger(__name__)

GRACE_SECONDS = 0.3
LEAVE_SECONDS = 1.0
FILES_SECONDS = 0.5
TRIAL_SECONDS = 60.0
FADE_SECONDS = 6.0  # a classic bot fades for five, and quits


class Supervisor:
    """Keeps one process per bot; the Director's caretaker.

    Parameters
    ----------
    source : str
        Where the piece comes from, for people.
    versions : Path
        Where a version of a bot's file is kept that plays on while the file says something else.
    on_start : callable, optional
        Hears of every bot that is started, also again, and of the copy of its file that it runs, if
        it is one.
    """

    def __init__(
        self,
        source: str,
        versions: Path,
        *,
        on_start: Callable[[BotSpec, Path | None], None] | None = None,
    ) -> None:
        self._on_start = on_start or _tell_nobody
        self._source = source
        self._charges: dict[str, Charge] = {}
        self._retired: list[Process] = []
        self._chores = Chores()
        self._is_ending = False
        self._loop = asyncio.get_running_loop()
        self._n_begun = 0
        self._n_to_come = 0
        self._sources = Sources(versions)
        self.mistake: ConfigError | None = None
        self.hosts: Hosts | None = None
        self.n_restarts: dict[str, int] = {}
        self._removed: set[str] = set()

    def attach(self, director: Director, address: Address, *, gone: Iterable[str] = ()) -> None:
        """The Director that the bots play for, where it listens, and who was taken out before."""
        self._removed.update(gone)
        self._director = director
        self._address = address
        self._lineup = Lineup(director)
        self._classics = Launcher(director, address)
        self._chores.do(self._follow_files())

    @property
    def bots(self) -> tuple[BotSpec, ...]:
        """Who is in the band, of those that are started here."""
        return tuple(charge.bot for charge in self._charges.values())

    @property
    def gone(self) -> tuple[str, ...]:
        """Who was taken out of it."""
        return tuple(sorted(self._removed))

    @property
    def is_deserted(self) -> bool:
        """Whether every bot went before the end."""
        return self._n_begun > 0 and not self._charges and not self._n_to_come

    async def begin(self, bot: BotSpec, *, is_of_the_piece: bool = True) -> None:
        """Start a bot, now or when its time comes; a mistake in one of the piece's is the piece's.

        Of a session that is taken up again others may be there from the beginning.
        """
        delay, kill = (seconds_of(bot, name) for name in TIMES)
        if kill > 0:
            self._chores.do(self._kill_later(bot.id, kill))
        if delay > 0:
            self._director.roster.leave(bot.id)  # nobody waits for it
            self._n_to_come += 1
            self._chores.do(self._launch_later(bot, delay))
        else:
            await self.launch(bot, is_of_the_piece=is_of_the_piece)

    async def launch(self, bot: BotSpec, *, is_of_the_piece: bool = False) -> None:
        """Start a bot's process."""
        self._sources.track(bot.id, bot.bot)
        process = await self._start(bot)
        self._n_begun += 1
        self._removed.discard(bot.id)
        self._charges[bot.id] = Charge(bot, process, self._loop.time(), is_of_the_piece)
        self._watch(bot.id, process)

    async def end(self) -> None:
        """Let everybody go, those who do not want to as well; no process is left afterwards."""
        self._is_ending = True
        processes = [*self._retired, *(charge.process for charge in self._charges.values())]
        processes += [c.understudy[1] for c in self._charges.values() if c.understudy]
        is_classic = {c.process for c in self._charges.values() if c.is_classic}
        fade = dict.fromkeys(is_classic, FADE_SECONDS)
        ends = (
            process.end(GRACE_SECONDS, leave_seconds=fade.get(process)) for process in processes
        )
        await asyncio.gather(*ends)
        await self._chores.end()

    # --- what the Director tells ----------------------------------------------------------------

    def failing(self, bot_id: str, words: str) -> None:
        """A bot hangs or floods: end it; it comes back like any other that has failed."""
        charge = self._charges.get(bot_id)
        if charge is None:
            return
        charge.words = words
        if not charge.is_classic:
            charge.process.send_signal(FORCE)
        else:
            self._chores.do(self._end_classic(charge))

    async def _end_classic(self, charge: Charge) -> None:
        """It has been told to go, but may not hear; who ends unseen is brought back here."""
        has_ended = not charge.process.is_running
        await charge.process.end(LEAVE_SECONDS)
        if has_ended:
            self._failed(charge, 0)

    def took_over(self, bot_id: str) -> None:
        """A bot's understudy plays from now on."""
        charge = self._charges.get(bot_id)
        if charge is None or charge.understudy is None:
            return
        self._retire(charge.process)
        if charge.understudy[0].bot == charge.bot.bot:
            self._sources.take_over(bot_id)
        else:
            self._sources.track(bot_id, charge.understudy[0].bot)
        charge.bot, charge.process = charge.understudy
        charge.started_seconds = self._loop.time()
        charge.understudy = None

    def arrived(self, bot_id: str, role: str) -> None:
        """A bot was started elsewhere: it plays through a strip of its own."""
        strip = self._lineup.guest(bot_id, role)
        log.warning("%s joins the band", bot_id)
        self._director.add_bot(strip, Casting(strip.role, self._director.score.seed))

    def asked(self, request: Request, source: Address) -> None:
        """Add, remove or replace a bot; `ValueError` when that cannot be."""
        self._lineup.check_source(source)
        if isinstance(request, m.Add):
            bot = self._lineup.addition(request, taken=self._charges)
            self._director.add_bot(bot.strip, casting_of(bot, self._director.score))
            self._chores.do(self.launch(bot))
            return
        charge = self._charges.get(request.bot_id)
        if charge is None:
            there = ", ".join(self._charges)
            raise ValueError(f"there is no bot {request.bot_id!r}; there are {there}")
        if isinstance(request, m.Remove):
            self._remove(request.bot_id)
        else:
            self._chores.do(self._replace(charge, self._lineup.replacement(request, charge.bot)))

    # --- coming and going -----------------------------------------------------------------------

    async def _launch_later(self, bot: BotSpec, seconds: float) -> None:
        await self._until(seconds)
        self._n_to_come -= 1
        self._director.add_bot(bot.strip, casting_of(bot, self._director.score))
        await self.launch(bot)

    async def _kill_later(self, bot_id: str, seconds: float) -> None:
        await self._until(seconds)
        if bot_id in self._charges:
            self._remove(bot_id)
            if self.is_deserted:
                self._director.stop()

    async def _until(self, seconds: float) -> None:
        """Wait for a time counted from the first downbeat."""
        clock = self._director.clock
        await clock.started()
        await clock.until_tick(clock.tempo_map.tick_at(seconds))

    async def _start(self, bot: BotSpec) -> Process:
        version = self._sources.version(bot.id)
        self._on_start(bot, version)
        if bot.host is not None and self.hosts is not None:
            return await self.hosts.start(bot)
        if is_classic_folder(bot.bot):
            return await self._classics.start(bot)
        command = command_of(bot.bot, bot.id, self._address, version=version)
        return await BotProcess.start(command, is_tied=True)

    async def _follow_files(self) -> None:
        """Whenever a bot's file is saved, the new code takes over at a bar line."""
        while True:
            await asyncio.sleep(FILES_SECONDS)
            for bot_id in self._sources.saved():
                charge = self._charges.get(bot_id)
                if charge is not None and self._director.clock.is_started:
                    log.warning("%s has been saved: the new code comes in at a bar line", bot_id)
                    await self._replace(charge, charge.bot)

    async def _replace(self, charge: Charge, bot: BotSpec) -> None:
        """Start an understudy, as its file says now; one that waits already goes."""
        if charge.understudy is not None:
            self._retire(charge.understudy[1])
        self._director.reception.understudies.cancel(bot.id)
        self._director.reception.understudies.expect(bot.id)
        self._on_start(bot, None)
        command = command_of(bot.bot, bot.id, self._address)
        process = await BotProcess.start(command, is_tied=True)
        charge.understudy = (bot, process)
        self._watch(bot.id, process)

    def _remove(self, bot_id: str) -> None:
        charge = self._charges.pop(bot_id)
        self._removed.add(bot_id)
        self._director.remove_bot(bot_id)
        self._retire(charge.process, FADE_SECONDS if charge.is_classic else LEAVE_SECONDS)
        if charge.understudy is not None:
            self._retire(charge.understudy[1])
        log.warning("%s has been removed", bot_id)

    def _retire(self, process: Process, leave_seconds: float = LEAVE_SECONDS) -> None:
        """A process that nobody needs any more goes, on its own if it can."""
        self._retired.append(process)
        self._chores.do(process.end(GRACE_SECONDS, leave_seconds=leave_seconds))

    def _watch(self, bot_id: str, process: Process) -> None:
        async def watch() -> None:
            code = await process.wait()
            if not (self._is_ending or self._director.is_over):
                self._gone(bot_id, process, code)

        self._chores.do(watch())

    def _gone(self, bot_id: str, process: Process, code: int) -> None:
        """A process has ended: a bot's, its understudy's, or one that was meant to."""
        charge = self._charges.get(bot_id)
        if charge is None:
            return
        if charge.understudy is not None and charge.understudy[1] is process:
            charge.understudy = None
            self._director.reception.understudies.cancel(bot_id)
            said = last_words(bot_id, process)
            log.error("%s plays on as it was, the new one has died: %s", bot_id, said)
        elif charge.process is process:
            self._failed(charge, code)

    def _failed(self, charge: Charge, code: int) -> None:
        """A bot is gone: bring it back, or do without it."""
        bot_id = charge.bot.id
        member = self._director.roster.members.get(bot_id)
        is_classic = charge.is_classic
        was_ready = member is not None and (
            member.seen_seconds > 0 if is_classic else member.n_ready > 0
        )
        if is_classic and code == 0 and not charge.words:
            log.info("%s: what started it has ended; it plays on by itself", bot_id)
            return
        self._director.bot_gone(bot_id)
        if charge.understudy is not None:  # its time has come early
            self._promote(charge)
            return
        has_left = code == 0 and not charge.words
        is_hopeless = code > 0 and not was_ready and not charge.words
        age = self._loop.time() - charge.started_seconds
        delay = None if has_left or is_hopeless else charge.record.delay_after(age_seconds=age)
        is_mistake = code == ConfigError.exit_code and not is_classic and charge.is_of_the_piece
        if is_hopeless and is_mistake:
            self.mistake = ConfigError(f"{self._source}: {charge.said}")
        else:
            charge.report(code, delay, is_alone=len(self._charges) == 1)
        if delay is None:
            del self._charges[bot_id]
            if self.mistake is not None or self.is_deserted:
                self._director.stop()
            return
        if self._sources.fall_back(bot_id, is_on_trial=age < TRIAL_SECONDS):
            log.warning("%s plays on as it was before its file was saved", bot_id)
        retained = self._director.reception.retained
        reached = retained.last_state_tick(bot_id)
        if charge.state_tick is not None and reached == charge.state_tick:
            retained.forget_state(bot_id)
        charge.state_tick = reached
        charge.words = ""
        self.n_restarts[bot_id] = charge.record.n_total
        self._chores.do(self._restart(charge, delay))

    async def _restart(self, charge: Charge, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        if self._charges.get(charge.bot.id) is charge:
            charge.process = await self._start(charge.bot)
            charge.started_seconds = self._loop.time()
            self._watch(charge.bot.id, charge.process)

    def _promote(self, charge: Charge) -> None:
        """The bot died while another stood ready: that one says hello again, as the bot itself."""
        assert charge.understudy is not None
        bot, process = charge.understudy
        charge.understudy = None
        self._director.reception.understudies.cancel(bot.id)
        self._retire(process)
        charge.bot = bot
        self._chores.do(self._restart(charge, 0.0))


def _tell_nobody(bot: BotSpec, version: Path | None) -> None:
    """Nobody keeps count."""
