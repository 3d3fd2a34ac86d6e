"""The listening test by itself, without a band: `musebots listen FOLDER`."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import webbrowser
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ensembles.signals import StopRequest
from ensembles.web.access import Door, Gate, is_loopback
from ensembles.web.answers import Answers
from ensembles.web.app import STATIC
from ensembles.web.blind import BlindTest, home, read_clips
from ensembles.web.process import free_port, url_of
from ensembles.web.serving import server_of

__all__ = ["ANSWERS_FILE", "serve_test"]

ANSWERS_FILE = "answers.sqlite"
LOOK_SECONDS = 0.05


async def serve_test(
    folder: Path,
    *,
    host: str,
    port: int,
    n_trials: int,
    opens_browser: bool,
    request: StopRequest,
    on_notice: Callable[[str], None],
) -> Path:
    """Serve the test of a folder's clips until asked to stop; where the answers lie.

    Raises
    ------
    ConfigError
        When the folder holds no clips.
    """
    clips = read_clips(folder)
    answers = folder / ANSWERS_FILE
    test = BlindTest(clips, Answers(answers), n_trials=n_trials)
    port = free_port(host, port)
    token = "" if is_loopback(host) else secrets.token_urlsafe(16)
    routes = [Route("/", home), *test.routes(), Mount("/static", StaticFiles(directory=STATIC))]
    server = server_of(Door(Starlette(routes=routes), Gate(port, token)), host=host, port=port)
    ending = asyncio.Event()
    request.attach(ending.set)
    serving = asyncio.create_task(server.serve())
    try:
        while not (server.started or serving.done()):
            await asyncio.sleep(LOOK_SECONDS)
        address = url_of(host, port, token)
        on_notice(f"{len(clips.songs)} clips; the test is at {address}; Ctrl-C ends it")
        if opens_browser:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, address)
        stopping = asyncio.create_task(ending.wait())
        await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        request.detach()
    return answers
