"""The page's server, over real sockets: what it tells, what it takes, and whom it lets in."""

import asyncio
import contextlib
import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ensembles.web.access import Gate, is_loopback
from ensembles.web.app import make_app
from ensembles.web.controls import CONTROLS, message_of
from ensembles.web.lines import MAX_FRAMES, MAX_ITEMS, Line
from ensembles.web.sockets import MAX_ASKED, Sockets
from ensembles.web.state import Added, Dropped, Put, Stage
from musebots import messages as m


class Served:
    """The application in a thread, without a band: `sent` is what went to the Director."""

    def __init__(self, port, stage, sent, loop):
        self.port, self.stage, self.sent, self._loop = port, stage, sent, loop
        self.origin = f"http://127.0.0.1:{port}"

    def put(self, key, value):
        self._loop().call_soon_threadsafe(self.stage.put, key, value)

    def add(self, stream, item):
        self._loop().call_soon_threadsafe(self.stage.add, stream, item)

    def get(self, path, **headers):
        request = urllib.request.Request(self.origin + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)

    def socket(self, origin=None, **options):
        return connect(
            f"ws://127.0.0.1:{self.port}/ws", origin=origin or self.origin, proxy=None, **options
        )


@contextmanager
def serving(token=""):
    stage, sent, loops = Stage(), [], []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        async def main():
            loops.append(asyncio.get_running_loop())
            app = make_app(stage, Sockets(stage, sent.append), Gate(port, token))
            config = uvicorn.Config(app, ws="websockets-sansio", lifespan="off", log_level="error",
                                    ws_max_size=4096, timeout_graceful_shutdown=1)  # fmt: skip
            server = uvicorn.Server(config)
            servers.append(server)
            await server.serve([listening])

        servers = []
        thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
        thread.start()
        served = Served(port, stage, sent, lambda: loops[0])
        try:
            yield served
        finally:
            servers[0].should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def served():
    with serving() as served:
        yield served


def heard(socket, name):
    """The next message that has this part."""
    while True:
        said = json.loads(socket.recv(timeout=5))
        if name in said:
            return said[name]


def code_of_the_end(socket):
    """How the server ends the connection."""
    try:
        while True:
            socket.recv(timeout=5)
    except ConnectionClosed as ended:
        return ended.rcvd.code


def test_who_connects_gets_everything_and_then_each_change(served):
    served.stage.put("tempo", 90)
    with served.socket() as browser:
        snapshot = heard(browser, "answers")[0]["snapshot"]
        assert snapshot["facts"]["tempo"] == 90
        served.put("tempo", 120)
        assert heard(browser, "put") == {"tempo": 120}


def test_a_control_goes_to_the_director_as_its_message(served):
    with served.socket() as browser:
        served.sent.clear()
        browser.send(json.dumps({"do": "tempo", "values": [132.5]}))
        browser.send(json.dumps({"do": "gain_db", "values": ["bass", -6, 0.2]}))
        browser.send(json.dumps({"ping": 1}))
        heard(browser, "answers")
        assert heard(browser, "answers")[0]["pong"] == 1
    assert served.sent == [m.SetTempo(132.5), m.Mix("bass", "gain_db", -6.0, 0.2)]


@pytest.mark.parametrize(
    "asked",
    [
        {"do": "tempo", "values": [1e9]},
        {"do": "tempo", "values": ["fast"]},
        {"do": "tempo", "values": [float("nan")]},
        {"do": "pan", "values": ["bass", 7]},
        {"do": "fly", "values": []},
        {"do": "stop", "values": [1, 2]},
        {"do": "add", "values": ["x" * 500, "melody", ""]},
        {"do": "gain_db", "values": [{"a": 1}, 0]},
        {"do": "gain_db"},
        {},
    ],
    ids=str,
)
def test_nonsense_is_refused_in_a_sentence_and_not_sent(served, asked):
    with served.socket() as browser:
        heard(browser, "answers")
        served.sent.clear()
        browser.send(json.dumps(asked))
        assert heard(browser, "answers")[0]["refused"]
    assert served.sent == []


@pytest.mark.parametrize("text", ["{", "[1]", "null", '"x"'])
def test_who_does_not_speak_json_is_let_go(served, text):
    with served.socket() as browser:
        browser.send(text)
        assert code_of_the_end(browser) == 1007


def test_who_says_too_much_is_let_go_and_others_stay(served):
    with served.socket() as other, served.socket() as flood:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(MAX_ASKED + 50):
                flood.send('{"ping": 1}')
        assert code_of_the_end(flood) == 1008
        other.send('{"ping": 2}')
        heard(other, "answers")
        assert heard(other, "answers")[0]["pong"] == 2


def test_a_message_that_is_too_long_is_not_read(served):
    with served.socket() as browser:
        browser.send(json.dumps({"do": "x" * 10_000}))
        assert code_of_the_end(browser) == 1009


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:1", "null", "https://127.0.0.1.evil.org"]
)
def test_a_page_of_another_origin_cannot_connect(served, origin):
    with pytest.raises(InvalidStatus) as refused, served.socket(origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_socket_without_an_origin_is_no_page_of_ours(served):
    address = f"ws://127.0.0.1:{served.port}/ws"
    with pytest.raises(InvalidStatus), connect(address, proxy=None):
        pass


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1"]
)
def test_a_name_that_was_made_to_point_here_is_not_served(served, host):
    status, words, _ = served.get("/", Host=host.format(port=served.port))
    assert status == 403
    assert "the page is at" in words


