"""The blind listening test in a real browser, by keys and by mouse, up to its rows in SQLite."""

import csv
import io
import json
import sqlite3
import sys
import urllib.request
import wave
from contextlib import contextmanager

import numpy as np
import pytest

from .stage import free_port, started, until
from .windows import CHROMIUM, browser_of, complains, kept_picture

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(240),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: set CHROMIUM or install chromium"),
]
N_PAIRS = 7  # the seventh is there to see that somebody listens
CLIP_SECONDS = 0.3
RATE_HZ = 8000
SIZES = {"laptop": (1280, 720), "tablet-upright": (768, 1024), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser():
    with browser_of(playwright) as started:
        yield started


@pytest.fixture
def clips(tmp_path):
    """Six clips of two songs: tones."""
    listed, key = [], {}
    for index in range(6):
        name = f"clip-{index:02d}.wav"
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", "not compressed"))
            at = np.arange(round(CLIP_SECONDS * RATE_HZ)) / RATE_HZ
            tone = np.sin(at * 2 * np.pi * (220 + 40 * index))
            file.writeframes((9000 * tone).astype("<i2").tobytes())
        listed.append({"file": name})
        key[name] = {"kind": "ours", "song": f"song {index // 3}"}
    (tmp_path / "clips.json").write_text(json.dumps(listed))
    (tmp_path / "key.json").write_text(json.dumps(key))
    return tmp_path


@contextmanager
def serving(clips, port):
    """`musebots listen` as a process, once it answers."""
    command = [sys.executable, "-m", "ensembles", "listen", str(clips), "--pairs", str(N_PAIRS),
               "--port", str(port)]  # fmt: skip
    with started(command, port) as process:
        yield process


@pytest.fixture
def test(clips):
    """The test; its address."""
    port = free_port()
    with serving(clips, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(browser, test):
    """Its page in a window, in which nothing may go wrong."""
    wrong = []
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.set_default_timeout(40000)
    complains(page, test, wrong)
    page.goto(test)
    yield page
    page.context.close()
    assert wrong == []


def sees(page, expression):
    return until(lambda: page.evaluate(expression))


def begin(page):
    page.click("#begin")
    page.wait_for_selector("#pair:not([hidden])")


def heard(page, number):
    """Wait until a clip has been heard to its end."""
    sees(page, f"document.querySelectorAll('audio')[{number}].ended")


def trials_of(clips):
    """What is kept of each pair, in order."""
    table = sqlite3.connect(clips / "answers.sqlite")
    try:
        return table.execute(
            "SELECT arm, broken, creative, hear_on, passed, listener, heard_first_seconds, "
            "heard_second_seconds FROM trials ORDER BY number"
        ).fetchall()
    finally:
        table.close()


def test_a_sitting_by_keys_and_by_mouse_is_kept_in_sqlite_and_csv_with_its_check(page, test, clips):
    page.fill("#listener", "ada")
    page.press("#listener", "Enter")
    for number in range(1, N_PAIRS + 1):
        sees(page, f"document.getElementById('progress').textContent === 'pair {number} of 7'")
        if number % 2:
            by_keys(page)
        else:
            by_mouse(page)
    page.wait_for_selector("#thanks:not([hidden])")
    assert page.is_hidden("#pair")
    page.click("#again")
    sees(page, "document.getElementById('progress').textContent === 'pair 1 of 7'")

    trials = trials_of(clips)
    assert [row[2:4] for row in trials] == [("first", "tie"), ("second", "first")] * 3 + [
        ("first", "tie")
    ]
    assert {row[5] for row in trials} == {"ada"}
    assert all(CLIP_SECONDS * 0.8 < s < CLIP_SECONDS * 1.3 for row in trials for s in row[6:])
    *pairs, (arm, broken, _, hear_on, passed, *_) = trials
    assert all(row[0] in ("least", "random", "repeat") and row[4] is None for row in pairs)
    assert arm in ("same", "holes")
    assert passed == (hear_on == ("tie" if arm == "same" else opposite(broken)))
    with urllib.request.urlopen(f"{test}/listen/answers.csv") as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
    assert [(row["question"], row["answer"]) for row in rows] == [
        ("creative", "first"), ("hear on", "tie"), ("creative", "second"), ("hear on", "first")
    ] * 3  # fmt: skip
    assert all(row["listener"] == "ada" and row["first"] != row["second"] for row in rows)


def opposite(side):
    return "first" if side == "second" else "second"


def by_keys(page):
    """Hear both, change one's mind, answer and go on."""
    assert page.is_disabled("#next")
    page.keyboard.press("n")  # nothing is answered yet: it does nothing
    page.keyboard.press("3")
    page.keyboard.press("5")
    for number, key in enumerate("ab"):
        page.keyboard.press(key)
        heard(page, number)
    page.keyboard.press("1")  # what was meant by the first answer
    chosen = page.locator('[data-question="creative"] [aria-checked="true"]')
    assert chosen.evaluate_all("(all) => all.map((x) => x.dataset.answer)") == ["first"]
    sees(page, "!document.getElementById('next').disabled")
    page.keyboard.press("n")


def by_mouse(page):
    page.click('.deck[data-side="0"] .play')
    heard(page, 0)
    page.click('[data-question="creative"] [data-answer="second"]')
    page.click('[data-question="hear on"] [data-answer="first"]')
    assert page.is_disabled("#next")  # one of the clips has not been heard
    assert "listen to both" in page.text_content("#hint")
    page.click('.deck[data-side="1"] canvas', position={"x": 4, "y": 20})
    heard(page, 1)
    sees(page, "!document.getElementById('next').disabled")
    page.click("#next")


def test_a_clip_stops_when_the_other_begins_and_when_it_is_touched_again(page):
    begin(page)
    assert page.input_value("#listener").startswith("listener-")  # who gives no name is given one
    page.keyboard.press("a")
    sees(page, "!document.querySelectorAll('audio')[0].paused")
    page.keyboard.press("b")
    sees(page, "!document.querySelectorAll('audio')[1].paused")
    assert page.evaluate("document.querySelectorAll('audio')[0].paused")
    page.keyboard.press("b")
    sees(page, "document.querySelectorAll('audio')[1].paused")


def test_an_answer_that_nobody_takes_is_not_lost(browser, clips):
    port = free_port()
    page = browser.new_page()
    with serving(clips, port):
        page.goto(f"http://127.0.0.1:{port}")
        begin(page)
        page.keyboard.press("1")
        page.keyboard.press("4")
        for number, key in enumerate("ab"):
            page.keyboard.press(key)
            heard(page, number)
    sees(page, "!document.getElementById('next').disabled")
    page.keyboard.press("n")
    page.wait_for_selector("#trouble:has-text('does not answer')")
    assert page.is_enabled("#next")
    with serving(clips, port):  # another process, which knows nothing of this sitting
        page.keyboard.press("n")
        page.wait_for_selector("#trouble:has-text('reload the page')")
        assert page.is_enabled("#next")
        page.reload()
        begin(page)
        sees(page, "document.getElementById('progress').textContent === 'pair 1 of 7'")
    page.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_fits_the_screen(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.reload()
    page.wait_for_selector(f"html[data-theme={scheme}]")
    begin(page)
    page.keyboard.press("2")
    page.keyboard.press("a")
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        assert kept_picture(page, f"listen-{size}-{scheme}").stat().st_size > 10_000
