"""Pieces whose form or chords the band thinks of, and melodies that remember what they played."""

import numpy as np
import pytest

from director.outputs.memory import MemoryOutput
from ensembles.config import load_piece, parse_piece
from ensembles.rendering import perform_here, render
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

NOTHING = 'title = "x"\nkey = "E minor"\n'
TUNE = """
title = "x"
form = ["A", "B", "A", "B", "A"]
[[section]]
name = "A"
chords = "C | Am | F | G | C | Am | Dm G | C"
[[section]]
name = "B"
chords = "F | C | Dm | G | Am | Em | F | G7"
[[bot]]
role = "melody"
settings = { style = "STYLE" }
[[bot]]
role = "drums"
"""


def chords_of(score):
    return [
        (passage.section.name, tuple(str(span.chord) for span in passage.spans))
        for passage in score.passages
    ]


def played(piece, **options):
    async def play():
        score, out = piece.score(**options), MemoryOutput()
        await out.open(score)
        await perform_here(piece, score, [out], network=LoopbackNetwork())
        return score, out.notes_by_bot()

    return run_offline(play())


@pytest.mark.parametrize("form", ["", 'form = "invent"\n'])
def test_a_piece_without_sections_is_thought_of_by_seed(form):
    piece = parse_piece(NOTHING + form)
    one, same, other = (piece.score(seed=seed) for seed in (1, 1, 2))
    assert chords_of(one) == chords_of(same) != chords_of(other)
    assert one.n_bars == 64
    assert chords_of(one)[-1][1][-1] == "Em"


@pytest.mark.parametrize("bars", [1, 2, 5, 16, 23, 41, 100])
def test_an_invented_form_is_made_for_the_bars_that_are_asked_for(bars):
    score = parse_piece(NOTHING).score(bars=bars)
    assert score.passages[-1].section.end_tick == score.end_tick == bars * 1920
    assert bars < 16 or score.passages[-1].section.name == "ending"


def test_sections_of_one_name_have_the_same_chords_but_not_the_same_intensity():
    score = parse_piece(NOTHING).score(seed=3)
    by_name = {}
    for name, chords in chords_of(score)[:-1]:
        by_name.setdefault(name, set()).add(chords[:-1])
    assert all(len(found) == 1 for found in by_name.values())
    assert len({p.section.intensity for p in score.passages if p.section.name == "A"}) > 1


def test_a_section_that_changes_key_leads_there_by_a_dominant():
    for seed in range(40):
        score = parse_piece('title = "x"\n').score(seed=seed)
        for before, after in zip(score.passages, score.passages[1:], strict=False):
            if before.key != after.key:
                dominant = before.spans[-1].chord
                assert dominant.root_pc == (after.key.tonic_pc + 7) % 12
                assert dominant.quality == "7"
                return
    raise AssertionError("no form has a bridge in another key")


@pytest.mark.parametrize("chords", ['chords = "invent folk"', 'chords = "invent standard"', ""])
def test_the_chords_of_a_section_may_be_left_to_the_band(chords):
    text = f'title = "x"\nform = ["A", "B", "A"]\n[[section]]\nname = "A"\n{chords}\nbars = 6\n'
    piece = parse_piece(text + '[[section]]\nname = "B"\nchords = "F | G"\n')
    found = [chords_of(piece.score(bars=14, seed=seed)) for seed in range(4)]
    assert len({a for (_, a), _, _ in found}) > 1
    for first, written, _ in found:
        assert first[1][-1] in ("C", "C7", "C6", "Cmaj7")
        assert written[1] == ("F", "G")


def test_an_invented_piece_is_rendered_twice_the_same(tmp_path):
    piece = load_piece("wander")
    digests = [
        render(piece, bars=20, seed=seed, midi_path=tmp_path / f"{n}.mid").sha256
        for n, seed in enumerate((4, 4, 5))
    ]
    assert digests[0] == digests[1] != digests[2]


def bars_of(notes, n_bars):
    """What is played in each bar, as (16th, pitch)."""
    bars = [set() for _ in range(n_bars)]
    for note in notes:
        bar, beat = divmod(note.onset, 4)
        bars[int(bar)].add((round(beat * 4), note.pitch))
    return bars


def similarity(bars, lag, at):
    """Mean share of common notes (Jaccard) of bars with those `lag` bars before."""
    pairs = [(bars[bar], bars[bar - lag]) for bar in at if bars[bar] | bars[bar - lag]]
    return np.mean([len(a & b) / len(a | b) for a, b in pairs])


@pytest.mark.parametrize("style", ["folk", "standard"])
def test_the_next_a_resembles_the_last_one_and_b_does_not(style):
    """Four seeds; in the corpora a bar shares .56 (folk), .22 (standards) with that 8 before."""
    piece = parse_piece(TUNE.replace("STYLE", style))
    tunes = [bars_of(played(piece, seed=seed)[1]["melody"], 40) for seed in range(4)]
    a_to_a = [similarity(bars, 16, [*range(16, 24), *range(32, 39)]) for bars in tunes]
    b_to_a = [similarity(bars, 8, range(8, 16)) for bars in tunes]
    copied = [bars[bar] == bars[bar - 16] for bars in tunes for bar in range(16, 24)]
    assert np.mean(a_to_a) > 0.25
    assert np.mean(b_to_a) < np.mean(a_to_a) - 0.15
    assert np.mean(copied) < 0.8


def test_solos_make_room():
    text = 'title = "x"\nbars = 32\n[[section]]\nname = "A"\nchords = "C | Am | F | G"\nbars = 8\n'
    section = '[[section]]\nname = "B"\nchords = "C | Am | F | G"\nbars = 16\nsolo = "bass"\n'
    _, notes = played(parse_piece(text + section), bars=32, seed=1)
    melody = [note.onset // 4 for note in notes["melody"]]
    bass = [note.onset // 4 for note in notes["bass"]]
    assert len([b for b in melody if 8 <= b < 24]) < 0.3 * len([b for b in melody if b < 8])
    assert len([b for b in bass if 8 <= b < 24]) > 2 * 1.25 * len([b for b in bass if b < 8])
