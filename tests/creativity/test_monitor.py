"""The monitor in a band of bots that tell made-up activations, on virtual time. Seed 0."""

import asyncio
import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from creativity.background import load_background, save_background
from creativity.monitor import Monitor
from creativity.touched import STEERED, WEARS_OFF_STEPS
from director.director import Casting, Director
from director.outputs.base import Marker
from director.outputs.memory import MemoryOutput
from director.score import Score, SectionTemplate, Strip, lay_out
from musebots import Musebot, Note
from musebots import messages as m
from musebots.agent import Link
from musebots.harmony import Key, parse_chords
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline
from musebots.timebase import MeterMap, TempoMap

from .listening import NETWORK, SETUP, activations, small_background

N_BARS = 20
STEPS_PER_BAR = 16


@pytest.fixture(scope="module")
def background_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("background") / "test.background"
    save_background(small_background(n_runs=30), path)
    return path


def score_of(*bot_ids):
    template = SectionTemplate("A", 4, parse_chords("C Am F G", beats_per_bar=4.0), Key())
    return Score(
        title="Test",
        tempo_map=TempoMap.constant(120.0),
        meter_map=MeterMap(),
        passages=lay_out([template], n_bars=N_BARS, meter_map=MeterMap()),
        n_bars=N_BARS,
        strips=tuple(Strip(bot_id, "other", channel) for channel, bot_id in enumerate(bot_ids)),
    )


def teller(seed, change=lambda rows: rows, *, alter=lambda message: message):
    """A bot that plays quarters and tells activations; `change` alters rows, `alter` messages."""

    class Teller(Musebot):
        async def play(self):
            rows = change(activations(np.random.default_rng(1000 + seed), N_BARS * STEPS_PER_BAR))
            number = 0
            async for bar in self.clock.bars(lead=1.0):
                start = bar * 4.0
                self.send(*(Note(onset=start + i, pitch=60 + i, duration=0.5) for i in range(4)))
                if "activations" not in self.wanted:
                    continue
                for half in (0, 8):
                    first = bar * STEPS_PER_BAR + half
                    part = rows[first : first + 8]
                    message = m.Activations.of(
                        self.id, number, part, first_tick=first * 120, step_ticks=120,
                        network=NETWORK, surprise=[0.7] * len(part),
                    )  # fmt: skip
                    altered = alter(message)
                    if altered is not None:
                        self.tell(altered)
                    number += 1

    return Teller


def perform(bots, background_path, *, flags_per_hour=600.0):
    """The report, all output events, the monitor, and what a listener to flags heard."""

    class Listener(Musebot):
        role = "listener"
        hears = ("flags",)

        def __init__(self):
            super().__init__()
            self.heard = []

        async def play(self):
            pass

        def hear(self, message):
            self.heard.append(message)

    async def session():
        score, out, network = score_of(*bots), MemoryOutput(), LoopbackNetwork()
        await out.open(score)
        settings = json.dumps(
            {"background": str(background_path), "flags_per_hour": flags_per_hour}
        )
        cast = {name: Casting("other", 0) for name in bots}
        cast |= {"monitor": Casting("monitor", 0, settings), "listener": Casting("listener", 0)}
        director = Director(score, cast, [out])
        address = await director.open(network)
        monitor, listener = Monitor(), Listener()
        async with asyncio.TaskGroup() as tasks:
            for name, bot in bots.items():
                tasks.create_task(bot().run(Link(name, network, address)))
            tasks.create_task(monitor.run(Link("monitor", network, address)))
            tasks.create_task(listener.run(Link("listener", network, address)))
            report = await director.run()
        return report, out.events, listener.heard

    return run_offline(session())


def pushed(rows):
    """Eight units far from where they belong, for two bars from bar 11 on."""
    rows = rows.copy()
    rows[10 * STEPS_PER_BAR : 12 * STEPS_PER_BAR, 4:12] = np.tanh(
        rows[10 * STEPS_PER_BAR : 12 * STEPS_PER_BAR, 4:12] + 1.5
    )
    return rows