def test_localhost_is_this_machine_too(served):
    assert served.get("/", Host=f"localhost:{served.port}")[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/static/../run.py", "/static/%2e%2e/run.py", "/static/..%2frun.py", "/static//etc/passwd",
     "/static/%00", "/static/....//run.py", "/../../etc/passwd"],
)  # fmt: skip
def test_no_path_leads_out_of_the_pages_files(served, path):
    with socket.create_connection(("127.0.0.1", served.port), 5) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
                    "Connection: close\r\n\r\n".encode())  # fmt: skip
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert answer.split(b" ", 2)[1] in (b"404", b"400", b"403")


def test_every_answer_forbids_what_the_page_does_not_need(served):
    for path in ("/", "/static/app.js", "/controls.json", "/nothing"):
        headers = {name.lower(): value for name, value in served.get(path)[2].items()}
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"


def test_the_controls_are_told_with_their_osc_messages(served):
    rows = json.loads(served.get("/controls.json")[1])
    assert [row["name"] for row in rows] == [control.name for control in CONTROLS]
    by_name = {row["name"]: row for row in rows}
    assert by_name["tempo"]["address"] == "/musebots/settempo"
    assert by_name["mute"]["fixed"] == {"name": "mute"}
    for row in rows:
        assert len(row["arguments"]) == len(row["types"])


def test_every_control_makes_the_message_it_promises():
    for control in CONTROLS:
        values = []
        names = dict.fromkeys(control.free)
        ranges = {name: (low, high) for name, low, high in control.ranges}
        for name in names:
            tag = dict(zip([f.name for f in fields_of(control.message)], control.message.tags,
                           strict=True))[name]  # fmt: skip
            values.append("x" if tag == "s" else ranges.get(name, (0, 1))[1])
        assert isinstance(message_of(control.name, values), control.message)


def fields_of(message):
    from dataclasses import fields

    return fields(message)


def test_a_browser_that_takes_nothing_holds_nobody_up(served):
    with served.socket(max_size=None) as asleep, served.socket(max_size=None) as awake:
        heard(awake, "answers")
        for number in range(3000):
            served.add("events", {"words": "x" * 2000, "number": number})
        served.put("after", "the flood")
        assert heard(awake, "put") == {"after": "the flood"}
        assert heard(asleep, "answers")[0]["snapshot"]  # and it is still served


def test_beyond_this_machine_only_who_knows_the_token_comes_in():
    with serving(token="secret") as served:
        host = f"band.local:{served.port}"
        assert served.get("/", Host=host)[0] == 403
        assert served.get("/?token=wrong", Host=host)[0] == 403
        request = urllib.request.Request(served.origin + "/?token=secret", headers={"Host": host})
        opener = urllib.request.build_opener(_NoRedirect)
        with pytest.raises(urllib.error.HTTPError) as redirected:
            opener.open(request, timeout=5)
        with redirected.value as answer:
            assert answer.code == 303
            assert answer.headers["location"] == "/"
            cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        cookie = cookie.split(";")[0]
        assert served.get("/", Host=host, Cookie=cookie)[0] == 200
        with served.socket(additional_headers={"Cookie": cookie}) as browser:
            assert heard(browser, "answers")
        with pytest.raises(InvalidStatus), served.socket():
            pass
        with pytest.raises(InvalidStatus), served.socket(
            origin="http://evil.example", additional_headers={"Cookie": cookie}
        ):  # fmt: skip
            pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_a_token_in_the_address_does_not_redirect_elsewhere():
    with serving(token="secret") as served, socket.create_connection(
        ("127.0.0.1", served.port), 5
    ) as raw:  # fmt: skip
        raw.sendall(b"GET //evil.example/?token=secret HTTP/1.1\r\nHost: x\r\n"
                    b"Connection: close\r\n\r\n")  # fmt: skip
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert b"location: /evil.example/\r\n" in answer


def test_what_is_loopback_is_known():
    assert all(map(is_loopback, ("127.0.0.1", "localhost", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.2", "band.local", "::")))


# --- the way to one browser ------------------------------------------------------------------


async def test_a_slow_browser_loses_the_oldest_items_and_no_fact():
    line = Line()
    for number in range(MAX_ITEMS + 10):
        line.tell(Added("notes", number))
        line.tell(Put("tempo", number))
    line.tell(Put("gone", 1))
    line.tell(Dropped("gone"))
    for number in range(MAX_FRAMES + 3):
        line.frame(bytes([number % 256]))
    text, frames = await line.next()
    said = json.loads(text)
    assert said["put"] == {"tempo": MAX_ITEMS + 9}
    assert said["drop"] == ["gone"]
    assert said["add"][0] == ["notes", 10]
    assert len(said["add"]) == MAX_ITEMS
    assert said["lost"] == 13
    assert frames[0] == bytes([3])


async def test_nothing_is_sent_while_nothing_has_changed():
    line = Line()
    line.tell(Put("a", 1))
    await line.next()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(line.next(), 0.05)


def test_a_fact_that_stays_is_told_once():
    stage, told = Stage(), []
    end = stage.subscribe(told.append)
    stage.put("a", [1])
    stage.put("a", [1])
    stage.drop("a")
    stage.drop("a")
    end()
    stage.put("a", [2])
    assert told == [Put("a", [1]), Dropped("a")]
