"""A session as a page: what is on it; a browser has nothing to complain of. Seeds 1 and 3."""

import base64
import io
import re
import shutil
import wave
from dataclasses import dataclass

import numpy as np
import pytest

from creativity.background import Setup, save_background
from creativity.monitor import Monitor
from director.director import Casting
from ensembles.calibration import calibrate_piece
from ensembles.config import load_piece
from ensembles.monitoring import MonitorSpec, casting_of_monitor
from ensembles.report.sound import halved
from ensembles.sessions.reading import read_session
from ensembles.sessions.reporting import write_session_report
from musebots import messages as m


@pytest.fixture(scope="module")
def background(tmp_path_factory):
    path = tmp_path_factory.mktemp("background") / "trio.background"
    setup = Setup(window_steps=16, block_steps=32)
    save_background(calibrate_piece(load_piece("trio"), n_runs=4, bars=8, setup=setup), path)
    return path


@dataclass
class MonitorGuest:
    """A monitor among the bots, who flags as often as it can."""

    background: object

    def casting(self, score) -> Casting:
        return casting_of_monitor(MonitorSpec(self.background, 3600.0), score.seed)

    def make(self):
        return Monitor.make("monitor")


async def rate(director, tell):
    await director.clock.until(9.0)
    tell(m.Rating("melody", 1, 0, 1920, "<me>"))
    tell(m.Rating("melody", -1, 0, 1920, "<me>"))
    tell(m.Rating("", 0, 0, 7680, "you"))


@pytest.fixture
def watched(keep, background):
    return keep("trio", script=rate, guests={"monitor": MonitorGuest(background)})


def test_a_session_that_was_monitored_is_shown_with_what_was_heard_and_said(watched, tmp_path):
    said = write_session_report(watched, tmp_path / "page.html", has_sound=False)
    assert said == "without sound; scanned anew"
    html = (tmp_path / "page.html").read_text()
    session = read_session(watched)
    assert "data:image/png;base64," in html  # the activations
    assert html.count('class="score"') == 4  # each bot's, and the band's
    n_flags = sum(1 for _ in session.rows("flag"))
    assert html.count('<article class="card">') == n_flags > 0
    ratings = re.search(r"<h2>Ratings</h2>.*?</section>", html, re.DOTALL).group()
    assert ratings.count("<tr>") == 3  # the heading, one who changed its mind, another
    assert "<td>1</td><td>less</td><td>&lt;me&gt;</td>" in ratings
    assert "<td>1-4</td><td>fine</td><td>you</td>" in ratings
    for of in session.stretches[0].head["bots"].values():
        assert of["network"][:16] in html
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_a_session_that_was_stopped_was_monitored_all_the_same(watched, tmp_path):
    lines = watched.journal.read_text().splitlines(keepends=True)
    at_the_end = ('"event":"monitoring"', '"event":"flag"')
    kept = [
        line for line in lines if not any(event in line.replace(" ", "") for event in at_the_end)
    ]
    assert len(kept) < len(lines)
    watched.journal.write_text("".join(kept))
    write_session_report(watched, tmp_path / "page.html", has_sound=False)
    html = (tmp_path / "page.html").read_text()
    assert "Nothing was flagged" in html
    assert "No monitor listened" not in html


async def stop(director, tell):
    await director.clock.until(13.3)
    tell(m.Stop())


def test_a_session_that_was_stopped_is_drawn_as_far_as_it_came(keep, tmp_path):
    write_session_report(keep(bars=64, script=stop), tmp_path / "page.html", has_sound=False)
    html = (tmp_path / "page.html").read_text()
    assert html.count('<line class="bar') == 4 + 1  # bar lines of the four bars that were begun


def test_a_session_that_nobody_monitored_says_so(keep, tmp_path):
    said = write_session_report(keep(), tmp_path / "page.html", has_sound=False)
    assert said == "without sound; no monitor listened"
    html = (tmp_path / "page.html").read_text()
    assert "No monitor listened." in html
    assert "normal playing" not in html
    assert "not listened to" not in html


def test_the_sound_is_in_the_page_at_half_its_rate(keep, tmp_path):
    pytest.importorskip("pyo", reason="pyo is not installed")
    folder = keep(bars=2)
    said = write_session_report(folder, tmp_path / "page.html")
    assert re.match(r"[\d.]+ MiB of it sound; ", said)
    html = (tmp_path / "page.html").read_text()
    content = base64.b64decode(re.search(r'src="data:audio/wav;base64,([^"]+)"', html).group(1))
    with wave.open(io.BytesIO(content)) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (22050, 2)
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    assert np.abs(samples.astype(int)).max() > 3000


def test_halving_keeps_what_is_low_and_takes_out_what_is_high():
    seconds = np.arange(44100) / 44100
    for hertz, gain in ((440, 1.0), (5000, 1.0), (15000, 0.0)):
        tone = np.sin(2 * np.pi * hertz * seconds).astype(np.float32)
        half = halved(np.stack([tone, tone], axis=1))
        assert half.shape == (22050, 2)
        assert np.abs(half[100:-100]).max() == pytest.approx(gain, abs=0.01)


def test_a_browser_opens_it_without_complaint_and_follows_the_sound(watched, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium here")
    pytest.importorskip("pyo", reason="pyo is not installed")
    write_session_report(watched, tmp_path / "page.html")
    said, asked = [], []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "page.html").as_uri())
        audio = page.locator("audio")
        page.wait_for_function("document.querySelector('audio').readyState >= 2")
        assert audio.evaluate("a => a.duration") > 10
        before = float(page.locator("#playhead").get_attribute("x1"))
        audio.evaluate("a => { a.currentTime = 8; }")
        page.wait_for_function(
            f"parseFloat(document.querySelector('#playhead').getAttribute('x1')) > {before} + 50"
        )
        page.locator(".figure").click(position={"x": 200, "y": 120})
        page.wait_for_function("document.querySelector('audio').currentTime < 7")
        page.screenshot(path=str(tmp_path / "page.png"), full_page=True)
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
