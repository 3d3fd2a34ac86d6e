"""Bots tell their activations to whoever hears them, through the Director. Seed 1."""

import numpy as np

from creativity.collecting import Collector
from director.outputs.memory import MemoryOutput, paired_notes
from ensembles.config import load_piece
from ensembles.rendering import Guest, perform_here
from musebots import messages as m
from musebots.musebot import Musebot
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline
from musebots.rnn.checkpoint import shipped_checkpoint

N_BARS = 8


class Deaf(Musebot):
    """A listener that asks for nothing, and remembers what it is told all the same."""

    def __init__(self):
        super().__init__()
        self.heard = []

    async def play(self):
        pass

    def hear(self, message):
        self.heard.append(message)


def perform(listener):
    """The piece's notes, the listener and the session's report."""

    async def session():
        piece = load_piece("trio")
        score = piece.score(bars=N_BARS, seed=1)
        out, ears = MemoryOutput(), listener() if listener else None
        await out.open(score)
        report = await perform_here(
            piece,
            score,
            [out],
            network=LoopbackNetwork(),
            listeners={"ears": Guest(ears)} if ears else {},
        )
        return paired_notes(out.events), ears, report

    return run_offline(session())


def test_every_step_of_every_bot_is_told_with_the_network_that_made_it():
    _, ears, _ = perform(Collector)
    playing = ears.playing()
    assert set(playing) == {"melody", "bass", "drums"}
    for role, told in playing.items():
        on_grid = told.ticks[: N_BARS * 16]
        assert np.array_equal(on_grid, np.arange(N_BARS * 16) * 120)
        assert told.network == shipped_checkpoint(role).sha256
        assert told.hidden.shape == (len(told.ticks), 256)
        assert np.all(told.surprise >= 0)
        assert np.all(np.abs(told.hidden) <= 1)
        assert told.hidden.std() > 0.1


def test_the_music_does_not_depend_on_who_listens():
    assert perform(Collector)[0] == perform(None)[0]


def test_what_nobody_hears_is_not_sent():
    _, ears, report = perform(Deaf)
    assert not [x for x in ears.heard if isinstance(x, m.Activations)]
    assert not report.faults
