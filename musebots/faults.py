"""From a task group's bundle of errors to the one that a person can act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["first_fault", "one_fault"]


def first_fault(error: BaseException) -> BaseException:
    """The first error within nested groups; the error itself when it is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@contextlib.contextmanager
def one_fault() -> Iterator[None]:
    """Within this, a failing task group raises its first error and not a group.

    Put it around ``async with asyncio.TaskGroup()``: whoever calls can then catch errors by name.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        fault = first_fault(group)
        raise fault from fault.__cause__
