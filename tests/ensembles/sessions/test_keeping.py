"""What is written down while the music plays, and that nobody waits for it."""

import json
import logging
import os
import time

import pytest

from ensembles.sessions.folder import SessionFolder, all_folders, find_folder, new_folder
from ensembles.sessions.keeping import kept
from ensembles.sessions.lines import LineWriter, read_lines
from ensembles.sessions.listing import summaries
from ensembles.sessions.reading import read_session
from musebots import messages as m
from musebots.errors import ConfigError


def test_what_was_written_half_a_second_ago_is_in_the_file(tmp_path):
    writer = LineWriter(tmp_path / "x.jsonl", latest=tmp_path / "latest.json")
    for number in range(1000):
        writer.write({"event": "x", "number": number, "blob": b"\0\1"})
    writer.keep({"bar": 1})
    writer.keep({"bar": 2})
    end = time.monotonic() + 10
    while time.monotonic() < end and not (tmp_path / "latest.json").exists():
        time.sleep(0.02)
    rows = read_lines(tmp_path / "x.jsonl")  # while the writer is still at it
    assert [row["number"] for row in rows] == list(range(1000))
    assert rows[0]["blob"] == "AAE="
    assert json.loads((tmp_path / "latest.json").read_text()) == {"bar": 2}
    writer.close()


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    (tmp_path / "x.jsonl").write_bytes(b'{"event":"a"}\n{"event":"b"}\n{"eve\xff')
    assert [row["event"] for row in read_lines(tmp_path / "x.jsonl")] == ["a", "b"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_told_once_and_nobody_else_notices(tmp_path, caplog):
    (tmp_path / "x.jsonl").symlink_to("/dev/full")
    writer = LineWriter(tmp_path / "x.jsonl")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            writer.write({"event": "x"})
            time.sleep(0.6)
    writer.close()
    (record,) = caplog.records
    assert "cannot be written: No space left on device; the music goes on" in record.message


async def test_a_session_in_which_nothing_was_played_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with kept("trio", request=None, saved=None, must_be=True) as recorder:
        assert recorder.folder.path.is_dir()
    assert list((tmp_path / "sessions").iterdir()) == []


async def test_without_room_for_a_folder_the_music_plays_unless_it_is_to_be_recorded_there(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sessions").write_text("in the way")
    with kept("trio", request=None, saved=None, must_be=False) as recorder:
        assert recorder is None
    assert "this session is not kept: cannot make the folder" in caplog.text
    with (
        pytest.raises(ConfigError, match="say where to record with -o"),
        kept("trio", request=None, saved=None, must_be=True),
    ):
        pass


def test_two_sessions_of_the_same_second_do_not_meet(tmp_path):
    folders = [new_folder("a/../b c", tmp_path) for _ in range(3)]
    assert len({folder.path for folder in folders}) == 3
    assert {folder.path.parent for folder in folders} == {tmp_path}


def test_a_session_is_found_by_name_by_folder_or_as_the_latest(tmp_path):
    for number, name in enumerate(("old", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "journal.jsonl").write_text("{}")
        os.utime(tmp_path / name / "journal.jsonl", (1e9 + number, 1e9 + number))
    assert find_folder("old", tmp_path) == SessionFolder(tmp_path / "old")
    assert find_folder(str(tmp_path / "old"), tmp_path / "elsewhere").name == "old"
    assert find_folder("latest", tmp_path).name == "new"
    assert [folder.name for folder in all_folders(tmp_path)] == ["new", "old"]
    with pytest.raises(ConfigError, match="there is no session 'x'"):
        find_folder("x", tmp_path)
    with pytest.raises(ConfigError, match="there are no sessions"):
        find_folder("latest", tmp_path / "nowhere")


def test_the_journal_has_what_was_said_turned_and_rated_and_who_played(keep):
    async def meddle(director, tell):
        await director.clock.until(6.5)
        tell(m.Mix("bass", "gain_db", -12.0, 0.5))
        tell(m.SetTempo(140.0, 2.0))
        tell(m.Control("", "density", 0.9))
        tell(m.Rating("melody", 1, 0, 1920, "me"))

    folder = keep(script=meddle)
    session = read_session(folder)
    (stretch,) = session.stretches
    said = [heard.message for heard in stretch.messages()]
    assert {type(message) for message in said} >= {
        m.Hello, m.Ready, m.Broadcast, m.Mix, m.SetTempo, m.Control, m.Rating, m.Bye,
    }  # fmt: skip
    assert m.Rating("melody", 1, 0, 1920, "me") in said
    values = [row["values"] for row in stretch.of("message") if "values" in row]
    assert {"bot_id": "", "name": "density", "value": pytest.approx(0.9)} in values
    bots = stretch.head["bots"]
    assert set(bots) == {"melody", "bass", "drums"}
    assert all(len(of["code"]) == len(of["network"]) == 64 for of in bots.values())
    assert (stretch.head["seed"], stretch.end["n_bars"]) == (3, 8)
    ats = [row["at"] for row in stretch.rows if row["at"] is not None]
    assert ats == sorted(ats)
    assert ats[-1] > 10


def test_a_session_that_was_stopped_before_it_began_has_no_bars(keep, tmp_path):
    async def stop(director, tell):
        tell(m.Stop())

    folder = keep(script=stop)
    assert not list(read_session(folder).rows("start"))
    (summary,) = summaries(tmp_path / "sessions")
    assert (summary.state, summary.n_bars, summary.music_seconds) == ("whole", 0, 0.0)


def test_listing_tells_whole_cut_off_and_unreadable_ones_apart(keep, tmp_path):
    keep(name="whole")
    keep(name="cut", is_ended=False, request={"piece": "x"})
    (tmp_path / "sessions" / "bad").mkdir()
    (tmp_path / "sessions" / "bad" / "journal.jsonl").write_text('{"event": "session"}\n')
    found = {summary.name: summary for summary in summaries(tmp_path / "sessions")}
    assert {name: of.state for name, of in found.items()} == {
        "whole": "whole", "cut": "cut off", "bad": "unreadable",
    }  # fmt: skip
    whole = found["whole"]
    assert (whole.n_bars, whole.piece, whole.seed) == (8, "kept", 3)
    assert whole.n_notes == sum(read_session(find_folder("whole", tmp_path / "sessions"))
                                .stretches[0].end["n_notes"].values())  # fmt: skip
    assert whole.bots == ("melody", "bass", "drums")
    assert "has format None, we read 1" in found["bad"].fault
