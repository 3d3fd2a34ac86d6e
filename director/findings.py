"""What the creativity monitor has found so far."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from musebots.messages import Flag, Monitoring

__all__ = ["Finding", "Findings"]

log = logging.getLogger(__name__)

Finding = Flag | Monitoring


class Findings:
    """Keeps flags, and how much was listened to; tells the performer and whoever writes it down.

    Parameters
    ----------
    on_finding : callable
        Hears each finding, with the tick at which it came.
    """

    def __init__(self, on_finding: Callable[[Finding, int], None]) -> None:
        self.flags: list[Flag] = []
        self._monitoring: dict[str, Monitoring] = {}
        self._on_finding = on_finding

    @property
    def monitoring(self) -> Mapping[str, Monitoring]:
        """By bot (empty: the band), the latest word on how much was listened to."""
        return dict(self._monitoring)

    @property
    def headline(self) -> str:
        """The latest flag, for a line on a screen; empty without one."""
        return self.flags[-1].headline if self.flags else ""

    def take(self, finding: Finding, tick: int) -> None:
        """Take in a finding; `ValueError` when it makes no sense."""
        if isinstance(finding, Flag):
            _ = finding.found
            if not 0 <= finding.first_tick < finding.end_tick:
                raise ValueError("a flag begins at tick 0 or later and ends after it begins")
            self.flags.append(finding)
            log.info("flagged: %s", finding.headline)
        else:
            self._monitoring[finding.bot_id] = finding
            if not finding.n_skipped and finding.reasons != "{}":
                log.warning("no longer monitored: %s (%s)", finding.who, finding.why)
        self._on_finding(finding, tick)
