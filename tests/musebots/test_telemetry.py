import math

import numpy as np
import pytest

from musebots import messages as m
from musebots.generators import Onset, Step, StepContext
from musebots.planning import Planner
from musebots.telemetry import Telemetry

N_UNITS = 256


def told(steps, *, n_units=N_UNITS):
    telemetry = Telemetry("melody", "abc")
    for tick in steps:
        row = np.full(n_units, tick, np.float32)
        telemetry.add(tick, row, tick / 100)
    return list(telemetry.messages()), telemetry


def test_steps_arrive_as_they_were_told_with_their_ticks_and_surprise():
    parts, _ = told(range(0, 16 * 120, 120))
    heard = [m.decode(m.encode(part)) for part in parts]
    ticks = [p.first_tick + i * p.step_ticks for p in heard for i in range(len(p.rows))]
    assert ticks == list(range(0, 16 * 120, 120))
    assert np.array_equal(np.concatenate([p.rows for p in heard])[:, 0], ticks)
    assert np.concatenate([p.surprises for p in heard]) == pytest.approx(np.array(ticks) / 100)


def test_a_datagram_stays_below_eight_kilobytes_whatever_the_width():
    for n_units in (1, 100, 256, 512, 1024, m.MAX_UNITS):
        parts, _ = told(range(0, 200 * 120, 120), n_units=n_units)
        assert max(len(m.encode(part)) for part in parts) <= m.MAX_DATAGRAM_BYTES


def test_a_step_too_wide_for_a_datagram_is_refused():
    with pytest.raises(ValueError, match="1900"):
        told([0], n_units=m.MAX_UNITS + 1)


def test_messages_are_numbered_so_that_a_loss_shows():
    first, telemetry = told(range(0, 16 * 120, 120))
    telemetry.add(1920, np.zeros(N_UNITS, np.float32), math.nan)
    assert [p.number for p in [*first, *telemetry.messages()]] == list(range(len(first) + 1))


def test_a_gap_between_steps_begins_another_message():
    parts, _ = told([0, 120, 480])
    assert [p.first_tick for p in parts] == [0, 480]


def test_a_foreign_message_without_surprise_is_read():
    message = m.Activations("bot", 0, "hidden", "", 0, 120, 2, np.ones(4, ">f4").tobytes())
    heard = m.decode(m.encode(message))
    assert heard.rows.shape == (2, 2)
    assert np.isnan(heard.surprises).all()


@pytest.mark.parametrize(("n_units", "n_bytes"), [(0, 8), (3, 8), (2, 7)])
def test_bytes_that_make_no_whole_steps_are_refused(n_units, n_bytes):
    message = m.Activations("bot", 0, "hidden", "", 0, 120, n_units, bytes(n_bytes))
    with pytest.raises(ValueError, match="whole steps"):
        message.rows  # noqa: B018


class Holding:
    """A note on the last step of each bar of four, held two steps into the next."""

    n_units = 1

    def __init__(self):
        self.at = 0

    def step(self, context):
        self.at += 1
        is_onset = self.at % 4 == 0
        is_hold = self.at > 4 and self.at % 4 in (1, 2)
        onsets = (Onset(60, 80),) if is_onset else ()
        return Step(onsets, is_hold, np.array([self.at], np.float32))

    def snapshot(self):
        return self.at

    def restore(self, snapshot):
        self.at = snapshot


def test_each_step_is_told_once_and_those_taken_back_are_not():
    seen = []
    planner = Planner(
        Holding(), lambda tick: StepContext(0), on_step=lambda t, s: seen.append((t, s.hidden[0]))
    )
    for bar in range(4):
        planner.plan(bar * 480, (bar + 1) * 480)
    assert [tick for tick, _ in seen[:16]] == list(range(0, 16 * 120, 120))
    assert [at for _, at in seen[:16]] == list(range(1, 17))
