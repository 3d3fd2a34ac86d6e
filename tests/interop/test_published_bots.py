"""What the musebots and conductors published in 2015-2017 do with files and words, by reading them.

Each test states a fact of one of them: the Max conductors' reading of a bot's folder, the Max,
Python and SuperCollider templates' reading of `config.txt`, a bass bot's reading of intents.
"""

import pytest

from ensembles.classic.exporting import export_bot
from ensembles.classic.folders import config_text, read_info
from ensembles.classic.pieces import load_set
from ensembles.classic.sets import parse_set, safe_id
from musebots.intents import Intent

INFO = """## name ##

x_BassBOT

## instrumentation ##

Plays the lowest note of the notepool.

type:
    @bass
    @x

## messages ##

sends:
    @nothing

receives:
    @onoff (to start & stop);
    @tala (additive rhythm of 2 & 3);
    @exiting - when the producer finishes its form.

## credits ##
"""


def test_info_is_read_as_published_bots_write_it(tmp_path):
    (tmp_path / "info.txt").write_text(INFO)
    info = read_info(tmp_path)
    assert info.title == "Plays the lowest note of the notepool."
    assert info.tags == ("bass", "x")
    assert info.sends == {}
    assert list(info.receives) == ["onoff", "tala", "exiting"]
    assert info.receives["exiting"] == "when the producer finishes its form."


def as_the_max_conductor_reads(text):
    """It finds a section by its name between blanks, and topics in their own section alone."""
    found, section, part = {}, "", ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("## "):
            names = [n for n in ("instrumentation", "messages") if f" {n} " in line]
            section, part = (names or [""])[0], ""
        elif line == "type:" and section == "instrumentation":
            part = "types"
        elif line in ("sends:", "receives:") and section == "messages":
            part = line[:-1]
        elif line.startswith("@") and part:
            found.setdefault(part, []).append(line[1:].split()[0])
    return found


@pytest.mark.parametrize("bot", ["bass", "hello"])
def test_an_exported_bot_is_complete_to_the_max_conductor_on_either_system(bot, tmp_path):
    made = export_bot(bot, tmp_path / "Ours")
    names = {path.name for path in made.iterdir()}
    assert {"info.txt", "config.txt", "run.command", "run.vbs"} <= names
    found = as_the_max_conductor_reads((made / "info.txt").read_text())
    assert set(found) == {"types", "sends", "receives"}
    assert set(found["receives"]) >= {"notepool", "plan/chords", "plan/chordDuration"}
    script = (made / "run.vbs").read_bytes().decode()
    assert all(line.endswith("\r") for line in script.split("\n")[:-1])
    assert f'--bot ""{bot}"""' in script


def test_a_config_bears_the_templates_that_read_thirty_characters_or_split_lines_in_two():
    name = safe_id("A bot with a name that is longer than most")
    text = config_text(name, host="127.0.0.1", conductor_port=4747, port=15535, output_channels=16)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert len(lines) == 5
    assert all(len(line) <= 30 and len(line.split(" ")) == 2 for line in lines)


def test_an_ensemble_may_connect_bots_in_jack_and_its_bots_lie_sorted_in_folders(tmp_path):
    bass = tmp_path / "Musebots" / "Bass Generators" / "x_BassBOT"
    bass.mkdir(parents=True)
    (bass / "run.command").write_text("true")
    (tmp_path / "Ensembles").mkdir()
    path = tmp_path / "Ensembles" / "set.txt"
    path.write_text("tempo 90 duration 16\nx_BassBOT gain 0.5\njack_connect x_BassBOT x_PadBOT\n")
    assert [entry.name for entry in parse_set(path.read_text(), source="x").entries] == [
        "x_BassBOT"
    ]
    assert [bot.bot for bot in load_set(path).bots] == [str(bass)]


def test_an_intent_is_read_as_a_bass_bot_says_it_and_said_so_that_it_can_read_it():
    mask = "9_0_0_0_9_0_0_0_9_0_0_0_9_0_0_0"
    heard = Intent.read("x", (f"activityMask={mask}", "pitchclassPool=0_3_7"), 7680)
    assert heard == Intent("x", 7680, tuple(int(value) for value in mask.split("_")))
    said = Intent("ours", 7680, (5,) * 16, wish=0.5).values()
    pairs = dict(value.split("=") for value in said)  # it splits every value, so all are text
    assert len(pairs["activityMask"].split("_")) == 16
