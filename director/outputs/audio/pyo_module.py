"""The one place that imports pyo: quietly, and with the settings that it reads on import."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from musebots.errors import OutputUnavailable

__all__ = ["import_pyo"]

_ALSA_PLUGIN_DIRS = ("/usr/lib/{machine}-linux-gnu/alsa-lib", "/usr/lib64/alsa-lib",
                     "/usr/lib/alsa-lib")  # fmt: skip
INSTALL_HINT = "pip install pyo (wheels: Linux x86_64, macOS arm64, Windows)"


def import_pyo() -> Any:
    """Import pyo.

    Raises
    ------
    OutputUnavailable
        If it is not installed, or has no build for this platform.
    """
    os.environ.setdefault("PYO_GUI_WX", "0")  # without it pyo prints about its window toolkit
    if sys.platform == "linux":
        _find_alsa_plugins()
    try:
        import pyo
    except ImportError as error:
        raise OutputUnavailable(f"pyo cannot be imported ({error}): {INSTALL_HINT}") from error
    return pyo


def _find_alsa_plugins() -> None:
    """The wheel carries its own ALSA, which looks for the desktop's plugins in the wrong place."""
    for pattern in _ALSA_PLUGIN_DIRS:
        folder = Path(pattern.format(machine=os.uname().machine))
        if folder.is_dir():
            os.environ.setdefault("ALSA_PLUGIN_DIR", str(folder))
            return
