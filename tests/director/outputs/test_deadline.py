import logging
import threading

import pytest

from director.outputs.deadline import DeadlineThread


class ManualTime:
    """A clock that goes on only while the thread waits, and by exactly what it waits for."""

    def __init__(self):
        self.now = 100.0
        self.waits = []
        self.thread = DeadlineThread(clock=self.clock, wait=self.wait)
        self.idle = threading.Semaphore(0)

    def clock(self):
        self.now += 1e-5  # looking at the clock takes a moment, so that spinning ends
        return self.now

    def wait(self, seconds):
        if seconds is None:
            self.idle.release()
            self.thread._condition.wait()
        else:
            self.waits.append(seconds)
            self.now += seconds


@pytest.fixture
def time():
    manual = ManualTime()
    yield manual
    manual.thread.stop()


def test_calls_are_made_at_their_times_in_order_and_never_before(time):
    made = []
    for deadline in (100.5, 100.25, 101.0):
        time.thread.call_at(deadline, lambda due=deadline: made.append((due, time.now)))
    time.thread.start()
    assert time.idle.acquire(timeout=10)
    assert [due for due, _ in made] == [100.25, 100.5, 101.0]
    for due, now in made:
        assert due <= now < due + 1e-4
    assert all(wait < 0.5 for wait in time.waits)
    assert len(time.waits) == 3  # it sleeps once for each, and spins the last half millisecond


def test_calls_with_the_same_deadline_keep_the_order_in_which_they_were_given(time):
    made = []
    for number in range(50):
        time.thread.call_at(100.5, made.append, number)
    time.thread.start()
    assert time.idle.acquire(timeout=10)
    assert made == list(range(50))


def test_a_late_call_is_made_at_once(time):
    made = []
    time.thread.call_at(1.0, made.append, "late")
    time.thread.start()
    assert time.idle.acquire(timeout=10)
    assert made == ["late"]
    assert time.waits == []


def test_a_call_that_raises_is_logged_and_the_next_one_still_made(time, caplog):
    made = []
    time.thread.call_at(100.1, lambda: 1 / 0)
    time.thread.call_at(100.2, made.append, "next")
    with caplog.at_level(logging.ERROR):
        time.thread.start()
        assert time.idle.acquire(timeout=10)
    assert made == ["next"]
    assert "ZeroDivisionError" in caplog.text


def test_an_earlier_call_wakes_a_thread_that_waits_for_a_later_one():
    thread, made = DeadlineThread(clock=lambda: 0.0), threading.Event()
    thread.start()
    thread.call_at(1e6, lambda: None)
    thread.call_at(-1.0, made.set)
    assert made.wait(10)
    thread.stop()


def test_cleared_calls_are_never_made():
    thread, made, done = DeadlineThread(clock=lambda: 0.0), [], threading.Event()
    thread.call_at(-2.0, made.append, "cleared")
    thread.clear()
    thread.call_at(-1.0, done.set)
    thread.start()
    assert done.wait(10)
    thread.stop()
    assert made == []


def test_stopping_joins_the_thread_and_forgets_what_is_pending():
    thread, made = DeadlineThread(clock=lambda: 0.0), []
    thread.start()
    thread.call_at(1e6, made.append, "never")
    thread.stop()
    assert not thread._thread.is_alive()
    assert made == []
    thread.stop()  # twice does no harm
