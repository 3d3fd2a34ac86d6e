"""What the stock bots know when they plan: of the band, of the form, and of their knobs."""

import numpy as np
import pytest

from musebots import Note
from musebots.generators import Onset, Step
from musebots.messages import Broadcast
from musebots.player import GeneratorBot
from musebots.testing import rehearse


class Quarters:
    """Plays a note on every beat, and keeps what it was told."""

    n_units = 1

    def __init__(self):
        self.contexts = []

    def step(self, context):
        self.contexts.append(context)
        onsets = (Onset(60, 80),) if context.step_in_bar % 4 == 0 else ()
        return Step(onsets, False, np.zeros(1, np.float32))

    def snapshot(self):
        return len(self.contexts)

    def restore(self, snapshot):
        del self.contexts[snapshot:]


class Player(GeneratorBot):
    role = "melody"
    network = "melody"
    said = None

    def make_generator(self):
        type(self).generator = Quarters()
        return self.generator

    def broadcast(self, topic, *values):
        type(self).said.append((topic, values))
        super().broadcast(topic, *values)

    def ending(self, start_tick, end_tick):
        return []


def told(**sheet):
    """What the generator was told at the first step of each bar, and what the bot said."""
    Player.said = []
    notes = rehearse(Player, **sheet)
    firsts = [c for c in Player.generator.contexts if c.step_in_bar == 0]
    return firsts, Player.said, notes


def test_a_bot_hears_how_busy_the_others_were_in_the_bar_before():
    eighths = [Note(onset=b / 2, pitch=38, duration=0.1) for b in range(8)]
    early = [Note.from_ticks(1920 - 40, 38, 10), Note.from_ticks(1920 + 30, 36, 10)]
    contexts, _, _ = told(bars=4, others=eighths + early)
    assert [c.others_density for c in contexts] == [None, 8 / 16, 1 / 16, 0.0]


def test_it_knows_where_it_is():
    contexts, _, _ = told(bars=5)
    places = ["opening", "opening", "inside", "inside", "final"]
    assert [c.place_in_section for c in contexts] == places
    assert [c.bar_in_phrase for c in contexts] == [0, 1, 2, 3, 0]
    assert {c.recall_bars for c in contexts} == {0}


def test_it_says_how_busy_it_is_and_what_it_intends_as_musebots_do():
    _, said, _ = told(bars=8, others_role="keys")
    assert [values for topic, values in said if topic == "hdensity"][:7] == [(0.25,)] * 7
    intents = [values for topic, values in said if topic == "intent"]
    assert all(values[0].startswith("activityMask=") for values in intents)
    assert [values[-1] for values in intents] == ["from=7680"]


class Warned(Player):
    """Has heard of another musebot that it wants to be alone in the second phrase."""

    async def prepare(self):
        await super().prepare()
        mask = "activityMask=" + "_".join(["9"] * 16)
        self.hear(Broadcast("intent", "others", (mask, "from=7680")))


def test_it_plays_less_where_another_that_leads_means_to_play_more():
    Player.said = []
    rehearse(Warned, bars=12, others_role="melody")
    density = [c.density for c in Warned.generator.contexts if c.step_in_bar == 0]
    assert density[:4] == [0.5] * 4
    assert density[4:8] == pytest.approx([0.3] * 4)
    assert density[8:12] == [0.5] * 4


class Told(Player):
    """A classic producer, which plays no notes, wants the band to be sparse."""

    async def prepare(self):
        await super().prepare()
        self.band.roles["producer"] = ""
        for value in (0.2, 2.0, "much"):
            self.hear(Broadcast("density", "producer", (value,)))


def test_it_turns_to_the_density_that_a_producer_wants():
    Player.said = []
    rehearse(Told, bars=2)
    assert {round(c.density, 6) for c in Told.generator.contexts} == {0.2}
