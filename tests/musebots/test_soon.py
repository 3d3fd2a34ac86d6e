"""At once, but not too often. On virtual time."""

import asyncio

import pytest

from musebots.offline import run_offline
from musebots.soon import Soon


def test_however_often_it_is_asked_it_calls_once_and_not_again_too_soon():
    async def session():
        loop, times = asyncio.get_running_loop(), []
        begun = loop.time()
        soon = Soon(lambda: times.append(loop.time() - begun), apart_seconds=0.05)
        for _ in range(3):
            soon.ask()
        await asyncio.sleep(0.01)
        soon.ask()
        soon.ask()
        await asyncio.sleep(0.2)
        soon.ask()
        soon.cancel()
        await asyncio.sleep(0.2)
        soon.ask()
        await asyncio.sleep(0.01)
        return times

    assert run_offline(session()) == pytest.approx([0.0, 0.05, 0.41])
