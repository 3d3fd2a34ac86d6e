"""The listening test: what is asked, what is hidden, what is kept."""

import asyncio
import csv
import io
import json
import sqlite3
import wave
from collections import Counter
from dataclasses import astuple

import numpy as np
import pytest
from starlette.applications import Starlette

from creativity.assessor.ratings import read_ratings
from ensembles.web.answers import ANSWERS, QUESTIONS, RATING_COLUMNS, Answers
from ensembles.web.blind import BlindTest, read_clips, with_holes
from ensembles.web.pairs import Trial, expected, is_right, plan
from musebots.errors import ConfigError

SONGS = {f"clip-{n:02d}.wav": f"song-{n // 3}" for n in range(12)}
KINDS = ("ours", "real", "deaf")


def trials_of(n, seed=0, answered=None):
    rng = np.random.default_rng(seed)
    return plan(SONGS, answered or Counter(), n_trials=n, rng=rng)


def test_pairs_are_of_one_song_but_for_the_random_arm():
    trials = trials_of(400)
    least = [t for t in trials if t.arm == "least"]
    assert all(SONGS[t.first] == SONGS[t.second] and t.first != t.second for t in least)
    across = [t for t in trials if t.arm == "random" and SONGS[t.first] != SONGS[t.second]]
    assert len(across) > 40


def test_what_was_answered_least_is_asked_first():
    pairs = [(a, b) for a in SONGS for b in SONGS if a < b and SONGS[a] == SONGS[b]]
    answered = Counter(dict.fromkeys(pairs[1:], 5))
    trials = trials_of(6, seed=3, answered=answered)
    first = next(t for t in trials if t.arm == "least")
    assert {first.first, first.second} == set(pairs[0])


def test_the_order_within_a_pair_is_by_chance():
    trials = [t for t in trials_of(400) if t.arm == "least"]
    share = np.mean([t.first < t.second for t in trials])
    assert 0.4 < share < 0.6  # n = 230 or so: outside once in 400 seeds; seed 0


def test_one_in_seven_is_a_check_and_some_pairs_come_again_the_other_way_round():
    trials = trials_of(140)
    assert sum(t.is_check for t in trials) == 20
    asked = [(t.first, t.second) for t in trials]
    repeats = [(index, t) for index, t in enumerate(trials) if t.arm == "repeat"]
    assert 5 < len(repeats) < 30
    assert all((t.second, t.first) in asked[:index] for index, t in repeats)


def test_a_check_is_passed_by_who_listens():
    for trial in trials_of(70):
        answers = {"creative": "first", "hear on": expected(trial)}
        assert is_right(trial, answers) is (True if trial.is_check else None)
    holes = next(t for t in trials_of(200) if t.arm == "holes")
    assert is_right(holes, {"hear on": holes.broken}) is False


def test_two_clips_are_needed():
    with pytest.raises(ValueError, match="two clips"):
        plan({"a.wav": "s"}, Counter(), n_trials=3, rng=np.random.default_rng(0))


def sound(seconds=2.0, rate=8000):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(np.full(round(seconds * rate) * 2, 1000, "<i2").tobytes())
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    clips, key = [], {}
    for index, (name, song) in enumerate(SONGS.items()):
        (tmp_path / name).write_bytes(sound())
        clips.append({"file": name})
        key[name] = {"kind": KINDS[index % 3], "song": song, "seed": 123456}
    (tmp_path / "clips.json").write_text(json.dumps(clips))
    (tmp_path / "key.json").write_text(json.dumps(key))
    return tmp_path


class Client:
    """Asks the routes without a socket."""

    def __init__(self, app):
        self._app = app

    def ask(self, method, path, body=b""):
        sent, asked = [], []

        async def receive():
            if asked:
                await asyncio.Event().wait()  # nobody hangs up
            asked.append(True)
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": method, "path": path, "headers": [], "query_string": b"",
            "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        asyncio.run(self._app(scope, receive, send))
        return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:])

    def post(self, path, **values):
        status, body = self.ask("POST", path, json.dumps(values).encode())
        return status, json.loads(body)


