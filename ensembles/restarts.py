"""When a bot that has failed comes back, and when it is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Restarts"]

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
MAX_IN_A_ROW = 8
GOOD_SECONDS = 30.0


@dataclass(slots=True)
class Restarts:
    """One bot's record: how often in a row it has failed.

    The first time it comes back at once; then after half a second, and twice as long each time.
    Who has played for `GOOD_SECONDS` begins with a clean record.

    Examples
    --------
    >>> record = Restarts()
    >>> [record.delay_after(age_seconds=1.0) for _ in range(4)]
    [0.0, 0.5, 1.0, 2.0]
    >>> record.delay_after(age_seconds=60.0)
    0.0
    """

    n_in_a_row: int = 0
    n_total: int = 0

    def delay_after(self, *, age_seconds: float) -> float | None:
        """How long to wait after a failure; None: it is given up.

        Parameters
        ----------
        age_seconds : float
            How long the bot has lived this time.
        """
        if age_seconds >= GOOD_SECONDS:
            self.n_in_a_row = 0
        self.n_in_a_row += 1
        if self.n_in_a_row > MAX_IN_A_ROW:
            return None
        self.n_total += 1
        if self.n_in_a_row == 1:
            return 0.0
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (self.n_in_a_row - 2))
