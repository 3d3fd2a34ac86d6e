"""The page in a real browser, beside a real Director: what is touched there is heard by the band.

Screenshots of a laptop, a large screen and a tablet, light and dark, are kept in `artefacts/`, or
in the folder that MUSEBOTS_ARTEFACTS names.
"""

import http.server
import os
import re
import sqlite3
import threading
from contextlib import contextmanager
from functools import partial

import pytest

from .stage import Performance, free_port, page_process, until
from .windows import CHROMIUM, browser_of, complains, kept_picture

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(240),  # where the cores are busy, a browser takes its time
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: set CHROMIUM or install chromium"),
]
SIZES = {
    "laptop": (1280, 720), "wide": (1920, 1080), "tablet": (1024, 768),
    "tablet-upright": (768, 1024),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with browser_of(playwright) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("session")


@pytest.fixture(scope="module")
def band(folder):
    os.environ["STAGE_RATINGS"] = str(folder / "stage.sqlite")
    with Performance() as performance:
        yield performance
    del os.environ["STAGE_RATINGS"]


@pytest.fixture(scope="module")
def address(band):
    port = free_port()
    with page_process(band.address, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def wrong():
    """Whatever went wrong in the windows: errors, refused requests, requests to elsewhere."""
    return []


@pytest.fixture(autouse=True)
def _nothing_goes_wrong(wrong):
    yield
    found, wrong[:] = list(wrong), []
    assert found == []


SLOWLY = "window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 150)"


def window(browser, address, wrong, *, is_slow=False):
    """A browser of its own with the page in it; a slow one draws seldom, to spare the cores."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    if is_slow:
        page.add_init_script(SLOWLY)
    page.set_default_timeout(40000)
    complains(page, address, wrong)
    page.goto(address)
    page.wait_for_selector('.strip[data-bot="drums"]')
    return page


@pytest.fixture(scope="module")
def page(browser, address, wrong):
    page = window(browser, address, wrong)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def other(browser, address, wrong):
    """A second browser."""
    other = window(browser, address, wrong, is_slow=True)
    yield other
    other.context.close()


def sees(page, expression):
    """Wait until an expression holds in the page; its policy forbids the library's own way."""
    return until(lambda: page.evaluate(expression))


def strip(page, bot):
    return page.locator(f'.strip[data-bot="{bot}"]')


def test_the_page_shows_the_band_and_nothing_goes_wrong(page, band):
    assert page.text_content("#title") == "Stage"
    assert page.locator(".strip").count() == 5
    assert page.locator(".roll").count() == 4
    sees(page, "document.querySelectorAll('.map').length === 4")
    sees(page, "Number(document.getElementById('bar').textContent) >= 1")
    sees(page, "window.musebots.band.list().every((bot) => bot.notes.length > 0)")

    def tells_the_truth():
        n_late = band.director.playback.scheduler.n_late.total()
        return page.text_content("#late") == (f"{n_late} late" if n_late else "on time")

    until(tells_the_truth)


def test_the_picture_is_where_the_music_is(page, band):
    sees(page, "window.musebots.time.isStarted")
    page.wait_for_timeout(300)
    tick_now = partial(band.call, lambda: band.director.clock.tick_now)
    before, shown, after = tick_now(), page.evaluate(NOW), tick_now()
    assert before - 120 < shown < after + 120  # 100 ms at 150 bpm


NOW = "(() => { const { time } = window.musebots; time.advance(); return time.now; })()"


def test_a_tempo_that_is_typed_reaches_the_band_and_a_second_browser(page, other, band):
    page.fill("#bpm", "168")
    page.press("#bpm", "Enter")
    until(lambda: tempo_of(band) == 168)
    sees(other, "Math.abs(Number(document.getElementById('bpm').value) - 168) < 0.1")
    page.click('[data-nudge="-1"]')
    until(lambda: 160 <= tempo_of(band) < 168)


def tempo_of(band):
    clock = band.director.clock
    return band.call(lambda: clock.tempo_map.bpm_at(clock.tick_now))


def test_a_fader_that_is_moved_by_keys_moves_in_the_mix_and_in_a_second_browser(page, other, band):
    fader = strip(page, "bass").locator(".fader")
    before = band.director.playback.mix.strips["bass"].fader.end_db
    fader.focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    words = strip(page, "bass").locator(".db").text_content()
    aimed = float(words.replace("−", "-"))
    assert aimed < before
    until(lambda: abs(band.director.playback.mix.strips["bass"].fader.end_db - aimed) < 0.01)
    shown = "document.querySelector('[data-bot=\"bass\"] .db').textContent"
    assert until(lambda: other.evaluate(shown) == words)


def test_mute_and_solo_are_heard_and_seen_everywhere(page, other, band):
    strip(page, "drums").get_by_label("mute drums").click()
    until(lambda: band.director.playback.mix.strips["drums"].is_muted)
    other.wait_for_selector('[data-bot="drums"] .mute[aria-pressed="true"]')
    strip(other, "drums").get_by_label("mute drums").click()
    until(lambda: not band.director.playback.mix.strips["drums"].is_muted)
    page.wait_for_selector('[data-bot="drums"] .mute[aria-pressed="false"]')


def test_an_instrument_and_its_room_are_chosen_and_seen_everywhere(page, other, band):
    page.get_by_label("bass instrument").select_option("upright")
    until(lambda: band.director.playback.mix.strips["bass"].instrument == "upright")
    page.get_by_label("bass room").fill("0.4")
    until(lambda: abs(band.director.playback.mix.strips["bass"].reverb - 0.4) < 1e-6)
    sees(other, "document.querySelector('[data-bot=\"bass\"] .instrument').value === 'upright'")


def test_calmer_or_bolder_reaches_every_bot_and_a_second_browser(page, other, band):
    page.get_by_label("calmer to bolder, the whole band").focus()
    page.keyboard.press("End")
    until(lambda: all(bot.faders and bot.faders[-1].value == 1 for bot in band.bots.values()))
    sees(other, "document.querySelector('.bold.hero').value === '1'")
    assert other.text_content(".hero-word") == "as bold as it gets"
    page.get_by_role("radio", name="nudge").click()
    until(lambda: band.director.steering.policy.mode == "nudge")
    other.wait_for_selector('[data-mode="nudge"][aria-checked="true"]')
    other.reload()
    sees(other, "document.querySelector('.bold.hero').value === '1'")


def test_a_rating_by_key_is_kept_shown_elsewhere_and_taken_back(page, other, folder):
    page.wait_for_selector(".phrase[aria-selected=true]")
    page.keyboard.press("1")
    other.wait_for_selector(".phrase.r1")
    rows = until(lambda: _rows(folder / "stage.sqlite"))
    (value, first, end, network, taken_back_at) = rows[-1]
    assert value == 1
    assert end - first == 4 * 1920
    assert "bass:n" in network
    assert taken_back_at is None
    page.keyboard.press("u")
    sees(other, "!document.querySelector('.phrase.r1')")
    until(lambda: _rows(folder / "stage.sqlite")[-1][-1] is not None)


def _rows(path):
    if not path.exists():
        return []
    table = sqlite3.connect(path)
    try:
        return table.execute(
            "SELECT value, first_tick, end_tick, network, taken_back_at FROM phrase_ratings"
        ).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        table.close()


def test_what_is_flagged_is_marked_listed_and_logged(page, band):
    sees(page, "document.querySelectorAll('.map').length === 4")
    tick = int(band.call(lambda: band.director.clock.tick_now)) // 1920 * 1920
    band.flag("bass", max(0, tick - 1920), tick + 480, [3, 5, 3])
    page.wait_for_selector('.lines [data-kind="flag"]')
    sees(
        page,
        "[...document.querySelectorAll('.map-words')].some((x) => x.textContent.includes('3×2 5'))",
    )
    assert page.evaluate("window.musebots.stage.store.stream('flags').at(-1).bot_id") == "bass"


def test_the_heat_map_tells_unit_value_and_rank(page):
    sees(page, "document.querySelectorAll('.map').length === 4")
    page.wait_for_timeout(400)
    box = page.locator('.map[data-colour="coral"] canvas').bounding_box()

    def told():
        """Left of the moment, at eight tenths, there are columns."""
        for share in (0.78, 0.75, 0.72):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
            words = page.text_content("#tip")
            if page.locator("#tip").is_visible() and words.startswith("unit "):
                return words
        return None

    words = until(told)
    assert re.fullmatch(
        r"unit \d+ · -?[\d.]+ · (above \d+ % of its normal playing|too little heard to rank)"
        r"( · flagged)? · bar \d+, [\d.]+",
        words,
    )
    page.keyboard.press("f")
    assert page.get_attribute("#freeze", "aria-pressed") == "true"


def test_panic_is_a_key_and_the_music_goes_on(page, band):
    page.locator("body").press("Escape")
    page.wait_for_selector('.lines [data-level="warning"]:has-text("panic")')
    n = band.director.playback.scheduler.n_notes.total()
    until(lambda: band.director.playback.scheduler.n_notes.total() > n + 3)


def test_the_music_is_held_and_goes_on_by_key_and_by_mouse(page, other, band):
    page.locator("body").press("Space")
    until(lambda: band.director.clock.is_held)
    other.wait_for_selector('#hold[aria-pressed="true"]')
    sees(page, "window.musebots.time.held !== null")
    tick_now = partial(band.call, lambda: band.director.clock.tick_now)
    assert abs(page.evaluate(NOW) - tick_now()) < 60
    stood = page.evaluate(NOW)
    page.wait_for_timeout(200)
    assert page.evaluate(NOW) == stood
    other.click("#hold")
    page.wait_for_selector('#hold[aria-pressed="false"]')
    sees(page, f"({NOW}) > {stood} + 240")
    until(lambda: abs(page.evaluate(NOW) - tick_now()) < 120)


def test_the_horizon_can_be_set(page, other, band):
    page.locator("#horizon").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(lambda: abs(band.director.playback.horizon_seconds - 0.08) < 1e-6)
    sees(other, "document.getElementById('horizon-value').textContent === '80 ms'")
    page.keyboard.press("Home")
    until(lambda: abs(band.director.playback.horizon_seconds - 0.02) < 1e-6)


def test_a_tooltip_names_the_osc_message(page):
    strip(page, "melody").get_by_label("solo melody").hover()
    page.wait_for_selector("#tip:not([hidden])")
    assert page.text_content("#tip code").startswith("/musebots/mix melody solo")


def test_whatever_can_be_touched_is_a_control_that_other_controllers_have_too(page):
    strip(page, "melody").get_by_label("melody: more").click()
    page.wait_for_selector("dialog[open]")
    touched = "[...document.querySelectorAll('[data-control]')].map((x) => x.dataset.control)"
    listed = "fetch('/controls.json').then((a) => a.json()).then((all) => all.map((x) => x.name))"
    assert set(page.evaluate(touched)) == set(page.evaluate(listed))
    page.get_by_role("button", name="Close").click()


@contextmanager
def foreign_site():
    """A page of somebody else, on this machine too."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>foreign</title>")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


CONNECT = """(address) => new Promise((tell) => {
  const socket = new WebSocket(address);
  socket.onopen = () => tell("open");
  socket.onclose = () => tell("closed");
})"""


FETCH = "(address) => fetch(address).then(() => 'read', () => 'refused')"


def test_a_page_of_another_origin_cannot_steer_the_band(browser, address):
    socket = address.replace("http", "ws") + "/ws"
    with foreign_site() as foreign:
        page = browser.new_page()
        page.goto(foreign)
        assert page.evaluate(CONNECT, socket) == "closed"
        assert (
            page.evaluate("(a) => fetch(a).then(() => 'read', () => 'refused')", address)
            == "refused"
        )
        page.goto(address)
        assert page.evaluate(CONNECT, socket) == "open"
        page.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_the_screen(page, size, scheme):
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.emulate_media(color_scheme=scheme)
    if page.get_attribute("#listen", "aria-pressed") == "false":
        page.click("#listen")  # then the bar above is at its widest
    page.wait_for_selector("#volume:not([hidden])")
    sees(page, "document.querySelectorAll('.map').length === 4")
    page.wait_for_timeout(250)
    width, height = SIZES[size]
    overflow = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert overflow[0] <= width
    if size != "tablet-upright":
        assert overflow[1] <= height
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CROWDED) == []
    assert kept_picture(page, f"page-{size}-{scheme}").stat().st_size > 20_000


OUTSIDE = """[...document.querySelectorAll('main .panel, header, footer, header > *, footer > *')]
  .filter((x) => x.offsetParent)
  .filter((x) => {
    const { left, right } = x.getBoundingClientRect();
    return left < -0.5 || right > innerWidth + 0.5;
  }).map((x) => x.className)"""
# Whatever lies on its neighbour, or is cut off by what it lies in.
CROWDED = """['header', 'footer'].flatMap((bar) => {
  const parts = [...document.querySelector(bar).children].filter((x) => x.offsetParent);
  const boxes = parts.map((x) => x.getBoundingClientRect());
  const apart = (a, b) => a.right <= b.left + 0.5 || b.right <= a.left + 0.5
    || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5;
  const over = parts.filter((_, i) => boxes.some((box, j) => j > i && !apart(boxes[i], box)));
  const cut = [...document.querySelectorAll(`${bar} button, ${bar} .badge, ${bar} .screen`)]
    .filter((x) => x.offsetParent && !x.closest('.sections, .phrases'))
    .filter((x) => x.scrollWidth > x.clientWidth + 1);
  return [...over, ...cut].map((x) => x.id || x.className);
})"""


def test_everything_can_be_reached_by_keyboard_and_has_a_name(page, other):
    unnamed = """[...document.querySelectorAll('button, input, [role=radio]')]
      .filter((x) => x.offsetParent)
      .filter((x) => ![x.textContent, x.ariaLabel, x.closest('label')?.textContent]
        .some((words) => words?.trim()))
      .map((x) => x.outerHTML)"""
    assert page.evaluate(unnamed) == []
    page.keyboard.press("Tab")
    reached = set()
    for _ in range(100):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.id"
            )
        )
    assert {"bass gain", "mute bass", "bass pan", "calmer to bolder, the whole band"} <= reached


def test_a_browser_that_lost_the_page_gets_everything_again(browser):
    with Performance() as band:  # of its own, since a Director knows one page
        _loses_and_finds_again(browser.new_page(), band)


def _loses_and_finds_again(page, band):
    port = free_port()
    with page_process(band.address, port):
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector('.strip[data-bot="drums"]')
    page.wait_for_selector("#veil:not([hidden])")
    band.call(lambda: band.director.playback.change_mix("pad", "gain_db", -7.5, fade_seconds=0))
    with page_process(band.address, port):
        page.wait_for_selector("#veil", state="hidden", timeout=40000)
        sees(page, "document.querySelector('[data-bot=\"pad\"] .db').textContent === '−7.5'")
        sees(page, "window.musebots.band.bots.get('bass').notes.length > 8")
        assert page.locator('.strip[data-bot="pad"]').count() == 1
    page.close()
