"""A process that is gone when the one that started it is, however that went.

Who starts a bot holds the other end of its standard input and never writes to it. When that process
ends, even by `kill -9`, the system closes the pipe: there is nothing to wait for, and no busy
machine can be taken for a dead one.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

__all__ = ["follow_parent"]

LEAVE_SECONDS = 1.0
STANDARD_INPUT = 0


def follow_parent(leave: Callable[[], object]) -> None:
    """Call `leave`, from a thread, as soon as standard input ends; soon after the process ends.

    Parameters
    ----------
    leave : callable
        Must not block; a process that does not end by it, because it hangs, is ended after
        a second.
    """

    def wait() -> None:
        try:
            while os.read(STANDARD_INPUT, 1024):
                pass
        except OSError:  # there is no standard input: nobody holds the other end
            return
        with contextlib.suppress(RuntimeError):  # its event loop is closed: it leaves already
            leave()
        time.sleep(LEAVE_SECONDS)
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
