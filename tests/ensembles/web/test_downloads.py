"""What can be taken home from the page, and that nothing else can."""

import io
import json
import socket
import threading
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette

from ensembles.sessions.folder import SessionFolder
from ensembles.web import downloads
from ensembles.web.downloads import DOWNLOADS, download_routes
from ensembles.web.state import Stage

from .stage import until

SESSION = {
    "event": "session", "at": None, "format": 1, "version": "0", "began": "2026", "piece": "x",
    "request": None, "seed": 0, "bots": {}, "cast": {},
    "score": {
        "title": "x", "tempo_map": {"points": [{"tick": 0, "bpm": 120.0, "is_ramp": False}]},
        "meter_map": {"changes": [[0, {"numerator": 4, "denominator": 4}]]},
        "passages": [], "n_bars": 1,
        "strips": [{"bot_id": "bass", "role": "bass", "channel": 1}],
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    folder = SessionFolder(tmp_path / "sessions" / "x-1")
    folder.path.mkdir(parents=True)
    (tmp_path / "secret.mid").write_text("secret")
    note = {"tick": 0, "seconds": 0.0, "bot_id": "bass", "channel": 1, "pitch": 40}
    rows = [
        SESSION,
        {"event": "played", "at": 0.0, "kind": "NoteOn", "what": {**note, "velocity": 90}},
        {"event": "played", "at": 0.1, "kind": "NoteOff", "what": {**note, "tick": 480}},
    ]
    folder.journal.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder


@contextmanager
def served(path):
    """The routes in a thread; gives what fetches from them: status, headers, content."""
    stage = Stage()
    stage.put("session", {"session": path})
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = Starlette(routes=list(download_routes(stage)))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        until(lambda: server.started)
        origin = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def fetch(place):
            try:
                with urllib.request.urlopen(origin + place, timeout=60) as answer:
                    return answer.status, dict(answer.headers), answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, dict(error.headers), error.read()

        yield fetch
        server.should_exit = True
        thread.join(10)


def test_what_there_is_is_listed_and_can_be_had(folder, monkeypatch, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(downloads.tempfile, "tempdir", str(scratch))
    with served(str(folder.path)) as fetch:
        listed = json.loads(fetch("/downloads.json")[2])
        assert [one["kind"] for one in listed] == [one.kind for one in DOWNLOADS]
        status, headers, content = fetch("/download/midi")
        assert status == 200
        assert content.startswith(b"MThd")
        assert headers["content-disposition"] == 'attachment; filename="x-1.mid"'
        status, _, content = fetch("/download/bundle")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.read("x-1/journal.jsonl") == folder.journal.read_bytes()
        until(lambda: not list(scratch.iterdir()))  # nothing is left lying about


def test_sound_and_stems_can_be_had_where_there_is_sound(folder):
    pytest.importorskip("pyo", reason="pyo is not installed")
    with served(str(folder.path)) as fetch:
        status, _, content = fetch("/download/wav")
        assert (status, content[:4]) == (200, b"RIFF")
        status, _, content = fetch("/download/stems")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.namelist() == ["x-1-stems/bass.wav"]


@pytest.mark.parametrize(
    "place",
    [
        "/download/..%2Fsecret.mid", "/download/../secret.mid", "/download/%2e%2e/secret.mid",
        "/download/midi/../../secret.mid", "/download/%2Fetc%2Fpasswd", "/download/journal.jsonl",
        "/download/midi%00", "/download/", "/download/MIDI",
        "/download/midi%2F..%2F..%2Fsecret.mid",
    ],
)  # fmt: skip
def test_no_path_escapes_the_session(folder, place):
    with served(str(folder.path)) as fetch:
        status, _, content = fetch(place)
    assert status == 404
    assert b"secret" not in content
    assert b"root:" not in content


@pytest.mark.parametrize("path", ["", None, 7, "/nowhere/at/all"])
def test_a_session_that_is_not_kept_offers_nothing(path):
    with served(path) as fetch:
        assert json.loads(fetch("/downloads.json")[2]) == []
        assert fetch("/download/midi")[0] == 404


def test_a_journal_that_cannot_be_read_is_told(folder):
    folder.journal.write_text("{}")
    with served(str(folder.path)) as fetch:
        status, _, words = fetch("/download/midi")
    assert (status, b"is no journal of a session" in words) == (404, True)
