import asyncio

import pytest

from musebots.clock import Clock
from musebots.errors import Stalled
from musebots.offline import run_offline
from musebots.timebase import MeterMap, TempoMap, TimeSignature


async def started_clock(bpm=120.0, *, in_seconds=2.0, end_tick=None):
    clock = Clock()
    clock.tempo_map = TempoMap.constant(bpm)
    clock.end_tick = end_tick
    clock.start(asyncio.get_running_loop().time() + in_seconds)
    return clock


def test_waiting_offline_takes_virtual_time_only():
    async def sleep_an_hour():
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run_offline(sleep_an_hour()) == pytest.approx(3600)


def test_a_deadlock_offline_is_an_error_and_not_a_hung_test():
    async def wait_for_nobody():
        await asyncio.Event().wait()

    with pytest.raises(Stalled, match="everybody waits"):
        run_offline(wait_for_nobody())


def test_blocking_work_offline_runs_inline_and_its_errors_reach_the_caller():
    async def work():
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, sum, [1, 2]) == 3
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)

    run_offline(work())


def test_a_callback_that_raises_ends_the_run_offline():
    async def go_on():
        asyncio.get_running_loop().call_later(1.0, lambda: 1 / 0)
        await asyncio.sleep(10)

    with pytest.raises(ZeroDivisionError):
        run_offline(go_on())


def test_beats_come_a_lead_ahead_and_end_with_the_piece():
    async def play():
        clock = await started_clock(end_tick=4 * 480)
        return [(beat, round(clock.beat_now, 6)) async for beat in clock.beats(lead=0.25)]

    assert run_offline(play()) == [(0.0, -0.25), (1.0, 0.75), (2.0, 1.75), (3.0, 2.75)]


def test_triplets_do_not_drift():
    async def play():
        clock = await started_clock(end_tick=480 * 100)
        return [beat async for beat in clock.beats(every=1 / 3)]

    beats = run_offline(play())
    assert len(beats) == 300
    assert beats[-1] == pytest.approx(299 / 3)


def test_a_bot_that_joins_late_begins_at_the_next_bar_line_that_is_ahead():
    async def play(now_beats):
        clock = await started_clock(in_seconds=-now_beats * 0.5, end_tick=480 * 16)
        return await anext(clock.beats(lead=1.0))

    assert run_offline(play(4.5)) == 8.0
    assert run_offline(play(7.5)) == 12.0
    assert run_offline(play(7.0)) == 8.0


def test_bars_follow_the_time_signatures():
    async def play():
        clock = Clock()
        clock.meter_map = MeterMap(((0, TimeSignature(3, 4)), (1, TimeSignature(6, 8))))
        clock.end_tick = clock.meter_map.bar_tick(3)
        clock.start(asyncio.get_running_loop().time() + 2.0)
        return [(bar, round(clock.tick_now)) async for bar in clock.bars(lead=0.0)]

    assert run_offline(play()) == [(0, 0), (1, 1440), (2, 2880)]


def test_whoever_waits_is_retimed_when_the_tempo_changes():
    async def play():
        loop = asyncio.get_running_loop()
        clock = await started_clock(60.0, in_seconds=0.0)
        loop.call_later(2.0, lambda: clock.change_tempo(clock.tempo_map.with_change(960, 120.0)))
        await clock.until(4.0)
        return loop.time()

    assert run_offline(play()) == pytest.approx(3.0)


def test_a_waiter_that_was_cancelled_does_not_hold_up_the_others():
    async def play():
        clock = await started_clock(in_seconds=0.0)
        first = asyncio.create_task(clock.until(1.0))
        second = asyncio.create_task(clock.until(2.0))
        await asyncio.sleep(0.1)
        first.cancel()
        await second
        return round(clock.beat_now, 6)

    assert run_offline(play()) == 2.0


def test_nobody_hears_a_beat_before_the_clock_is_started():
    async def play():
        clock = Clock()
        waiter = asyncio.create_task(clock.until(-100.0))
        await asyncio.sleep(5)
        assert not waiter.done()
        clock.start(asyncio.get_running_loop().time())
        await waiter

    run_offline(play())


def test_a_grid_without_width_is_refused():
    async def play():
        clock = await started_clock()
        async for _ in clock.beats(every=0.0):
            pass

    with pytest.raises(ValueError, match="every must be > 0"):
        run_offline(play())