def scanned(report):
    return {who: (of.n_scanned, of.n_skipped) for who, of in report.monitoring.items()}


def test_normal_playing_is_scanned_step_by_step_and_hardly_flagged(background_path):
    report, _, _ = perform({"a": teller(0), "b": teller(1)}, background_path, flags_per_hour=60.0)
    filling = SETUP.window_steps - 1
    n = N_BARS * STEPS_PER_BAR
    assert scanned(report) == dict.fromkeys(("a", "b", ""), (n - filling, filling))
    assert json.loads(report.monitoring["a"].reasons) == {"its window is filling": filling}
    assert len(report.flags) <= 2  # 40 s at 60 an hour: more than two is a chance of 1 in 30


def test_a_deviation_is_flagged_with_its_bot_bars_steps_and_units(background_path):
    report, events, heard = perform({"a": teller(0), "b": teller(1, pushed)}, background_path)
    flag = next(flag for flag in report.flags if flag.bot_id == "b" and flag.last_bar in (10, 11))
    units = set(flag.found["units"]["b"])
    assert len(units & set(range(4, 12))) >= 4
    assert all(10 * 1920 - 480 <= tick < 12 * 1920 + 480 for tick in flag.found["steps"])
    assert flag.p_value < 0.01
    assert flag.score > flag.threshold
    assert flag.effect > 1
    assert flag.surprise == pytest.approx(0.7)
    assert flag.usual_surprise == pytest.approx(0.5)
    assert flag.flags_per_hour == 600.0
    onsets = [row[0] for row in flag.found["notes"]["b"]]
    assert onsets
    assert all(flag.first_tick <= onset < flag.end_tick for onset in onsets)
    markers = [event for event in events if isinstance(event, Marker)]
    assert (flag.first_tick, flag.headline) in [(x.tick, x.text) for x in markers]
    assert [x for x in heard if isinstance(x, m.Flag)] == list(report.flags)
    classic = [x for x in heard if isinstance(x, m.Broadcast) and x.topic == "creativity/flag"]
    assert ("b", flag.first_bar + 1, flag.last_bar + 1) in [x.values[:3] for x in classic]


def test_the_same_session_gives_the_same_flags(background_path):
    bots = {"a": teller(0), "b": teller(1, pushed)}
    assert perform(bots, background_path)[0].flags == perform(bots, background_path)[0].flags


def test_not_a_number_silences_one_bot_with_one_report_and_nobody_else(background_path, caplog):
    def spoilt(rows):
        rows = rows.copy()
        rows[100, 3] = np.nan
        rows[200, 3] = np.nan
        return rows

    with caplog.at_level(logging.WARNING):
        report, _, _ = perform({"a": teller(0, spoilt), "b": teller(1)}, background_path)
    n, filling = N_BARS * STEPS_PER_BAR, SETUP.window_steps - 1
    assert scanned(report)["b"] == (n - filling, filling)
    assert scanned(report)["a"] == (100 - filling, n - 100 + filling)
    assert "unit 3 is nan" in report.monitoring["a"].why
    assert "a is not listened to" in report.monitoring[""].why
    assert sum(scanned(report)[""]) == n
    told = [r for r in caplog.records if "monitored: a" in r.message]
    assert len(told) == 1
    assert report.n_notes == {"a": 4 * N_BARS, "b": 4 * N_BARS}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("network", "f" * 64, "another network"),
        ("n_units", 12, "12 units"),
        ("step_ticks", 60, "60 ticks"),
        ("values", b"\0" * 7, "whole steps"),
    ],
)
def test_what_does_not_fit_the_background_silences_one_bot(background_path, field, value, words):
    bots = {"a": teller(0, alter=lambda x: replace(x, **{field: value})), "b": teller(1)}
    report, _, _ = perform(bots, background_path)
    assert words in report.monitoring["a"].why
    assert report.monitoring["a"].n_scanned == 0
    assert report.monitoring["b"].n_scanned > 300
    assert report.n_notes["a"] == 4 * N_BARS


