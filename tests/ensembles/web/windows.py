"""A real browser for the page's tests, and what must not happen in its windows."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = next(
    (
        path
        for name in (os.environ.get("CHROMIUM", ""), "chromium", "google-chrome")
        if name and (path := shutil.which(name))
    ),
    None,
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions",
]  # fmt: skip
BAD = ("error", "warning")
ROOT = Path(__file__).parents[3]


@contextmanager
def browser_of(playwright):
    """A headless browser, as people have it: nothing sounds before somebody clicks."""
    with playwright.sync_playwright() as library:
        browser = library.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def complains(page, address, wrong):
    """Put into `wrong` whatever goes wrong: errors, refused requests, requests to elsewhere."""
    page.on("console", lambda said: said.type in BAD and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and wrong.append(answer.url))
    page.on(
        "request",
        lambda asked: asked.url.startswith((address, "blob:")) or wrong.append(asked.url),
    )


def kept_picture(page, name):
    """A screenshot in the folder that MUSEBOTS_ARTEFACTS names, or in `artefacts/`; its path."""
    folder = Path(os.environ.get("MUSEBOTS_ARTEFACTS", ROOT / "artefacts"))
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    return folder / f"{name}.png"
