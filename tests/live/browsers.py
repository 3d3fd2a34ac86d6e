"""A real browser for tests, where the machine has one."""

import os
import shutil
from contextlib import contextmanager

import pytest

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def find_browser():
    """The system's Chromium: $CHROMIUM, chromium or google-chrome; skips where there is none."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "google-chrome"):
        path = name and shutil.which(name)
        if path:
            return path
    pytest.skip("no Chromium here (set CHROMIUM, or install it)")


@contextmanager
def browsing():
    """A headless browser; pages that are opened in it must neither complain nor miss anything."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = find_browser()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
