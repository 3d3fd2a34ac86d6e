from hypothesis import given
from hypothesis import strategies as st

from director.scheduler import MAX_PENDING, Scheduler
from musebots.notes import Note

notes = st.builds(
    Note.from_ticks,
    st.integers(0, 4000),
    st.integers(60, 64),
    st.integers(1, 900),
    st.integers(1, 127),
)
bots = st.sampled_from([("a", 0), ("b", 0), ("c", 9)])


def play(arrivals, **feel):
    """Feed (release up to, bot, note) in order; all events until the end."""
    scheduler, events, committed = Scheduler(**feel), [], -1
    for until, (bot, channel), note in arrivals:
        if until > committed:
            events += scheduler.release(until)
            committed = until
        scheduler.add(bot, channel, note, committed_tick=committed)
    events += scheduler.release(100_000)
    return scheduler, events


arrivals = st.lists(st.tuples(st.integers(-1, 4000), bots, notes), max_size=40)


@given(arrivals, st.sampled_from([0.5, 0.6, 2 / 3]))
def test_whatever_comes_events_leave_in_one_total_order(given_arrivals, swing):
    _, events = play(given_arrivals, swing=swing)
    keys = [(e.tick, e.is_on, e.channel, e.pitch) for e in events]
    assert keys == sorted(keys)


@given(arrivals)
def test_every_note_that_begins_ends_before_the_same_pitch_begins_again(given_arrivals):
    scheduler, events = play(given_arrivals)
    sounding = set()
    for event in events:
        voice = (event.channel, event.pitch)
        assert (voice in sounding) != event.is_on
        (sounding.add if event.is_on else sounding.discard)(voice)
    assert not sounding
    assert scheduler.next_tick() is None


@given(arrivals)
def test_no_note_disappears_without_being_counted(given_arrivals):
    scheduler, events = play(given_arrivals)
    begun = sum(event.is_on for event in events)
    assert begun == scheduler.n_notes.total()
    assert begun + scheduler.n_missed.total() + scheduler.n_merged == len(given_arrivals)


def test_a_late_note_is_counted_and_played_as_soon_as_it_can_be():
    scheduler = Scheduler()
    scheduler.add("a", 0, Note.from_ticks(100, 60, 400), committed_tick=199)
    (on, off) = scheduler.release(10_000)
    assert (on.tick, off.tick) == (200, 500)
    assert scheduler.n_late["a"] == 1
    assert scheduler.n_missed["a"] == 0


def test_a_note_that_was_over_before_it_came_is_counted_as_missed():
    scheduler = Scheduler()
    scheduler.add("a", 0, Note.from_ticks(100, 60, 50), committed_tick=199)
    assert scheduler.release(10_000) == []
    assert (scheduler.n_late["a"], scheduler.n_missed["a"]) == (1, 1)


def test_offs_come_before_ons_of_the_same_tick():
    scheduler = Scheduler()
    scheduler.add("a", 0, Note.from_ticks(480, 62, 480), committed_tick=-1)
    scheduler.add("a", 0, Note.from_ticks(0, 60, 480), committed_tick=-1)
    kinds = [(e.tick, e.is_on, e.pitch) for e in scheduler.release(500)]
    assert kinds == [(0, True, 60), (480, False, 60), (480, True, 62)]


def test_a_note_cut_short_by_its_own_pitch_ends_before_others_begin():
    scheduler = Scheduler()
    scheduler.add("b", 1, Note.from_ticks(0, 60, 900), committed_tick=-1)
    scheduler.add("a", 0, Note.from_ticks(480, 60, 100), committed_tick=-1)
    scheduler.add("b", 1, Note.from_ticks(480, 60, 100), committed_tick=-1)
    kinds = [(e.tick, e.is_on, e.channel) for e in scheduler.release(500)]
    assert kinds == [(0, True, 1), (480, False, 1), (480, True, 0), (480, True, 1)]


def test_cancelling_voids_what_has_not_begun_and_nothing_else():
    scheduler = Scheduler()
    for onset in (0, 480, 960):
        scheduler.add("a", 0, Note.from_ticks(onset, 60 + onset // 480, 100), committed_tick=-1)
        scheduler.add("b", 1, Note.from_ticks(onset, 60, 100), committed_tick=-1)
    scheduler.release(10)
    scheduler.cancel("a", 480)
    rest = scheduler.release(10_000)
    assert [e.bot_id for e in rest if e.is_on] == ["b", "b"]
    assert [e.pitch for e in rest if e.bot_id == "a"] == [60]


def test_silence_ends_what_sounds_and_forgets_what_waits():
    scheduler = Scheduler()
    scheduler.add("a", 0, Note.from_ticks(0, 60, 4000), committed_tick=-1)
    scheduler.add("a", 0, Note.from_ticks(2000, 61, 10), committed_tick=-1)
    scheduler.add("b", 1, Note.from_ticks(0, 62, 100), committed_tick=-1)
    scheduler.release(10)
    assert [(e.tick, e.is_on, e.pitch) for e in scheduler.silence(50, bot_id="a")] == [
        (50, False, 60)
    ]
    assert [e.pitch for e in scheduler.release(10_000)] == [62]


def test_swing_delays_the_off_beats_of_both_ends():
    scheduler = Scheduler(swing=2 / 3)
    scheduler.add("a", 0, Note.from_ticks(240, 60, 240), committed_tick=-1)
    assert [e.tick for e in scheduler.release(1000)] == [320, 480]


def test_notes_beyond_the_end_and_beyond_all_measure_are_refused_and_counted():
    scheduler = Scheduler(end_tick=1920)
    scheduler.add("a", 0, Note.from_ticks(1920, 60, 10), committed_tick=-1)
    assert scheduler.n_refused["a"] == 1
    for index in range(MAX_PENDING + 5):
        scheduler.add("b", 1, Note.from_ticks(index % 1900, index % 128, 1), committed_tick=-1)
    assert scheduler.n_refused["b"] == 5
    scheduler.add("a", 0, Note.from_ticks(10, 60, 10), committed_tick=-1)
    assert scheduler.n_refused["a"] == 1
    scheduler.release(1920)
    scheduler.add("b", 1, Note.from_ticks(0, 60, 1900), committed_tick=10)
    assert scheduler.n_refused["b"] == 5
