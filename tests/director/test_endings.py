"""A band that ends sooner than its score, together. On virtual time; seed 0."""

import asyncio

import pytest

from director.director import Director
from director.outputs.base import Ending, TempoChange
from director.outputs.memory import MemoryOutput, hanging_notes, paired_notes
from ensembles.config import parse_piece
from ensembles.stage import cast_of
from musebots import messages as m
from musebots.agent import Link
from musebots.network import LoopbackNetwork, Wire
from musebots.offline import run_offline
from musebots.registry import resolve

BAR = 1920
PIECE = """
title = "Enough"
key = "D major"
bars = 32
{more}
[[section]]
name = "A"
chords = "Em7 | A7 | Bm | G"
bars = 32
{section}
"""
STOCK = "".join(f'[[bot]]\nrole = "{role}"\n' for role in ("melody", "bass", "drums"))


def proposed(at_beat, *, bots=STOCK, more="", section="", who="old", ends_on_exiting=False):
    """The notes of each bot, all events, and the report, of a band to which `who` says enough."""
    piece = parse_piece(PIECE.format(more=more, section=section) + bots)

    async def session():
        score, out, network = piece.score(), MemoryOutput(), LoopbackNetwork()
        await out.open(score)
        director = Director(score, cast_of(piece, score), [out], ends_on_exiting=ends_on_exiting)
        address = await director.open(network)
        wire = Wire(lambda *_: None)
        await wire.open(network)

        async def propose():
            await director.clock.until(at_beat)
            wire.send(m.Broadcast("exiting", who, (1,)), address)

        async with asyncio.TaskGroup() as tasks:
            for bot in piece.bots:
                life = resolve(bot.bot).make(bot.id).run(Link(bot.id, network, address))
                tasks.create_task(life)
            proposing = tasks.create_task(propose())
            report = await director.run()
            proposing.cancel()
        assert hanging_notes(out.events) == []
        return paired_notes(out.events), out.events, report

    return run_offline(session())


def test_it_ends_with_the_phrase_on_the_tonic_and_all_end_together():
    notes, events, report = proposed(17.3)  # in the fifth bar; four bars a phrase
    assert (report.n_bars, report.was_stopped) == (8, False)
    assert [event.tick for event in events if isinstance(event, Ending)] == [8 * BAR]
    assert not report.n_refused
    for bot_id in ("melody", "bass", "drums"):
        last = [note for note in notes[bot_id] if note.onset_ticks >= 7 * BAR]
        assert last, bot_id
        assert max(n.onset_ticks for n in notes[bot_id]) < 8 * BAR
    bass = [note for note in notes["bass"] if note.onset_ticks >= 7 * BAR]
    assert [(note.onset_ticks, note.pitch % 12) for note in bass] == [(7 * BAR, 2)]
    melody = [note.pitch % 12 for note in notes["melody"] if note.onset_ticks >= 7 * BAR]
    assert set(melody) <= {2, 6, 9}
    (slower,) = (event for event in events if isinstance(event, TempoChange))
    assert slower.tempo_map.bpm_at(7 * BAR) < slower.tempo_map.bpm_at(6 * BAR)


def test_a_solo_is_played_out_before():
    _, _, report = proposed(34.0, section='solo = "turns"')  # in the ninth bar, eight bars each
    assert report.n_bars == 16


def test_in_the_last_bars_nobody_talks_of_ending_and_the_end_is_where_it_was():
    _, events, report = proposed(30 * 4 + 1.0)
    assert report.n_bars == 32
    assert not any(isinstance(event, Ending) for event in events)


def test_bots_that_negotiate_nothing_end_with_the_phrase_too():
    notes, _, report = proposed(1.0, bots='[[bot]]\nclass = "hello"\n')
    assert report.n_bars == 4
    assert [note.onset_ticks for note in notes["hello"]] == [480 * beat for beat in range(16)]
    assert notes["hello"][-1].pitch % 12 == 2


def test_what_bots_would_agree_on_must_be_a_bar_line_that_can_be_reached(tmp_path):
    (tmp_path / "odd.py").write_text(
        "from musebots import Musebot\n\n\n"
        "class Odd(Musebot):\n"
        "    sends = ('form',)\n\n"
        "    def hear(self, message):\n"
        "        if getattr(message, 'topic', '') == 'exiting':\n"
        "            for tick in (-5, 77, 1920, 31 * 1920, 2**31 - 1):\n"
        "                self.broadcast('intent', f'from={tick}', 'ending=1')\n"
    )
    _, _, report = proposed(1.0, bots=f'[[bot]]\nid = "odd"\nclass = "{tmp_path / "odd.py"}"\n')
    assert report.n_bars == 4


@pytest.mark.parametrize(("bots", "n_bars"), [(STOCK, 4), ('[[bot]]\nclass = "hello"\n', 1)])
def test_a_classic_ensemble_ends_with_the_bar_unless_bots_that_negotiate_are_in_it(bots, n_bars):
    _, _, report = proposed(1.0, bots=bots, ends_on_exiting=True)
    assert report.n_bars == n_bars
