"""Pieces are read, laid out on the time line, and refuse every mistake in one clear sentence."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensembles.config import Piece, list_pieces, load_piece, parse_piece
from musebots.errors import ConfigError
from musebots.timebase import TimeSignature

SMALLEST = """
title = "Four chords"
[[section]]
name = "A"
chords = "C | Am | F | G"
"""


def piece_from(text: str) -> Piece:
    return parse_piece(text, source="p.toml")


def test_four_lines_are_a_piece_for_the_stock_trio():
    piece = piece_from(SMALLEST)
    assert [(bot.id, bot.bot, bot.role) for bot in piece.bots] == [
        (name, name, name) for name in ("melody", "bass", "drums")
    ]
    assert piece.n_bars == 4
    assert piece.outputs == ()


def test_drums_get_the_percussion_channel_and_others_the_first_free_ones():
    piece = piece_from(
        SMALLEST
        + '[[bot]]\nrole = "melody"\n[[bot]]\nrole = "bass"\nchannel = 1\n[[bot]]\nrole = "drums"\n'
    )
    assert [bot.strip.channel for bot in piece.bots] == [1, 0, 9]


def test_a_large_band_goes_on_at_the_next_port_and_leaves_the_drum_kits_to_the_drums():
    bots = "".join(f'[[bot]]\nid = "b{n}"\nclass = "hello"\n' for n in range(50))
    drums = '[[bot]]\nrole = "drums"\n'
    channels = [bot.strip.channel for bot in piece_from(SMALLEST + bots + drums).bots]
    assert channels[:16] == [*range(9), *range(10, 17)]
    assert channels[-1] == 9
    assert len(set(channels)) == 51
    assert not {25, 41} & set(channels)


def test_a_program_may_go_by_its_general_midi_name():
    bot = '[[bot]]\nclass = "hello"\nprogram = "electric piano 1"\n'
    assert piece_from(SMALLEST + bot).bots[0].strip.program == 4


def test_an_instrument_is_chosen_by_name_and_brings_its_program_unless_that_is_given():
    bots = (
        '[[bot]]\nid = "a"\nclass = "hello"\ninstrument = "flute"\nreverb = 0.5\n'
        '[[bot]]\nid = "b"\nclass = "hello"\ninstrument = "flute"\nprogram = 0\n'
        '[[bot]]\nrole = "drums"\ninstrument = "jazz"\n'
    )
    strips = [bot.strip for bot in piece_from(SMALLEST + bots).bots]
    assert [strip.instrument for strip in strips] == ["flute", "flute", "jazz"]
    assert [strip.program for strip in strips] == [72, 0, 0]
    assert [strip.reverb for strip in strips] == [0.5, None, None]


def test_settings_reach_the_bot_as_they_were_written():
    bot = (
        '[[bot]]\nclass = "bass"\nsettings = { temperature = 0.5, style = "walk", steps = [1, 2] }'
    )
    settings = piece_from(SMALLEST + bot).bots[0].settings
    assert settings == {"temperature": 0.5, "style": "walk", "steps": [1, 2]}


def test_the_form_is_played_again_until_the_bars_are_full():
    piece = piece_from('title = "x"\nform = ["A", "B", "A"]\n' + _sections(A=2, B=3))
    score = piece.score(bars=9)
    names = [passage.section.name for passage in score.passages]
    bars = [score.meter_map.bar_at(passage.section.start_tick) for passage in score.passages]
    assert list(zip(names, bars, strict=True)) == [("A", 0), ("B", 2), ("A", 5), ("A", 7)]


def test_the_last_bar_comes_home():
    score = piece_from(SMALLEST.replace('"C | Am | F | G"', '"Am | F"') + "key = 'A minor'").score(
        bars=3
    )
    assert str(score.passages[-1].spans[-1].chord) == "Am"


def test_a_held_chord_spans_the_bar_line():
    piece = piece_from(SMALLEST.replace("C | Am | F | G", "C | % G | F | C") + "bars = 8\n")
    spans = piece.score().passages[0].spans
    assert [(span.tick, str(span.chord)) for span in spans[:3]] == [
        (0, "C"),
        (2880, "G"),
        (3840, "F"),
    ]


def test_chords_follow_the_bar_lines_where_the_meter_changes():
    text = 'time_signature_changes = [{ bar = 2, time_signature = "3/4" }]\n' + SMALLEST
    score = piece_from(text).score()
    assert [span.tick for span in score.passages[0].spans] == [0, 1920, 3360, 4800]


def test_a_section_may_have_its_own_time_signature():
    text = 'title = "x"\n' + _sections(A=2, B=2) + 'time_signature = "6/8"\n'
    score = piece_from(text).score(bars=6)
    signatures = [str(score.meter_map.time_signature_at(bar)) for bar in range(6)]
    assert signatures == ["4/4", "4/4", "6/8", "6/8", "4/4", "4/4"]


def test_a_ramp_reaches_its_tempo_when_it_ends():
    text = SMALLEST.replace("[[section]]", "[tempo]\nbpm = 60\nchanges = [{ bar = 2, bpm = 120, "
                            "ramp_bars = 2 }]\n[[section]]")  # fmt: skip
    tempo_map = piece_from(text).score().tempo_map
    assert [tempo_map.bpm_at(1920 * bar) for bar in range(4)] == [60, 60, 90, 120]


def test_a_ritardando_counted_from_the_end_moves_with_the_end():
    piece = load_piece("nightfall")
    for bars in (48, 24):
        score = piece.score(bars=bars)
        start_tick = score.meter_map.bar_tick(bars - 4)
        assert score.tempo_map.bpm_at(score.end_tick) == 40
        assert score.tempo_map.bpm_at(start_tick) > 40


def test_a_ramp_that_is_cut_short_sounds_the_same_until_then():
    ramp = "{ bar = 5, bpm = 120, ramp_bars = 8 }"
    text = SMALLEST.replace("[[section]]", "bars = 16\n[tempo]\nchanges = [CHANGES]\n[[section]]")
    whole = piece_from(text.replace("CHANGES", ramp)).score()
    cut = piece_from(text.replace("CHANGES", ramp + ", { bar = -2, bpm = 60 }")).score(bars=10)
    tick = whole.meter_map.bar_tick(8)
    assert cut.tempo_map.bpm_at(tick) == 60
    assert cut.tempo_map.seconds_at(tick) == pytest.approx(
        whole.tempo_map.seconds_at(tick), abs=1e-6
    )


def test_another_opening_tempo_scales_every_later_one():
    piece = load_piece("nightfall")
    usual, faster = piece.score(), piece.score(bpm=90)
    for bar in (0, 14, 30, 40, 47):
        tick = usual.meter_map.bar_tick(bar)
        assert faster.tempo_map.bpm_at(tick) == pytest.approx(1.5 * usual.tempo_map.bpm_at(tick))


def test_arguments_out_of_range_are_refused():
    piece = load_piece("nightfall")
    for wrong, words in (
        ({"bars": 0}, "bars must be in 1..100000, got 0"),
        ({"bars": 100_001}, "bars must be in 1..100000, got 100001"),
        ({"seed": -1}, "seed must be in 0..9223372036854775807, got -1"),
        ({"seed": 2**63}, "got 9223372036854775808"),
        ({"bpm": 450.0}, "10..480"),
        ({"bpm": 0.0}, "10..480"),
    ):
        with pytest.raises(ConfigError, match=words.replace(".", r"\.")):
            piece.score(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(list_pieces()))
def test_every_shipped_piece_is_played_from_end_to_end(name):
    piece = load_piece(name)
    score = piece.score()
    _assert_tiled(score)
    assert piece.name == name
    assert len({strip.channel for strip in score.strips}) == len(score.strips) == 3
    assert score.tempo_map.seconds_at(score.end_tick) > 60


def test_three_pieces_of_different_character_are_shipped():
    tables = {name: load_piece(name).table for name in list_pieces()}
    assert {"trio", "waltz", "nightfall"} <= set(tables)
    assert tables["waltz"].time_signature == TimeSignature(3, 4)
    assert tables["nightfall"].tempo.changes
    assert any(section.tacet for section in tables["nightfall"].section)


def test_a_folder_is_found_beside_the_piece(tmp_path):
    (tmp_path / "owl").mkdir()
    (tmp_path / "owl" / "bot.py").write_text("")
    path = tmp_path / "owl.toml"
    path.write_text(SMALLEST + '[[bot]]\nid = "owl"\nfolder = "owl"\n')
    assert load_piece(path).bots[0].bot == str(tmp_path / "owl")


def test_an_output_names_its_target():
    piece = piece_from(SMALLEST + '[[output]]\nkind = "midifile"\npath = "x.mid"\n')
    assert [(out.kind, out.path) for out in piece.outputs] == [("midifile", Path("x.mid"))]


def test_an_unknown_piece_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match="unknown piece 'tro'; did you mean 'trio'"):
        load_piece("tro")


def test_a_missing_file_is_told_by_its_path(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no file .*gone\.toml"):
        load_piece(tmp_path / "gone.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        load_piece(path)


def _sections(**bars: int) -> str:
    return "".join(
        f'[[section]]\nname = "{name}"\nchords = "C | F G"\nbars = {n}\n'
        for name, n in bars.items()
    )


def _assert_tiled(score) -> None:
    """Passages fill the score without gaps, and chords each passage."""
    edges = [passage.section.start_tick for passage in score.passages] + [score.end_tick]
    assert edges[0] == 0
    for passage, end in zip(score.passages, edges[1:], strict=True):
        assert passage.section.end_tick == end
        ticks = [span.tick for span in passage.spans]
        assert ticks[0] == passage.section.start_tick
        assert all(a.tick + a.duration_ticks == b.tick for a, b in pairwise(passage.spans))
        assert passage.spans[-1].tick + passage.spans[-1].duration_ticks == end


SECTIONS = st.lists(
    st.fixed_dictionaries(
        {
            "chords": st.lists(
                st.lists(
                    st.sampled_from(["C", "Am7", "F#m7b5", "Bb/D", "%"]), min_size=1, max_size=5
                ).map(" ".join),
                min_size=1,
                max_size=6,
            ).map(lambda bars: "Dm " + " | ".join(bars)),
            "bars": st.integers(1, 9),
            "time_signature": st.sampled_from(["4/4", "3/4", "6/8", "5/8", "7/16", "2/2"]),
            "density": st.floats(0, 1),
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(sections=SECTIONS, bars=st.integers(1, 40), data=st.data())
def test_any_form_in_any_meter_is_laid_out_without_gaps(sections, bars, data):
    names = [f"s{index}" for index in range(len(sections))]
    form = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=6))
    lines = ['title = "x"', f"form = {form!r}"]
    for name, section in zip(names, sections, strict=True):
        lines += ["[[section]]", f'name = "{name}"']
        lines += [f"{key} = {value!r}" for key, value in section.items()]
    piece = piece_from("\n".join(lines))
    score = piece.score(bars=bars)
    _assert_tiled(score)
    read = [(section.n_bars, str(section.time_signature), section.density) for section in
            piece.table.section]  # fmt: skip
    assert read == [(s["bars"], s["time_signature"], s["density"]) for s in sections]


def test_a_bot_stands_for_a_piece_in_which_it_plays_alone(tmp_path, monkeypatch):
    (tmp_path / "my tune.py").write_text(
        "from musebots import Musebot\n\n\nclass Tune(Musebot):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    (bot,) = load_piece("my tune.py").bots
    assert (bot.id, bot.bot) == ("my-tune", str(tmp_path / "my tune.py"))
    assert [bot.bot for bot in load_piece("hello").bots] == ["hello"]


@pytest.mark.parametrize("bars", [None, 4, 7])
def test_a_piece_slows_down_into_its_last_bar_wherever_it_ends(bars):
    score = piece_from(SMALLEST + "bars = 16\n").score(bars=bars)
    last_tick = score.meter_map.bar_tick(score.n_bars - 1)
    before = score.tempo_map.bpm_at(score.meter_map.bar_tick(score.n_bars - 2))
    assert score.tempo_map.bpm_at(0) == before == 100
    assert score.tempo_map.bpm_at(last_tick) == score.tempo_map.bpm_at(score.end_tick) < 80


@pytest.mark.parametrize(("wish", "beats"), [("false", 0), ("0", 0), ("2", 2), ("6.5", 6.5)])
def test_how_long_it_slows_down_is_for_the_piece_to_say(wish, beats):
    text = SMALLEST.replace("[[section]]", f"[tempo]\nritardando = {wish}\n[[section]]")
    score = piece_from(text).score()
    start_tick = score.meter_map.bar_tick(3) - round(480 * beats)
    assert score.tempo_map.bpm_at(start_tick) == 100
    assert (score.tempo_map.bpm_at(score.end_tick) < 80) == (beats > 0)


def test_a_written_end_is_left_as_it_is():
    tempo = "[tempo]\nchanges = [{ bar = -2, bpm = 90, ramp_bars = 2 }]\n[[section]]"
    score = piece_from(SMALLEST.replace("[[section]]", tempo)).score()
    assert score.tempo_map.bpm_at(score.end_tick) == 90
