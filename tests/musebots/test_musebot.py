import asyncio
import random

import pytest

from musebots import Musebot, Note
from musebots.agent import ClockExchange, Link
from musebots.errors import BotFailed, ConfigError, NetworkError
from musebots.hello import Hello
from musebots.messages import Broadcast, Control
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline
from musebots.testing import rehearse


def test_the_smallest_bot_plays_the_root_on_every_beat():
    notes = rehearse(Hello, bars=2, chords="C | Am")
    assert [n.onset for n in notes] == [float(beat) for beat in range(8)]
    assert [n.pitch for n in notes] == [48] * 4 + [57] * 4


def test_a_waltz_has_three_beats_a_bar():
    assert len(rehearse(Hello, bars=5, time_signature="3/4")) == 15


class Dice(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=0.5):
            self.send(Note(onset=beat, pitch=int(self.rng.integers(40, 80)), duration=0.5))


def test_the_same_seed_gives_the_same_notes_and_another_seed_others():
    assert rehearse(Dice, seed=3) == rehearse(Dice, seed=3) != rehearse(Dice, seed=4)


def test_chance_elsewhere_in_the_process_changes_nothing():
    first = rehearse(Dice)
    random.seed(99)
    assert rehearse(Dice) == first


class Copycat(Musebot):
    hears = ("notes",)

    async def play(self):
        async for beat in self.clock.beats(lead=0.25):
            for note in self.band.notes(start=beat, end=beat + 1, role="drums"):
                self.send(Note(onset=note.onset, pitch=note.pitch + 12, duration=note.duration))


def test_a_bot_hears_the_others_by_role():
    others = [Note(onset=b, pitch=36, duration=0.5) for b in range(4)]
    assert [n.pitch for n in rehearse(Copycat, bars=1, others=others)] == [48] * 4
    assert rehearse(Copycat, bars=1, others=others, others_role="bass") == []


class Settled(Musebot):
    async def play(self):
        self.send(Note(onset=0, pitch=round(self.setting("pitch", 60)), duration=1))


def test_settings_reach_the_bot_and_a_wrong_type_is_named():
    assert rehearse(Settled, settings={"pitch": 64})[0].pitch == 64
    assert rehearse(Settled)[0].pitch == 60
    with pytest.raises(BotFailed, match="setting pitch must be a number, got .high.") as caught:
        rehearse(Settled, settings={"pitch": "high"})
    assert isinstance(caught.value.__cause__, ConfigError)


class Broken(Musebot):
    async def play(self):
        raise ZeroDivisionError("oh")


def test_a_bot_that_raises_is_named_with_its_error():
    with pytest.raises(BotFailed, match="'bot' raised ZeroDivisionError: oh"):
        rehearse(Broken)


class Deaf(Musebot):
    async def prepare(self):
        await asyncio.Event().wait()


def test_a_bot_that_is_never_ready_ends_the_rehearsal_instead_of_hanging_it():
    with pytest.raises(BotFailed, match="not ready"):
        rehearse(Deaf)


class Retractor(Musebot):
    async def play(self):
        self.send(*(Note(onset=beat, pitch=60, duration=1) for beat in range(8)))
        self.cancel(4.0)


def test_what_is_cancelled_is_not_played():
    assert [n.onset for n in rehearse(Retractor)] == [0.0, 1.0, 2.0, 3.0]


class Flood(Musebot):
    async def play(self):
        self.send(*(Note(onset=i / 100, pitch=60, duration=0.01) for i in range(1200)))


def test_many_notes_at_once_travel_in_several_datagrams():
    assert len(rehearse(Flood)) == 1200


def test_without_a_director_a_bot_says_so_and_leaves():
    async def alone():
        await Hello().run(Link("x", LoopbackNetwork(), ("127.0.0.1", 9)))

    with pytest.raises(NetworkError, match="no Director answers at 127.0.0.1:9"):
        run_offline(alone())


def test_the_clock_exchange_trusts_the_quickest_round_trip():
    exchange = ClockExchange()
    assert exchange.offset_ns is None
    exchange.add(0, 1_000_900, 1_000_900, 1_000)  # 900 out, 100 back: off by 400
    exchange.add(5_000, 1_005_010, 1_005_020, 5_030)  # 10 and 10: exact
    exchange.add(9_000, 1_009_050, 1_009_050, 9_500)
    assert exchange.offset_ns == 1_000_000


def test_knobs_are_turned_by_message_and_unknown_messages_reach_hear():
    async def turn():
        heard = []

        class Listener(Musebot):
            def hear(self, message):
                heard.append(message)

        bot = Listener()
        bot.on_message(Control("", "density", 7.0))
        bot.on_message(Broadcast("notepool", "x", (60,)))
        assert bot.knobs["density"] == 1.0
        assert heard == [Broadcast("notepool", "x", (60,))]

    run_offline(turn())
