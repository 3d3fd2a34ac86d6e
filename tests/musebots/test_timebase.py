import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.timebase import (
    MeterMap,
    Ritardando,
    TempoMap,
    TempoPoint,
    TimeSignature,
    beats_from_ticks,
    swing_ticks,
    ticks_from_beats,
)

bpms = st.floats(20, 300)


@st.composite
def tempo_maps(draw):
    gaps = draw(st.lists(st.integers(1, 50_000), max_size=6))
    ticks = [0]
    for gap in gaps:
        ticks.append(ticks[-1] + gap)
    last = len(ticks) - 1
    return TempoMap(
        tuple(
            TempoPoint(t, draw(bpms), i < last and draw(st.booleans())) for i, t in enumerate(ticks)
        )
    )


signatures = st.builds(TimeSignature, st.integers(1, 12), st.sampled_from([2, 4, 8, 16]))


@st.composite
def meter_maps(draw):
    gaps = draw(st.lists(st.integers(1, 20), max_size=5))
    bars = [0]
    for gap in gaps:
        bars.append(bars[-1] + gap)
    return MeterMap(tuple((bar, draw(signatures)) for bar in bars))


@given(st.integers(-(2**40), 2**40))
def test_every_tick_survives_the_way_through_beats(tick):
    assert ticks_from_beats(beats_from_ticks(tick)) == tick


@given(tempo_maps(), st.integers(-5_000, 400_000))
def test_every_tick_survives_the_way_through_seconds(tempo_map, tick):
    assert math.isclose(tempo_map.tick_at(tempo_map.seconds_at(tick)), tick, abs_tol=1e-4)


@given(tempo_maps(), st.integers(-5_000, 400_000), st.integers(1, 50_000))
def test_time_never_runs_backwards(tempo_map, tick, ahead):
    assert tempo_map.seconds_at(tick + ahead) > tempo_map.seconds_at(tick)


@given(tempo_maps(), st.integers(0, 300_000), bpms, st.integers(0, 10_000))
def test_a_tempo_change_leaves_the_past_as_it_was(tempo_map, tick, bpm, ramp_ticks):
    changed = tempo_map.with_change(tick, bpm, ramp_ticks=ramp_ticks)
    last_tick_seconds = tempo_map.seconds_at(tick) - tempo_map.seconds_at(tick - 1)
    bend_seconds = abs(60 / (480 * tempo_map.bpm_at(tick - 1)) - last_tick_seconds)
    for earlier in (0, tick // 3, tick // 2, tick):
        assert math.isclose(
            changed.seconds_at(earlier),
            tempo_map.seconds_at(earlier),
            rel_tol=1e-9,
            abs_tol=1e-6 + (bend_seconds if earlier == tick else 0.0),
        )
    assert changed.bpm_at(tick + ramp_ticks) == pytest.approx(bpm)


def test_a_ramp_takes_the_time_that_numeric_integration_gives():
    ramp = TempoMap((TempoPoint(0, 60.0, is_ramp=True), TempoPoint(4800, 180.0)))
    steps = 20_000
    width = 4800 / steps
    summed = sum(width * 60 / (480 * (60 + 120 * (i + 0.5) * width / 4800)) for i in range(steps))
    assert ramp.seconds_at(4800) == pytest.approx(summed, rel=1e-8)


def test_the_first_tempo_also_holds_in_the_count_in():
    assert TempoMap.constant(120).seconds_at(-1920) == pytest.approx(-2.0)


@pytest.mark.parametrize(
    "points",
    [
        (),
        (TempoPoint(1, 100.0),),
        (TempoPoint(0, 100.0), TempoPoint(0, 90.0)),
        (TempoPoint(0, 100.0, is_ramp=True),),
    ],
)
def test_a_tempo_map_that_makes_no_sense_is_refused(points):
    with pytest.raises(ValueError, match="tempo map"):
        TempoMap(points)


@given(meter_maps(), st.integers(-20, 200))
def test_a_bar_line_lies_in_its_own_bar_and_the_tick_before_in_the_one_before(meter_map, bar):
    tick = meter_map.bar_tick(bar)
    assert meter_map.bar_at(tick) == bar
    assert meter_map.bar_at(tick - 1) == bar - 1


@given(meter_maps(), st.integers(-5_000, 500_000))
def test_bar_and_ticks_into_it_add_up(meter_map, tick):
    position = meter_map.position(tick)
    assert meter_map.bar_tick(position.bar) + position.tick_in_bar == tick
    assert 0 <= position.tick_in_bar < position.time_signature.bar_ticks


def test_people_count_bars_and_beats_from_one():
    assert str(MeterMap.constant(TimeSignature(6, 8)).position(1440 + 480)) == "2.3"


@pytest.mark.parametrize("text", ["", "4", "4/", "x/4", "4/3", "0/4", "-3/4"])
def test_a_time_signature_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="time signature|numerator|denominator"):
        TimeSignature.parse(text)


@given(st.integers(-10_000, 10_000), st.floats(0.5, 0.75), st.sampled_from([120, 240]))
def test_swing_keeps_the_beats_and_the_order(tick, swing, unit):
    assert swing_ticks(tick - tick % (2 * unit), swing, unit_ticks=unit) == tick - tick % (2 * unit)
    assert swing_ticks(tick, swing, unit_ticks=unit) <= swing_ticks(
        tick + 1, swing, unit_ticks=unit
    )


@given(st.integers(-10_000, 10_000))
def test_straight_swing_changes_nothing(tick):
    assert swing_ticks(tick, 0.5) == tick


def test_a_ritardando_slows_down_to_its_share_and_stays_there():
    slowed = TempoMap.constant(100).with_ritardando(Ritardando(1920, 3840, share=0.5))
    assert [slowed.bpm_at(tick) for tick in (0, 1920, 2880, 3840, 9999)] == [100, 100, 75, 50, 50]


def test_what_is_written_for_the_end_comes_before_the_ritardando():
    for tick, ramp_ticks in ((3000, 0), (1000, 1500)):
        written = TempoMap.constant(100).with_change(tick, 80, ramp_ticks=ramp_ticks)
        assert written.with_ritardando(Ritardando(1920, 3840)) == written


@given(tempo_maps(), st.integers(0, 40_000))
def test_a_map_that_has_forgotten_is_the_same_from_there_on(tempo_map, tick):
    short = tempo_map.forgotten_before(tick)
    assert len(short.points) <= len(tempo_map.points) + 1
    for later in (tick, tick + 1, tick + 777, tick + 50_000):
        assert short.seconds_at(later) == pytest.approx(tempo_map.seconds_at(later), abs=1e-9)
        assert short.bpm_at(later) == pytest.approx(tempo_map.bpm_at(later))
    assert sum(point.tick < tick for point in short.points) <= 2