def test_a_stranger_whose_network_is_unknown_is_told_of_once_and_left_alone(
    background_path, caplog
):
    stranger = teller(2, alter=lambda x: replace(x, network="c" * 64))
    with caplog.at_level(logging.WARNING):
        report, _, _ = perform({"a": teller(0), "b": teller(1), "c": stranger}, background_path)
    assert sum("monitored: c" in r.message for r in caplog.records) == 1
    assert report.monitoring["a"].n_scanned == report.monitoring[""].n_scanned > 300


def test_a_second_bot_of_a_known_network_is_listened_to_with_its_background(background_path):
    report, _, _ = perform({"a": teller(0), "b": teller(1), "c": teller(2)}, background_path)
    assert report.monitoring["c"].n_scanned == report.monitoring["a"].n_scanned


def test_a_lost_datagram_is_counted_and_begins_a_new_window(background_path):
    lossy = teller(0, alter=lambda x: None if x.number == 9 else x)
    report, _, _ = perform({"a": lossy, "b": teller(1)}, background_path)
    reasons = json.loads(report.monitoring["a"].reasons)
    filling = SETUP.window_steps - 1
    assert reasons == {"it was lost on the way": 8, "its window is filling": 2 * filling}
    assert report.monitoring["b"].n_scanned == N_BARS * STEPS_PER_BAR - filling
    assert report.monitoring[""].n_scanned < report.monitoring["b"].n_scanned


def test_a_background_too_short_for_the_promise_is_said_once(background_path, caplog):
    with caplog.at_level(logging.WARNING):
        perform({"a": teller(0), "b": teller(1)}, background_path, flags_per_hour=0.01)
    assert sum("too short to promise" in r.message for r in caplog.records) == 1


def steered(base, *, kl=0.05, bars=(9, 10, 11)):
    """A bot that tells, before its activations of these bars, that they were steered."""

    class Leaning(base):
        def tell(self, message):
            if isinstance(message, m.Activations) and message.first_tick // 1920 in bars:
                bar = message.first_tick // 1920
                said = m.Steered(self.id, 1920 * bar, 1920 * (bar + 1), 0.5, 0.25, kl, 1.1)
                super().tell(said)
            super().tell(message)

    return Leaning


def test_what_steering_has_touched_is_not_compared_and_that_is_told(background_path):
    bots = {"a": teller(0), "b": steered(teller(1, pushed))}
    report, _, _ = perform(bots, background_path)
    plain, _, _ = perform({"a": teller(0), "b": teller(1, pushed)}, background_path)
    assert any(flag.bot_id == "b" and flag.last_bar in (10, 11) for flag in plain.flags)
    assert not [f for f in report.flags if f.bot_id != "a" and f.last_bar >= 9]
    reasons = json.loads(report.monitoring["b"].reasons)
    assert reasons[STEERED] == 3 * STEPS_PER_BAR + WEARS_OFF_STEPS
    assert STEERED in json.loads(report.monitoring[""].reasons)
    assert scanned(report)["a"] == scanned(plain)["a"], "the others are listened to as ever"


def test_a_fader_that_moves_no_choice_touches_nothing(background_path):
    bots = {"a": teller(0), "b": steered(teller(1, pushed), kl=0.0)}
    plain, _, _ = perform({"a": teller(0), "b": teller(1, pushed)}, background_path)
    assert perform(bots, background_path)[0].flags == plain.flags


def test_a_background_that_knows_steering_is_compared_with_all_the_same(background_path, tmp_path):
    known = load_background(background_path)
    path = tmp_path / "steered.background"
    save_background(replace(known, made={**known.made, "steered": 1}), path)
    bots = {"a": teller(0), "b": steered(teller(1, pushed))}
    report, _, _ = perform(bots, path)
    assert any(flag.bot_id == "b" and flag.last_bar in (10, 11) for flag in report.flags)
    assert STEERED not in json.loads(report.monitoring["b"].reasons)