@pytest.fixture
def client(folder):
    test = BlindTest(
        read_clips(folder), Answers(folder / "answers.sqlite"), n_trials=8,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return Client(Starlette(routes=test.routes()))


def answer(client, told, **values):
    given = {"creative": "first", "hear on": "tie"}
    return client.post(
        "/listen/answer",
        **{"sitting": told["sitting"], "number": told["number"], "answers": given,
           "heard": [6.0, 7.5], **values},
    )  # fmt: skip


def test_a_whole_sitting_is_kept_for_the_assessor_and_checks_apart(client, folder):
    _, told = client.post("/listen/begin", listener="ada")
    sitting, n = told["sitting"], told["of"]
    assert n == 8
    while not told.get("is_over"):
        assert set(told) <= {"sitting", "listener", "number", "of", "sides"}
        for side in told["sides"]:
            status, body = client.ask("GET", f"/listen/clip/{sitting}/{side}")
            assert status == 200
            assert body.startswith(b"RIFF")
        status, told = answer(client, {**told, "sitting": sitting})
        assert status == 200
    table = sqlite3.connect(folder / "answers.sqlite")
    trials = table.execute("SELECT arm, passed, listener FROM trials").fetchall()
    (n_ratings,) = table.execute("SELECT COUNT(*) FROM ratings").fetchone()
    table.close()
    assert len(trials) == 8
    assert {row[2] for row in trials} == {"ada"}
    checks = [row for row in trials if row[0] in ("same", "holes")]
    assert len(checks) == 1
    assert n_ratings == 2 * 7
    _, text = client.ask("GET", "/listen/answers.csv")
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    assert tuple(rows[0]) == RATING_COLUMNS
    assert {row["question"] for row in rows} == set(QUESTIONS)
    assert {row["answer"] for row in rows} <= set(ANSWERS)
    assert all(row["first"] in SONGS and row["second"] in SONGS for row in rows)


def test_the_assessor_reads_what_is_kept(tmp_path):
    answers = Answers(tmp_path / "answers.sqlite")
    given = {"creative": "first", "hear on": "tie"}
    answers.add(Trial("least", "a", "b"), given, listener="ada", sheet="s", number=1,
                seconds=(5, 6, 9))  # fmt: skip
    answers.add(Trial("same", "a", "a"), given, listener="ada", sheet="s", number=2,
                seconds=(5, 6, 9))  # fmt: skip
    assert [astuple(rating) for rating in read_ratings(tmp_path / "answers.sqlite")] == [
        ("ada", "creative", "a", "b", "first"), ("ada", "hear on", "a", "b", "tie")
    ]  # fmt: skip


def test_nothing_that_is_told_gives_a_clip_away(client):
    _, told = client.post("/listen/begin")
    text = json.dumps(told)
    assert "clip-" not in text
    assert "song" not in text
    assert not any(kind in text for kind in KINDS)
    _, page = client.ask("GET", "/listen")
    assert b"key.json" not in page


@pytest.mark.parametrize(
    "path",
    ["/listen/clip/x/y", "/listen/clip/..%2f/key.json", "/listen/clip/../key.json",
     "/listen/clip/{}/key.json"],
)  # fmt: skip
def test_no_address_leads_to_the_key(client, path):
    _, told = client.post("/listen/begin")
    assert client.ask("GET", path.format(told["sitting"]))[0] == 404


def test_a_clip_is_good_for_its_own_pair_only(client):
    _, told = client.post("/listen/begin")
    side = told["sides"][0]
    answer(client, told)
    assert client.ask("GET", f"/listen/clip/{told['sitting']}/{side}")[0] == 404


@pytest.mark.parametrize(
    "change",
    [{"sitting": "no"}, {"number": 5}, {"answers": {}}, {"answers": {"creative": "first"}},
     {"answers": {"creative": "me", "hear on": "tie"}}, {"answers": []}, {"heard": [1]},
     {"heard": ["x", 1]}, {"heard": [-1, 2]}, {"heard": [True, 2]}, {"heard": None}],
    ids=str,
)  # fmt: skip
def test_an_answer_that_makes_no_sense_is_refused_and_the_pair_stays(client, change):
    _, told = client.post("/listen/begin")
    status, words = answer(client, told, **change)
    assert status == 400
    assert words["refused"]
    assert answer(client, told)[1]["number"] == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"listener":"' + b"x" * 4000 + b'"}'])
def test_what_is_no_short_json_object_is_refused(client, body):
    assert client.ask("POST", "/listen/begin", body)[0] == 400


def test_holes_leave_the_length_and_half_of_the_sound():
    with wave.open(io.BytesIO(with_holes(sound(4.0)))) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert file.getnframes() == 32000
    assert np.mean(frames != 0) == 0.5


def test_clips_of_rate_export_are_asked_about_by_pair(tmp_path):
    key = {f"clip-{name}": {"pair": number // 2} for number, name in enumerate("abcd")}
    (tmp_path / "key.json").write_text(json.dumps(key))
    for name in key:
        (tmp_path / f"{name}.wav").write_bytes(sound())
    clips = read_clips(tmp_path)
    assert clips.songs == {"clip-a": "0", "clip-b": "0", "clip-c": "1", "clip-d": "1"}
    assert clips.path("clip-c") == tmp_path / "clip-c.wav"


@pytest.mark.parametrize("spoil", ["clips.json", "key.json", "clip-03.wav"])
def test_a_folder_that_is_no_listening_set_is_refused_in_a_sentence(folder, spoil):
    (folder / spoil).unlink()
    with pytest.raises(ConfigError, match=r"clip-|holds no listening set"):
        read_clips(folder)


def test_a_list_that_names_a_file_elsewhere_is_refused(folder):
    (folder / "clips.json").write_text('[{"file": "../x.wav"}]')
    (folder / "key.json").write_text('{"../x.wav": {"song": "s"}}')
    (folder.parent / "x.wav").write_bytes(sound())
    with pytest.raises(ConfigError, match=r"no clip \.\./x\.wav"):
        read_clips(folder)
