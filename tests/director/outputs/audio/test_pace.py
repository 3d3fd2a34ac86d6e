import pytest

from director.outputs.audio.pace import AHEAD_SECONDS, Pace


def test_a_packet_is_due_a_little_ahead_of_its_time():
    pace = Pace(0.01, start_seconds=100.0)
    assert pace.wait_seconds(99.0) == pytest.approx(1.0 - AHEAD_SECONDS)
    assert pace.wait_seconds(100.0) == 0.0


def test_an_hour_of_waking_late_shifts_nothing():
    pace = Pace(0.01, start_seconds=0.0)
    for number in range(360_000):
        assert pace.number == number
        pace.wait_seconds(pace.seconds - AHEAD_SECONDS + 0.003)
        pace.advance()
    assert pace.seconds == pytest.approx(3600.0)
    assert pace.n_left_out == 0


def test_what_a_machine_slept_through_is_left_out_and_the_clock_holds():
    pace = Pace(0.01, start_seconds=0.0)
    for _ in range(100):
        pace.wait_seconds(pace.seconds)
        pace.advance()
    assert pace.wait_seconds(61.0) < 0.01
    assert pace.n_left_out > 5900
    assert pace.seconds - AHEAD_SECONDS == pytest.approx(61.0, abs=0.01)
    assert pace.seconds == pytest.approx(0.01 * pace.number)
