"""Who may come in: the right host, the right origin and, from other machines, the token. Pure ASGI.

A page of another origin must not steer the band (its `Origin` tells), nor may a name that was
made to point here (its `Host` tells); what comes from beyond this machine must know the token.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Door", "Gate", "is_loopback"]

COOKIE = "musebots"
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


def is_loopback(host: str) -> bool:
    """Whether a host to bind to is this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Gate:
    """What is let in.

    Parameters
    ----------
    port : int
        That the page is served at.
    token : str
        Empty for a page that only this machine can reach.
    """

    port: int
    token: str = ""

    def refusal(self, headers: Headers) -> str:
        """Why a request is not let in, for people; empty if it is."""
        host = headers.get("host", "")
        if not self.token and host not in self._local_hosts():
            return f"the page is at http://127.0.0.1:{self.port}, not at {host[:80]!r}"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return "pages of other origins are not let in"
        if self.token and not self.is_known(headers):
            return "the address of this page ends with its token: ?token=..."
        return ""

    def is_known(self, headers: Headers) -> bool:
        """Whether a request brings the token, in its cookie."""
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(f"{COOKIE}-{self.port}")
        except CookieError:
            return False
        return cookie is not None and self.fits(cookie.value)

    def fits(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def _local_hosts(self) -> set[str]:
        names = {f"{name}:{self.port}" for name in LOCAL_NAMES}
        return names | (set(LOCAL_NAMES) if self.port == 80 else set())


class Door:
    """ASGI middleware: keeps the gate, and puts the headers of safety on every answer."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] == "http":
            token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            if self._gate.token and self._gate.fits(token):
                await self._admit(scope, receive, send, token)
                return
        refusal = self._gate.refusal(headers)
        if scope["type"] == "websocket":
            if refusal or "origin" not in headers:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal[:120]})
                return
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
            await send(message)

        if refusal:
            await PlainTextResponse(f"musebots: {refusal}\n", 403)(scope, receive, send_safely)
            return
        await self._app(scope, receive, send_safely)

    async def _admit(self, scope: Scope, receive: Receive, send: Send, token: str) -> None:
        """Keep the token in a cookie, and out of the address."""
        answer = RedirectResponse("/" + scope["path"].lstrip("/"), 303)
        answer.set_cookie(f"{COOKIE}-{self._gate.port}", token, httponly=True, samesite="strict")
        await answer(scope, receive, send)
