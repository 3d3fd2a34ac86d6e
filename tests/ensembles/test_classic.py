"""Classic folders and ensemble files, as people left them."""

import pytest

from ensembles.classic.folders import (
    config_text,
    is_classic_folder,
    read_info,
    read_output_channels,
    start_command,
)
from ensembles.classic.pieces import load_set
from ensembles.classic.sets import parse_set
from ensembles.config import parse_piece
from ensembles.rendering import render
from musebots.errors import ConfigError


def folder_with(path, **files):
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def test_an_ensemble_file_is_read_whatever_else_stands_in_it():
    text = (
        "\ufefftempo 60 duration 360\r\n\r\n# a comment\r\n"
        "BassBot delay 10 gain 0.5 kill 99 initialize 1 mood blue odd\r\n"
        "BassBot\nArne's-Bot onoff 0.5\n"
    )
    parsed = parse_set(text, source="x.txt")
    assert (parsed.bpm, parsed.n_bars) == (60.0, 90)
    first, second, third = parsed.entries
    assert (first.gain, first.delay_seconds, first.kill_seconds) == (0.5, 10.0, 99.0)
    assert first.others == (("initialize", 1), ("mood", "blue"))
    assert [entry.id for entry in parsed.entries] == ["BassBot", "BassBot-2", "Arne-s-Bot"]
    assert second.settings == {}
    assert third.others == (("onoff", 0.5),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tempo 60 duration 360\n", "names no bot"),
        ("tempo fast\nx\n", "line 1: must be a number in 10..480, got 'fast'"),
        ("tempo 60\nx gain loud\n", "line 2: must be a number in 0..10, got 'loud'"),
    ],
)
def test_a_mistake_in_an_ensemble_file_names_the_line(text, words):
    with pytest.raises(ConfigError, match=words):
        parse_set(text, source="x.txt")


def test_a_set_is_a_piece_and_its_bots_lie_beside_it_as_they_always_did(tmp_path):
    folder_with(tmp_path / "Musebots" / "One", run__command="true")
    (tmp_path / "Ensembles").mkdir()
    path = tmp_path / "Ensembles" / "set.txt"
    path.write_text("tempo 90 duration 16\nOne gain 0 delay 3\nhello\n")
    piece = load_set(path)
    assert [bot.id for bot in piece.bots] == ["One", "hello"]
    assert piece.bots[0].bot == str(tmp_path / "Musebots" / "One")
    assert piece.bots[0].settings == {"delay": 3.0}
    assert piece.bots[0].strip.gain_db == -60.0
    assert (piece.bpm, piece.n_bars) == (90.0, 6)
    with pytest.raises(ConfigError, match="One is a classic musebot"):
        render(piece, midi_path=tmp_path / "x.mid")


def test_a_classic_bot_plays_in_a_piece_of_ours(tmp_path):
    folder_with(tmp_path / "One", run__sh="true")
    text = '[[section]]\nname = "A"\nchords = "C"\n[[bot]]\nid = "one"\nfolder = "One"\n'
    piece = parse_piece('title = "x"\n' + text, folder=tmp_path)
    assert piece.bots[0].bot == str(tmp_path / "One")


def test_a_folder_is_classic_if_it_has_a_script_and_is_none_of_ours(tmp_path):
    old = folder_with(tmp_path / "old", run__command="true")
    ours = folder_with(tmp_path / "ours", run__sh="true", bot__py="")
    assert is_classic_folder(old)
    assert not is_classic_folder(ours)
    assert not is_classic_folder(tmp_path)
    assert start_command(old) == ["bash", str(old / "run.command")]
    with pytest.raises(ConfigError, match="neither run.sh nor run.command"):
        start_command(tmp_path)


def test_the_config_is_byte_for_byte_that_of_the_original_conductor():
    text = config_text("x", host="h", conductor_port=4747, port=7475, output_channels=2)
    assert text == (
        "id x\nmc_hostname h\nmc_listen_port 4747\nmy_listen_port 7475\noutput_channels 2\n"
    )


def test_an_old_config_tells_the_output_channels_and_its_junk_is_passed_over(tmp_path):
    bot = folder_with(tmp_path / "a", config__txt="id x\r\noutput_channels 8 // eight\n\xff\n")
    assert read_output_channels(bot) == 8
    assert read_output_channels(tmp_path) == 2


def test_what_info_says_is_read_as_far_as_it_makes_sense(tmp_path):
    text = (
        "## name\nBass\n## version\n1.0\n## instrumentation\n\nsine bass\n## messages\n"
        "type:\n@bass @drone\nsends:\n@notepool - the chord\n@hdensity\nreceives:\n"
        "@plan/chords - for the next phrase\njunk\n## credits\nsomebody\n"
    )
    info = read_info(folder_with(tmp_path / "a", info__txt=text))
    assert info.sends == {"notepool": "the chord", "hdensity": ""}
    assert info.receives == {"plan/chords": "for the next phrase"}
    assert str(info) == "sine bass; sends notepool, hdensity; hears plan/chords"
    assert str(read_info(tmp_path)) == ""
