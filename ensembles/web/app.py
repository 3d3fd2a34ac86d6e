"""The page's routes. Other parts hang theirs in by `Part`: a list of routes for a stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ensembles.web.access import Door, Gate
from ensembles.web.controls import controls_json
from ensembles.web.sockets import Sockets
from ensembles.web.state import Stage

__all__ = ["STATIC", "Part", "make_app"]

STATIC = Path(__file__).parent / "static"

Part = Callable[[Stage], Sequence[BaseRoute]]
"""A part of the page that has routes of its own: sound, downloads, the listening test."""


def make_app(stage: Stage, sockets: Sockets, gate: Gate, parts: Sequence[Part] = ()) -> ASGIApp:
    """The application: the page, its WebSocket, its parts; nothing gets past the gate."""

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def controls(request: Request) -> Response:
        return JSONResponse(controls_json())

    async def state(request: Request) -> Response:
        return JSONResponse(stage.snapshot())

    routes: list[BaseRoute] = [
        Route("/", page),
        Route("/controls.json", controls),
        Route("/state.json", state),
        WebSocketRoute("/ws", sockets.serve),
        *(route for part in parts for route in part(stage)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Door(Starlette(routes=routes), gate)
