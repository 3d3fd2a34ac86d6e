"""Which moment a block of samples is, although the sound card asks for blocks in bursts. Pure."""

from __future__ import annotations

__all__ = ["SampleClock"]

CORRECTION = 0.005
MAX_JUMP_SECONDS = 0.25


class SampleClock:
    """Counts blocks, and leans slowly on the system's clock.

    A sound card asks for several blocks at once and then pauses; the moment of asking says little.
    Counting says exactly how far apart blocks will sound, and the mean of many moments says when.

    Parameters
    ----------
    block_seconds : float
        Length of a block.

    Notes
    -----
    A first-order loop: each block moves the estimate by 0.5 % of what it was off, so jitter of the
    asking is damped two-hundredfold and a drift of the card's crystal (below 100 ppm) leaves an
    error of less than 0.1 ms. After a gap (an overload, a suspended laptop) it starts anew.
    """

    def __init__(self, block_seconds: float) -> None:
        self._block_seconds = block_seconds
        self._expected: float | None = None

    def block_start(self, now_seconds: float) -> float:
        """The time of the block that is asked for at `now_seconds`; call once a block."""
        expected = self._expected
        if expected is None or abs(now_seconds - expected) > MAX_JUMP_SECONDS:
            expected = now_seconds
        expected += CORRECTION * (now_seconds - expected)
        self._expected = expected + self._block_seconds
        return expected
