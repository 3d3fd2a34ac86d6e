"""The monitor in renders of a real piece, with a small background made here. Seed 1."""

import json
import re

import mido
import numpy as np
import pytest

from creativity.background import Setup, load_background, save_background
from director.outputs.base import Marker
from director.outputs.memory import MemoryOutput
from director.outputs.smf import midi_file
from ensembles.calibration import calibrate_piece, run_seed
from ensembles.cli import run
from ensembles.config import load_piece, parse_piece
from ensembles.logbook import Logbook, read_logbook
from ensembles.monitoring import monitor_of
from ensembles.rendering import render
from musebots import messages as m
from musebots.errors import BackgroundError, ConfigError
from musebots.generators import STEP_TICKS
from musebots.rnn.checkpoint import shipped_checkpoint

N_BARS = 12
SETUP = Setup(window_steps=16, block_steps=32)


@pytest.fixture(scope="module")
def background(tmp_path_factory):
    path = tmp_path_factory.mktemp("background") / "trio.background"
    save_background(calibrate_piece(load_piece("trio"), n_runs=8, bars=N_BARS, setup=SETUP), path)
    return path


@pytest.fixture
def piece(background, tmp_path):
    text = f'title = "Heard"\n[monitor]\nbackground = "{background}"\nflags_per_hour = 3600.0\n'
    text += '[[section]]\nname = "A"\nchords = "C | Am | F | G"\n'
    return parse_piece(text, source="heard.toml")


def notes_of(path):
    """All messages of all strips, with their times: everything but the conductor's track."""
    return [list(track) for track in mido.MidiFile(path).tracks[1:]]


def markers_of(path):
    found, tick = [], 0
    for message in mido.MidiFile(path).tracks[0]:
        tick += message.time
        if message.type == "marker":
            found.append((tick, message.text))
    return found


def test_the_background_of_a_piece_names_the_networks_that_played_it(background):
    made = load_background(background)
    assert {voice.network for voice in made.voices.values()} == {
        shipped_checkpoint(role).sha256 for role in ("melody", "bass", "drums")
    }
    assert made.made["bars"] == N_BARS
    assert all(0 < voice.surprise < 5 for voice in made.voices.values())


