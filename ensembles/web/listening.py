"""How the page's process is told where the band's sound is: by its environment."""

from __future__ import annotations

import os

from director.outputs.audio.packets import StreamAddress

__all__ = ["STREAM_VARIABLE", "environment_of", "stream_of_environment"]

STREAM_VARIABLE = "MUSEBOTS_SOUND"  # not an argument: others can read those


def environment_of(stream: StreamAddress | None) -> dict[str, str]:
    """The variable that tells it; nothing where the band does not sound on the page."""
    return {} if stream is None else {STREAM_VARIABLE: f"{stream.port}:{stream.token}"}


def stream_of_environment() -> StreamAddress | None:
    """The inverse, in the page's process."""
    port, _, token = os.environ.get(STREAM_VARIABLE, "").partition(":")
    return StreamAddress(int(port), token) if port.isdigit() else None
