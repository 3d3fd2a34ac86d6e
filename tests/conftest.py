"""What every test starts from."""

import logging
import signal

import pytest


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    """Commands run within a test set logging up; the next test must not notice."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(autouse=True)
def _signals_as_they_were():
    """`musebots play` leaves signals ignored, because its process is about to end."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    yield
    for name, handler in before.items():
        if handler is not None:
            signal.signal(getattr(signal, name), handler)