def test_calibrating_gives_the_same_bytes_however_many_runs_are_played_at_a_time(tmp_path):
    setup = Setup(window_steps=4, block_steps=8)
    for name, n_jobs in (("one", 1), ("two", 2)):
        made = calibrate_piece(load_piece("trio"), n_runs=5, bars=2, setup=setup, n_jobs=n_jobs)
        save_background(made, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_runs_of_different_backgrounds_and_sessions_do_not_share_seeds():
    seeds = {run_seed(seed, index) for seed in range(3) for index in range(100)}
    assert len(seeds) == 300
    assert min(seeds) > 1_000_000


def test_the_notes_do_not_depend_on_the_monitor_and_flags_can_be_repeated(piece, tmp_path):
    for name in ("one", "two"):
        report = render(
            piece, bars=N_BARS, seed=1, midi_path=tmp_path / f"{name}.mid",
            report_path=tmp_path / f"{name}.html",
        )  # fmt: skip
    plain = parse_piece(
        'title = "Heard"\n[[section]]\nname = "A"\nchords = "C | Am | F | G"\n', source="p.toml"
    )
    render(plain, bars=N_BARS, seed=1, midi_path=tmp_path / "plain.mid")
    assert notes_of(tmp_path / "one.mid") == notes_of(tmp_path / "plain.mid")
    for suffix in ("mid", "html", "jsonl"):
        one, two = (tmp_path / f"{name}.{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    assert set(report.monitoring) == {"melody", "bass", "drums", "the band"}


def test_flags_stand_as_markers_in_the_midi_file_and_as_lines_in_the_logbook(piece, tmp_path):
    symusic = pytest.importorskip("symusic")
    path = tmp_path / "a.mid"
    report = render(piece, bars=N_BARS, seed=1, midi_path=path, is_monitored=True)
    lines = read_logbook(tmp_path / "a.jsonl")
    flags = [line for line in lines if line["event"] == "flag"]
    assert lines[0]["event"] == "session"
    assert lines[0]["seed"] == 1
    assert report.n_flags == len(flags) > 0
    ours = [(tick, text) for tick, text in markers_of(path) if "unusual" in text]
    assert [tick for tick, _ in ours] == sorted(flag["first_tick"] for flag in flags)
    theirs = symusic.Score(str(path)).markers
    assert sorted((x.time, x.text) for x in theirs if "unusual" in x.text) == sorted(ours)
    counted = [line for line in lines if line["event"] == "monitoring"]
    assert {line["bot_id"] for line in counted} == {"melody", "bass", "drums", ""}
    assert all(line["n_scanned"] + line["n_skipped"] == N_BARS * 16 for line in counted)


def test_the_page_needs_nothing_else_and_shows_every_bot_and_flag(piece, tmp_path):
    page_path = tmp_path / "a.html"
    report = render(piece, bars=N_BARS, seed=1, report_path=page_path)
    page = page_path.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "url(" not in page
    assert page.count('class="flag"') == report.n_flags == page.count("<article")
    assert page.count("data:image/png;base64,") == 3
    for word in ("melody", "bass", "drums", "the band", "steps scanned", "nats a step"):
        assert word in page


def test_a_piece_without_background_is_listened_to_with_a_word_of_warning_or_not_at_all(
    background, monkeypatch
):
    said = []
    monkeypatch.setattr("creativity.background.shipped_background", {"trio": background}.get)
    spec = monitor_of(load_piece("waltz"), is_wanted=True, on_notice=said.append)
    assert spec is not None
    assert "calibrate waltz" in said[0]
    assert monitor_of(load_piece("trio"), is_wanted=True, on_notice=said.append) is not None
    assert len(said) == 1
    assert monitor_of(load_piece("trio")) is None
    monkeypatch.setattr("creativity.background.shipped_background", {}.get)
    with pytest.raises(BackgroundError, match="musebots calibrate"):
        monitor_of(load_piece("trio"), is_wanted=True)


@pytest.mark.parametrize("name", ["trio", "waltz", "nightfall", "wander", "harbour"])
def test_a_shipped_piece_has_a_background_of_its_own_that_can_keep_its_promise(name):
    piece, said = load_piece(name), []
    spec = monitor_of(piece, is_wanted=True, on_notice=said.append)
    assert said == []
    made = load_background(spec.background)
    assert made.piece == name
    for bot in piece.bots:
        assert made.voices[bot.id].network == shipped_checkpoint(bot.role).sha256
    assert made.setup.window_steps * STEP_TICKS == piece.score().meter_map.bar_tick(2)
    norms = [made.band.rate, *(voice.norm.rate for voice in made.voices.values())]
    fastest = max(point.bpm for point in piece.score().tempo_map.points)
    for norm in norms:
        assert np.isfinite(norm.threshold(spec.flags_per_hour / len(norms), 60 / fastest / 4))


def test_a_background_that_is_not_there_is_a_mistake_of_the_piece(tmp_path):
    text = 'title = "x"\n[monitor]\nbackground = "nowhere"\n[[section]]\nname = "A"\nchords = "C"\n'
    piece = parse_piece(text, folder=tmp_path)
    with pytest.raises(ConfigError, match="does not exist"):
        render(piece, bars=2, midi_path=tmp_path / "x.mid")


@pytest.mark.parametrize("value", ["0", "-1", '"many"'])
def test_a_promise_must_be_a_positive_number(value):
    text = (
        f'title = "x"\n[monitor]\nflags_per_hour = {value}\n[[section]]\nname = "A"\nchords = "C"'
    )
    with pytest.raises(ConfigError, match="flags_per_hour"):
        parse_piece(text)


def test_the_command_calibrates_and_says_what_was_counted(tmp_path, capsys):
    path = tmp_path / "b"
    arguments = [
        "calibrate",
        "trio",
        "--runs",
        "4",
        "--bars",
        "4",
        "--window",
        "4",
        "-o",
        str(path),
    ]
    assert run([*arguments, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["runs"] == {"fit": 1, "table": 1, "tune": 1, "test": 1}
    assert load_background(path).setup.window_steps == 4


def test_a_logbook_is_only_appended_to_and_survives_a_line_that_was_cut_off(tmp_path):
    score = load_piece("trio").score(bars=4)
    path = tmp_path / "log.jsonl"
    Logbook(path, score)
    with path.open("a") as file:
        file.write('{"event": "fl')
    Logbook(path, score).write("other", 3)
    assert next(line["event"] for line in read_logbook(path)) == "session"
    assert path.read_text().count("session") == 2


def test_a_logbook_that_cannot_be_written_ends_nothing(tmp_path, caplog):
    logbook = Logbook(tmp_path / "no" / "log.jsonl", load_piece("trio").score(bars=4))
    logbook.find(m.Monitoring("a", 1, 0), 5)
    assert "cannot be written" in caplog.text
    assert len(caplog.records) == 1


def test_markers_make_no_sound_and_need_no_strip():
    score = load_piece("trio").score(bars=2)
    out = MemoryOutput()
    events = [Marker(480, 0.5, "here"), Marker(10**9, 1.0, "beyond the end")]
    for event in events:
        out.send(event)
    file = midi_file(score, out.events)
    texts = [x.text for x in file.tracks[0] if x.type == "marker"]
    assert "here" in texts
