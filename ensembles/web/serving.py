"""How the page is served: uvicorn, kept off the signals, with limits on sizes and numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

__all__ = ["MAX_TEXT_BYTES", "Server", "server_of"]

MAX_TEXT_BYTES = 4096  # of a WebSocket message
CLOSING_SECONDS = 1
MAX_CONNECTIONS = 200


class Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would take Ctrl-C for itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def server_of(app: ASGIApp, *, host: str, port: int) -> Server:
    """The server for an application; `serve` it, and set `should_exit` to end it."""
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            ws="websockets-sansio",
            ws_max_size=MAX_TEXT_BYTES,
            ws_per_message_deflate=False,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=CLOSING_SECONDS,
            limit_concurrency=MAX_CONNECTIONS,
        )
    )
