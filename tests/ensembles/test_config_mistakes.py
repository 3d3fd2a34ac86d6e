"""Each mistake in a piece: the line and key it is told at, and the words that it is told with."""

from __future__ import annotations

import pytest

from ensembles.config import parse_piece
from musebots.errors import ConfigError

GOOD = """\
title = "x"
bars = 16
form = ["A"]

[tempo]
bpm = 100

[[section]]
name = "A"
chords = "C | G"

[[bot]]
id = "lead"
class = "melody"
"""
LAST = GOOD.count("\n")

MISTAKES = {
    "broken syntax": (("bars = 16", "bars ="), ["p.toml: not valid TOML", "line 2"]),
    "a wrong type": (('"x"', "3"), ["p.toml:1: title: must be text in quotes, got 3"]),
    "text for a number": (("= 100", '= "fast"'), ["p.toml:6: tempo.bpm: must be a number", "fast"]),
    "an instrument that it may not have": (
        ('class = "melody"', 'class = "melody"\ninstrument = "upright"'),
        ["bot[1].instrument: must be one of e-piano, piano", "got 'upright'"],
    ),
    "a fraction of a bar": (("= 16", "= 1.5"), ["p.toml:2: bars: must be a whole number"]),
    "a tempo too fast": (("= 100", "= 900"), ["p.toml:6: tempo.bpm", "10..480, got 900"]),
    "an unknown key": (
        ("bars = 16", "barz = 16"),
        ["p.toml:2: barz: unknown key; did you mean 'bars'?", "allowed here: title, key"],
    ),
    "an unknown key below": (
        ("bpm = 100", "bmp = 100"),
        ["p.toml:6: tempo.bmp: unknown key; did you mean 'bpm'?", "bpm, changes"],
    ),
    "a key by its inner name": (("chords", "register_ = 1\nchords"), ["register_: unknown key"]),
    "a missing key": (('name = "A"\n', ""), ["p.toml:8: section[1].name: is missing"]),
    "an invented form of written sections": (
        ('["A"]', '"invent"'),
        ["p.toml:3: form: must be a list, got 'invent'"],
    ),
    "a harmony of another kind": (
        ("bars", 'harmony = "mine"\nbars'),
        ["p.toml:2: harmony: must be 'written' or 'follow', got 'mine'"],
    ),
    "an unknown chord": (("C | G", "C | Gzz"), ["p.toml:10: section[1].chords", "'zz'", "maj7"]),
    "no chord": (("C | G", "H"), ["p.toml:10: section[1].chords", "C, F# or Bb"]),
    "a chord that is no text": (('"C | G"', "7"), ["section[1].chords: must be text such as"]),
    "a wrong key": (("bars", 'key = "C dorian"\nbars'), ["p.toml:2: key", "C major"]),
    "a wrong meter": (("bars", 'time_signature = "4"\nbars'), ["time_signature", '"6/8"']),
    "a wrong swing": (("bars", "swing = 0.9\nbars"), ["p.toml:2: swing: must be in 0.5..0.75"]),
    "a wrong swing unit": (
        ("bars", "swing_unit = 4\nbars"),
        ["swing_unit: must be 8 or 16, got 4"],
    ),
    "an unknown section": (('["A"]', '["A", "B"]'), ["p.toml:3: form[2]: no section is", "A"]),
    "a name twice": (
        ("[[bot]]", '[[section]]\nname = "A"\nchords = "C"\n[[bot]]'),
        ["p.toml:13: section[2].name: 'A' is taken by section[1]"],
    ),
    "an intensity too high": (
        ("chords", "intensity = 2\nchords"),
        ["p.toml:10: section[1].intensity: must be in 0..1, got 2"],
    ),
    "an unknown bot in tacet": (
        ("chords", 'tacet = ["bass"]\nchords'),
        ["p.toml:10: section[1].tacet[1]: no bot has the id 'bass'; there is lead"],
    ),
    "an unknown soloist": (
        ("chords", 'solo = "sax"\nchords'),
        ["p.toml:10: section[1].solo: must be the id of a bot (lead) or 'turns', got 'sax'"],
    ),
    "a ritardando of words": (
        ("= 100", '= 100\nritardando = "slow"'),
        ["p.toml:7: tempo.ritardando: must be true, false or 0..64 beats, got 'slow'"],
    ),
    "a change after the end": (
        ("= 100", "= 100\nchanges = [{ bar = 17, bpm = 90 }]"),
        ["p.toml:7: tempo.changes[1].bar: must be in 2..16, or -15..-1", "got 17"],
    ),
    "a ramp beyond the end": (
        ("= 100", "= 100\nchanges = [{ bar = 15, bpm = 90, ramp_bars = 4 }]"),
        ["tempo.changes[1].ramp_bars: must be in 0..2", "got 4"],
    ),
    "a change within a ramp": (
        ("= 100", "= 100\nchanges = [{bar = 3, bpm = 90, ramp_bars = 4}, {bar = 5, bpm = 60}]"),
        ["tempo.changes[2].bar: must be 7 or later", "got 5"],
    ),
    "a change in a table of its own": (
        ("[[section]]", "[[tempo.changes]]\nbar = 4\nbpm = 1\n[[section]]"),
        ["p.toml:10: tempo.changes[1].bpm: must be in 10..480, got 1"],
    ),
    "an unknown class": (('"melody"', '"melodi"'), ["bot[1].class", "did you mean 'melody'?"]),
    "a class that cannot be": (('"melody"', '"a b:C"'), ["bot[1].class: unknown bot 'a b:C'"]),
    "no class at all": (('class = "melody"', ""), ["p.toml:12: bot[1]: a bot needs a class"]),
    "class and folder": (
        ('"melody"', '"melody"\nfolder = "."'),
        ["p.toml:15: bot[1].folder"],
    ),
    "a folder that is not there": (
        ('class = "melody"', 'folder = "gone"'),
        ["p.toml:14: bot[1].folder: there is no folder", "gone"],
    ),
    "an id with blanks": (('"lead"', '"le ad"'), ["bot[1].id: must be letters, digits"]),
    "a channel too high": (('"melody"', '"melody"\nchannel = 129'), ["1..128, got 129"]),
    "an unknown program": (
        ('"melody"', '"melody"\nprogram = "vibrafon"'),
        ["p.toml:15: bot[1].program", "did you mean 'Vibraphone'"],
    ),
    "a program too high": (('"melody"', '"melody"\nprogram = 128'), ["program: must be in 0..127"]),
    "a gain too loud": (('"melody"', '"melody"\ngain_db = 40'), ["-60..12, got 40"]),
    "a gain that is no number": (('"melody"', '"melody"\ngain_db = nan'), ["-60..12, got nan"]),
    "settings that are no table": (('"melody"', '"melody"\nsettings = 3'), ["must be a table"]),
    "a table where a list belongs": (("[[bot]]", "[bot]"), ["bot: must be a list"]),
    "no section": (("[[section]]", "[[sektion]]"), ["p.toml:8: sektion: unknown key", "section"]),
}

