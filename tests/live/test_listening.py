"""The band's sound in a real browser: there after Listen, gone when muted, back after a crash."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from director.outputs.audio.render import WORKER
from musebots.messages import Mix, encode

from .browsers import browsing
from .processes import until_line, wait_for

LISTENER = "window.musebots.stage.listen.listener"
LOUDEST = """(ms) => new Promise((done) => {
  let loudest = 0;
  const end = performance.now() + ms;
  const look = () => {
    loudest = Math.max(loudest, window.musebots.stage.listen.listener.level());
    if (performance.now() < end) setTimeout(look, 20); else done(loudest);
  };
  look();
})"""
AUDIBLE, SILENT = 0.01, 1e-4


@pytest.fixture
def band(tmp_path, request):
    """A band that sounds on its page: its process, the page's address, the Director's port."""
    bars = getattr(request, "param", 200)
    checked = subprocess.run([*WORKER, "check"], capture_output=True, check=False)
    if checked.returncode != 0:
        pytest.skip("pyo cannot be imported here")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "ensembles", "play", "trio", "--bars", str(bars), "--audio",
         "browser", "--page-port", "0", "--port", str(port), "-o", "trio.mid"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        lines = until_line(process, "musebots: the page is at ")
        yield process, lines[-1].split()[-1], port, lines
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def sound_process(parent):
    """The process id of the sound of a band."""
    listing = subprocess.run(
        ["ps", "-wweo", "ppid,pid,args"], capture_output=True, text=True, check=True
    ).stdout
    for line in listing.splitlines()[1:]:
        ppid, pid, arguments = line.split(None, 2)
        if ppid == str(parent) and "audio.worker live" in arguments:
            return int(pid)
    return None


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_listen_sounds_mute_silences_it_and_a_crash_costs_a_moment(band):
    process, url, port, lines = band
    assert any(line.startswith("musebots: sound: press Listen on the page") for line in lines)
    with browsing() as browser, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as osc:
        page = browser.new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.click("#listen")
        wait_for(lambda: page.text_content("#listen") == "Listening")
        wait_for(lambda: loudest(page, 200) > AUDIBLE)
        wait_for(lambda: page.evaluate(f"{LISTENER}.latencySeconds") is not None)
        assert 0.0 < page.evaluate(f"{LISTENER}.latencySeconds") < 1.0
        wait_for(lambda: {"melody", "bass", "drums", ""} == set(measured(page)))
        wait_for(lambda: measured(page)["drums"] > AUDIBLE)
        wait_for(lambda: page.evaluate(METER, "drums") > 0.2)

        for bot_id in ("melody", "bass", "drums"):
            osc.sendto(encode(Mix(bot_id, "mute", 1.0)), ("127.0.0.1", port))
        wait_for(lambda: loudest(page, 300) < SILENT)
        wait_for(lambda: max(measured(page).values()) < SILENT)
        wait_for(lambda: page.evaluate(METER, "drums") == 0)
        for bot_id in ("melody", "bass", "drums"):
            page.get_by_label(f"mute {bot_id}").click()
        wait_for(lambda: loudest(page, 200) > AUDIBLE)

        first = sound_process(process.pid)
        os.kill(first, signal.SIGKILL)
        killed_at = time.monotonic()
        wait_for(lambda: page.evaluate(f"{LISTENER}.figures.restarts") == 1)
        wait_for(lambda: loudest(page, 100) > AUDIBLE)
        outage = time.monotonic() - killed_at
        print(f"sound was back {outage:.2f} s after its process was killed")
        assert outage < 2.0
        assert sound_process(process.pid) != first
        assert process.poll() is None

        page.click("#listen")
        wait_for(lambda: page.text_content("#listen") == "Listen")
        assert page.evaluate(f"{LISTENER}.state") == "off"
        assert errors == []


def loudest(page, milliseconds):
    return page.evaluate(LOUDEST, milliseconds)


def measured(page):
    """Levels as the sound engine has told them last, by strip."""
    return page.evaluate("window.musebots.store.fact('levels')") or {}


METER = """(bot) => Number(document.querySelector(`.strip[data-bot="${bot}"] .meter i`)
  .style.getPropertyValue('--level'))"""


SOAK_SECONDS, LOOK_SECONDS = 1800, 10


@pytest.mark.live
@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS + 300)
@pytest.mark.parametrize("band", [800], indirect=True)  # 33 minutes
def test_half_an_hour_of_listening_never_runs_dry_nor_over_and_latency_stays(band):
    """Where the machine is busy with something else it may run dry now and then."""
    process, url, _, _ = band
    with browsing() as browser:
        page = browser.new_page()
        page.goto(url)
        page.click("#listen")
        wait_for(lambda: loudest(page, 200) > AUDIBLE)
        latencies = []
        for _ in range(SOAK_SECONDS // LOOK_SECONDS):
            page.wait_for_timeout(1000 * LOOK_SECONDS)
            latencies.append(page.evaluate(f"{LISTENER}.latencySeconds"))
        came = page.evaluate(f"{LISTENER}.figures")
        print(came, "latency", min(latencies), max(latencies))
        assert process.poll() is None
        assert came["isPlaying"]
        assert (came["underruns"], came["overruns"], came["gaps"]) == (0, 0, 0)
        # Two clocks that were not followed would be 0.2 s apart by now, and more every hour.
        assert abs(latencies[-1] - came["target"]) < 0.05
