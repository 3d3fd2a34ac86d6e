"""From a word that somebody says, over OSC or on a page, to a row that says what was heard."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ensembles.web.member import PageMember
from ensembles.web.ratings import TAKEN_BACK, PhraseRating, Ratings
from ensembles.web.state import Stage
from musebots.form import PHRASE_BARS
from musebots.messages import Rating

__all__ = ["Rater"]

log = logging.getLogger(__name__)

MAX_NAME_LENGTH = 64


class Rater:
    """Keeps ratings, on the stage and in the session's table.

    Parameters
    ----------
    member : PageMember
        Hears the band, and hence knows what was played.
    """

    def __init__(self, member: PageMember) -> None:
        self._member = member
        self._stage = member.stage
        self._can_write = True

    def take(self, message: Rating) -> None:
        """Take in a word; `ValueError` when it makes no sense."""
        if len(message.rater) > MAX_NAME_LENGTH:
            raise ValueError(f"a rater's name has up to {MAX_NAME_LENGTH} characters")
        message = self._placed(message)
        key = f"rating/{message.bot_id}/{message.first_tick}/{message.rater}"
        if message.value == TAKEN_BACK:
            self._stage.drop(key)
            self._write(message, None)
            return
        rating = self._row(message)
        self._stage.put(key, asdict(rating))
        words = {1: "more like this", 0: "fine", -1: "less like this"}[rating.value]
        bars = f"{rating.first_bar + 1}-{rating.last_bar + 1}"
        self._stage.add("events", {
            "kind": "rating", "bot": rating.bot_id or "the band", "tick": rating.first_tick,
            "words": f"bars {bars}: {words}",
        })  # fmt: skip
        self._write(message, rating)

    def routes(self, stage: Stage) -> Sequence[BaseRoute]:
        """``/ratings.csv``: what has been said so far."""

        async def ratings(request: Request) -> Response:
            table = self._table
            text = table.csv() if table else ""
            return Response(text, media_type="text/csv")

        return [Route("/ratings.csv", ratings)]

    @property
    def _table(self) -> Ratings | None:
        session = self._stage.fact("session")
        path = session.get("ratings") if isinstance(session, dict) else None
        return Ratings(Path(path)) if isinstance(path, str) else None

    @property
    def _session_name(self) -> str:
        """The session's folder, or what it is recorded to."""
        session = self._stage.fact("session")
        if not isinstance(session, dict):
            return ""
        folder, recording = (session.get(key) for key in ("session", "recording"))
        return Path(str(folder)).name if folder else Path(str(recording or "")).stem

    def _placed(self, message: Rating) -> Rating:
        """The phrase that is meant: the last one that has ended, or the first if none has."""
        if message.first_tick >= 0:
            return message
        member = self._member
        now = member.clock.tick_now if member.clock.is_started else 0.0
        bar = max(0, member.clock.meter_map.bar_at(now))
        into = member.course.bar_in_section(bar, member.clock.meter_map) % PHRASE_BARS
        first = max(0, bar - into - PHRASE_BARS)
        bar_tick = member.clock.meter_map.bar_tick
        return replace(message, first_tick=bar_tick(first), end_tick=bar_tick(first + PHRASE_BARS))

    def _row(self, message: Rating) -> PhraseRating:
        policy = self._stage.fact("policy")
        meters = self._member.clock.meter_map
        return PhraseRating(
            at=time.time(),
            session=self._session_name,
            rater=message.rater,
            bot_id=message.bot_id,
            value=message.value,
            first_tick=message.first_tick,
            end_tick=message.end_tick,
            first_bar=meters.bar_at(message.first_tick),
            last_bar=meters.bar_at(message.end_tick - 1),
            network=self._member.network_of(message.bot_id),
            fader=self._member.fader_at(message.bot_id, message.first_tick, message.end_tick),
            policy=str(policy.get("mode", "")) if isinstance(policy, dict) else "",
        )

    def _write(self, message: Rating, rating: PhraseRating | None) -> None:
        table = self._table
        if table is None or not self._can_write:
            return
        try:
            if rating is None:
                table.take_back(message.rater, message.bot_id, message.first_tick)
            else:
                table.add(rating)
        except (OSError, sqlite3.Error) as error:
            self._can_write = False
            log.warning("ratings cannot be kept: %s", error)
