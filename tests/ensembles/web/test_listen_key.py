"""The Listen key in a real browser: sound after a click, none before, and as loud as one likes."""

import os
import time

import numpy as np
import pytest

from director.outputs.audio.packets import (
    PACKET_FRAMES,
    encode_packet,
)
from ensembles.web.listening import STREAM_VARIABLE, environment_of

from .senders import sound_process
from .stage import Performance, free_port, page_process, until
from .windows import CHROMIUM, browser_of, complains

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: set CHROMIUM or install chromium"),
]
RATE_HZ = 44100
LISTENER = "window.musebots.stage.listen.listener"


def tone():
    """A sound process that sends a tone of 441 Hz at half of full scale; its address."""
    period = 0.5 * np.sin(2 * np.pi * np.arange(100) / 100)

    def play(sender, ending):
        begun, number = time.monotonic(), 0
        while not ending.is_set():
            position = number * PACKET_FRAMES
            seconds = begun + position / RATE_HZ
            ending.wait(max(0.0, seconds - time.monotonic()))
            mono = period[(position + np.arange(PACKET_FRAMES)) % 100]
            sender.hear(time.monotonic())
            sender.send(
                encode_packet(
                    np.stack([mono, mono], axis=1), generation=1, sample_rate_hz=RATE_HZ,
                    position=position, seconds=seconds,
                )
            )  # fmt: skip
            number += 1

    return sound_process(play)


@pytest.fixture(scope="module")
def address():
    """A page beside a band that sounds in browsers."""
    port = free_port()
    with tone() as stream, Performance() as band:
        os.environ |= environment_of(stream)
        try:
            with page_process(band.address, port):
                yield f"http://127.0.0.1:{port}"
        finally:
            del os.environ[STREAM_VARIABLE]


@pytest.fixture(scope="module")
def browser():
    with browser_of(playwright) as started:
        yield started


@pytest.fixture
def wrong():
    return []


@pytest.fixture
def page(browser, address, wrong):
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.set_default_timeout(40000)
    complains(page, address, wrong)
    yield page
    page.context.close()
    assert wrong == []


def level(page):
    """What an analyser before the loudspeaker reads, as a root of the mean square."""
    return page.evaluate(f"{LISTENER}.level()")


def test_a_click_on_listen_sounds_the_volume_is_its_own_and_l_ends_it(page, address):
    page.goto(address)
    page.wait_for_selector('.strip[data-bot="drums"]')
    assert page.text_content("#listen") == "Listen"
    assert level(page) == 0
    page.click("#listen")
    until(lambda: abs(level(page) - 0.5 / 2**0.5) < 0.02)
    assert page.evaluate(f"{LISTENER}.context.state") == "running"
    assert page.text_content("#listen") == "Listening"
    assert page.get_attribute("#listen", "aria-pressed") == "true"
    until(lambda: 0 < (page.evaluate(f"{LISTENER}.latencySeconds") or 0) < 1)
    page.get_by_label("Volume in this browser").fill("0")
    until(lambda: level(page) < 1e-4)
    page.get_by_label("Volume in this browser").fill("1")
    until(lambda: level(page) > 0.3)
    page.locator("body").press("l")
    until(lambda: page.text_content("#listen") == "Listen")
    assert page.is_hidden("#volume")


def test_where_nothing_may_sound_before_a_click_the_key_says_so_and_a_click_is_enough(
    page, address, wrong
):
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
      const wait = setInterval(() => {
        if (!window.musebots) return;
        clearInterval(wait);
        document.getElementById("listen").click();
      }, 20);
    })""")
    page.goto(address)
    devtools = page.context.new_cdp_session(page)

    def untouched(expression):
        """Ask without a gesture; the library's own way of asking counts as one."""
        asked = {"expression": expression, "userGesture": False, "returnByValue": True}
        return devtools.send("Runtime.evaluate", asked)["result"].get("value")

    until(lambda: untouched("document.getElementById('listen').textContent") == "Click to hear")
    assert untouched(f"{LISTENER}.context.state") == "suspended"
    assert "lets nothing sound before you click" in untouched(f"{LISTENER}.words")
    page.mouse.click(640, 8)  # anywhere
    until(lambda: page.text_content("#listen") == "Listening")
    until(lambda: level(page) > 0.3)
    assert all("AudioContext was not allowed to start" in words for words in wrong)
    wrong.clear()