ADDED = {
    "an id twice": (
        '[[bot]]\nid = "lead"\nclass = "bass"\n',
        [f"p.toml:{LAST + 2}: bot[2].id: 'lead' is taken by bot[1]"],
    ),
    "a channel twice": (
        'channel = 3\n[[bot]]\nclass = "bass"\nchannel = 3\n',
        [f"p.toml:{LAST + 4}: bot[2].channel: 3 is taken by bot[1]"],
    ),
    "sixty-five bots": (
        "".join(f'[[bot]]\nid = "b{n}"\nclass = "hello"\n' for n in range(64)),
        ["bot: at most 64 bots, got 65"],
    ),
    "an unknown output": (
        '[[output]]\nkind = "mp3"\n',
        ["output[1].kind: must be 'audio', 'midiclock', 'midifile', 'midiport' or 'wav'"],
    ),
    "an output without target": (
        '[[output]]\nkind = "wav"\n',
        ["output[1]: an output of kind 'wav' needs a path"],
    ),
    "an output with another's target": (
        '[[output]]\nkind = "audio"\npath = "x"\n',
        [f"p.toml:{LAST + 3}: output[1].path: an output of kind 'audio' takes no path"],
    ),
}


def _sentence(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_piece(text, source="p.toml")
    return str(caught.value)


def test_the_piece_without_a_mistake_is_read():
    assert parse_piece(GOOD).n_bars == 16


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(mistake):
    (old, new), fragments = MISTAKES[mistake]
    assert old in GOOD
    sentence = _sentence(GOOD.replace(old, new, 1))
    assert [fragment for fragment in fragments if fragment not in sentence] == [], sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("mistake", ADDED)
def test_a_mistake_that_was_added_is_told_with_its_place(mistake):
    added, fragments = ADDED[mistake]
    sentence = _sentence(GOOD + added)
    assert [fragment for fragment in fragments if fragment not in sentence] == [], sentence


def test_several_mistakes_are_counted_and_the_first_is_told():
    sentence = _sentence(GOOD.replace("bars = 16", "bars = 0").replace("= 100", "= 1"))
    assert sentence == "p.toml:2: bars: must be in 1..100000, got 0 (and 1 more)"


def test_what_stands_in_a_long_text_is_not_taken_for_a_key():
    text = GOOD.replace('title = "x"', 'title = """\nbars = 3\n[[bot]]\n"""').replace("16", "0")
    assert "p.toml:5: bars" in _sentence(text)
