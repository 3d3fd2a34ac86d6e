"""A session that was cut off has left what it takes to go on. Seed 3."""

import asyncio
import json
import os

import pytest

from director.outputs.base import NoteOff, NoteOn
from director.retained import Retained
from ensembles.config import parse_piece
from ensembles.sessions.lines import LineWriter
from ensembles.sessions.reading import read_session
from ensembles.sessions.recorder import Recorder
from ensembles.sessions.resuming import read_unfinished, taken_up
from musebots import messages as m
from musebots.errors import ConfigError


def test_what_it_takes_to_go_on_is_written_at_bar_lines_and_goes_when_the_session_ends(
    keep, tmp_path, monkeypatch
):
    kept = []
    monkeypatch.setattr(LineWriter, "keep", lambda self, value: kept.append(value))
    folder = keep(request={"piece": "x"}, script=keeping)
    assert [value["bar"] for value in kept] == list(range(8))
    assert kept[3]["request"] == {"piece": "x"}
    assert set(kept[3]["retained"]) == {"broadcasts", "controls", "moves", "notes", "states"}
    assert not folder.unfinished.exists()
    folder.unfinished.write_text(json.dumps(kept[3]))
    saved = read_unfinished(tmp_path / "sessions")
    assert (saved.bar, saved.request, saved.folder) == (3, {"piece": "x"}, folder)
    score = taken_up(read_session(folder).stretches[0].score, saved)
    assert score.first_bar == 3
    before = saved.before(score)
    ons, offs = ([e for e in before.events if isinstance(e, kind)] for kind in (NoteOn, NoteOff))
    assert len(ons) == len(offs) > 0
    assert max(event.tick for event in ons) < score.first_tick - 60  # these belong to the bar
    assert max(event.tick for event in offs) <= score.first_tick
    director = Retained()
    director.restore(saved.retained)
    assert director.moves() == [m.Mix("bass", "gain_db", -12.0)]  # moved after that bar line


async def keeping(director, tell):
    """As a live session does, ten times a second."""
    recorder: Recorder = director._witness
    while True:
        if director.status().bar == 5:
            tell(m.Mix("bass", "gain_db", -12.0))
        recorder.keep(director)
        await asyncio.sleep(0.1)


def test_without_one_that_was_cut_off_there_is_nothing_to_resume(tmp_path):
    with pytest.raises(ConfigError, match="there is no unfinished session here"):
        read_unfinished(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', '{"format": 9}', "\xff"])
def test_what_cannot_be_read_is_told(keep, tmp_path, text):
    keep(bars=1).unfinished.write_text(text)
    with pytest.raises(ConfigError, match=r"unfinished.json cannot be resumed"):
        read_unfinished(tmp_path / "sessions")


@pytest.mark.skipif(os.name != "posix", reason="other systems do not tell")
def test_a_session_that_still_plays_is_not_resumed(keep, tmp_path):
    kept = {"format": 1, "pid": os.getppid(), "request": {}, "bar": 0, "tempo": [[0, 90.0, False]],
            "retained": Retained().plain()}  # fmt: skip
    keep(bars=1).unfinished.write_text(json.dumps(kept))
    with pytest.raises(ConfigError, match="cannot be resumed: it still plays"):
        read_unfinished(tmp_path / "sessions")


def test_a_piece_that_has_become_shorter_cannot_go_on_there(keep, tmp_path):
    folder = keep(bars=1)
    folder.unfinished.write_text(
        json.dumps(
            {
                "format": 1,
                "request": {},
                "bar": 5,
                "tempo": [[0, 100.0, False]],
                "retained": Retained().plain(),
            }
        )
    )
    piece = parse_piece('title = "x"\n[[section]]\nname = "A"\nchords = "C"\n')
    with pytest.raises(ConfigError, match="cut off at bar 6 of 1"):
        taken_up(piece.score(), read_unfinished(tmp_path / "sessions"))
