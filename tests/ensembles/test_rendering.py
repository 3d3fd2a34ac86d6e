"""Renders of real pieces with the shipped networks. Seeds are named where they are used."""

import asyncio
import hashlib
import os
import subprocess
import sys

import mido
import pytest

from director.outputs.memory import MemoryOutput
from ensembles.config import load_piece, parse_piece
from ensembles.rendering import perform_here, render
from musebots.errors import BotFailed, ConfigError
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

BROKEN_BOT = """
from musebots import Musebot

class Broken(Musebot):
    async def play(self):
        async for beat in self.clock.beats():
            if beat == 3:
                raise RuntimeError("my fault")
"""


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def note_spans(path):
    """(track, channel, pitch, on tick, off tick); every note_on must have its note_off."""
    spans = []
    for number, track in enumerate(mido.MidiFile(path).tracks):
        tick, sounding = 0, {}
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            voice = (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                assert voice not in sounding, "the same pitch begins while it still sounds"
                sounding[voice] = tick
            else:
                spans.append((number, *voice, sounding.pop(voice), tick))
        assert not sounding
    return spans


@pytest.mark.parametrize("name", ["trio", "waltz", "nightfall"])
def test_a_piece_renders_whole_and_every_bot_plays(name, tmp_path):
    path = tmp_path / "out.mid"
    report = render(load_piece(name), bars=24, seed=1, midi_path=path)
    spans = note_spans(path)
    assert report.n_bars == 24
    assert report.n_late_notes == 0
    assert report.sha256 == digest(path)
    assert sum(report.notes_per_bot.values()) == len(spans)
    assert all(n > 0 for n in report.notes_per_bot.values())
    end = load_piece(name).score(bars=24).end_tick
    assert all(0 <= on < off <= end for *_, on, off in spans)


def test_two_renders_are_one_file_and_two_seeds_are_two(tmp_path):
    piece = load_piece("trio")
    digests = [
        render(piece, bars=12, seed=seed, midi_path=tmp_path / f"{i}.mid").sha256
        for i, seed in enumerate((1, 1, 2))
    ]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_the_hash_seed_of_python_changes_nothing(hash_seed, tmp_path):
    path = tmp_path / "out.mid"
    code = (
        "import sys; from pathlib import Path; from ensembles.config import load_piece; "
        "from ensembles.rendering import render; "
        "render(load_piece('trio'), bars=8, seed=1, midi_path=Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    assert digest(path) == render(load_piece("trio"), bars=8, seed=1).sha256


def test_offline_and_live_over_loopback_give_the_same_notes():
    """In real time, at 240 bpm: bots that listen hear the same, because leads are far apart."""
    piece = load_piece("trio")

    async def play():
        score, out = piece.score(bars=4, bpm=240.0, seed=1), MemoryOutput()
        await out.open(score)
        report = await perform_here(piece, score, [out], network=LoopbackNetwork())
        assert not report.n_late
        return out.notes_by_bot()

    assert asyncio.run(play()) == run_offline(play())


def test_a_bot_that_raises_fails_the_render_by_name_and_leaves_no_file(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "bot.py").write_text(BROKEN_BOT)
    piece = parse_piece(
        'title = "x"\n[[section]]\nname = "A"\nchords = "C"\n'
        f'[[bot]]\nid = "bad"\nfolder = "{folder.as_posix()}"\n'
    )
    path = tmp_path / "out.mid"
    with pytest.raises(BotFailed, match="'bad' raised RuntimeError: my fault"):
        render(piece, bars=4, midi_path=path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken"]


def test_a_place_that_cannot_be_written_is_named_before_anything_is_played(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        render(load_piece("trio"), bars=4, midi_path=tmp_path / "nowhere" / "out.mid")


def test_progress_only_moves_forward_and_arrives(tmp_path):
    shares = []
    render(load_piece("trio"), bars=8, midi_path=tmp_path / "o.mid", on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_drums_plan_first_so_that_the_bass_hears_their_kick():
    """Without the drums the bass plays something else: it does listen."""
    piece = load_piece("trio")
    alone = [bot for bot in piece.table.bot if bot.id != "drums"]
    text_without = piece.table.model_copy(update={"bot": tuple(alone)})

    async def play(table):
        changed = type(piece)(piece.name, piece.source, table)
        score, out = changed.score(bars=16, seed=1), MemoryOutput()
        await out.open(score)
        await perform_here(changed, score, [out], network=LoopbackNetwork())
        return out.notes_by_bot()

    together, apart = run_offline(play(piece.table)), run_offline(play(text_without))
    assert together["bass"] != apart["bass"]


TACET = """
title = "In and out"
form = ["in", "out", "in", "out"]
[[section]]
name = "in"
chords = "C | F | G | C"
[[section]]
name = "out"
chords = "Am | Dm | E7 | Am"
tacet = ["drums", "melody"]
[[bot]]
class = "drums"
[[bot]]
class = "melody"
[[bot]]
class = "bass"
"""


def notes_in_time(piece, bars, seed):
    async def play():
        score, out = piece.score(bars=bars, seed=seed), MemoryOutput()
        await out.open(score)
        await perform_here(piece, score, [out], network=LoopbackNetwork())
        return score, out.notes_by_bot()

    return run_offline(play())


@pytest.mark.parametrize("seed", range(6))
def test_who_is_tacet_leaves_and_enters_with_the_bar_line(seed):
    _, notes = notes_in_time(parse_piece(TACET), 16, seed)
    half_a_step = 1 / 8
    for bot in ("drums", "melody"):
        for note in notes[bot]:
            place = (note.onset + half_a_step) % 32
            assert place < 16, f"{bot} plays at beat {note.onset}, where it is tacet"
            assert note.onset + note.duration <= note.onset - place + 16 + 2 * half_a_step
    entry = [n for n in notes["drums"] if abs(n.onset - 32) <= half_a_step]
    assert {36, 49} <= {n.pitch for n in entry}, "no crash on the first beat of the section"


def test_a_section_may_be_as_long_as_one_likes():
    chords = " | ".join(["C Am F G"] * 300)
    piece = parse_piece(
        f'title = "long"\n[[section]]\nname = "A"\nchords = "{chords}"\n[[bot]]\nclass = "hello"\n'
    )
    score, notes = notes_in_time(piece, 300, 0)
    heard = {n.onset: n.pitch % 12 for n in notes["hello"]}
    (passage,) = score.passages
    for span in passage.spans:
        assert heard[span.tick / 480] == span.chord.root_pc


def test_the_last_strokes_are_as_strong_as_the_section_that_they_end():
    soft, loud = (
        parse_piece(
            'title = "x"\n[[section]]\nname = "A"\nchords = "C"\nbars = 4\n'
            f"intensity = {intensity}\n"
        )
        for intensity in (0.1, 0.9)
    )
    last = [
        {bot: notes[bot][-1].velocity for bot in ("melody", "bass", "drums")}
        for _, notes in (notes_in_time(piece, 4, 0) for piece in (soft, loud))
    ]
    assert all(last[0][bot] < last[1][bot] - 20 for bot in last[0])


GOLDEN = {
    "trio": "8d9453774ba3e3eb091a8319e045059021036ff429df729c33d892301e065244",
    "waltz": "de4e9d8976b5000305988b446688ca9633ae4ae98becaa7d147f87d435fb59c7",
    "nightfall": "ee15f558f3824a0d382e5050ee9f0f1daa424d8cf1ab95b19c8c92064e4cecfe",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_render_is_the_same_bytes_on_every_machine(name, tmp_path):
    """Change these on purpose only: what people have rendered will sound otherwise."""
    path = tmp_path / "golden.mid"
    render(load_piece(name), bars=16, seed=1, midi_path=path)
    assert digest(path) == GOLDEN[name]
