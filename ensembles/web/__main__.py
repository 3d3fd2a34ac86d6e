"""``python -m ensembles.web``: the page's process, out of the band's way from the start."""

from __future__ import annotations

import contextlib
import os
import sys

NICENESS = 5


def _main() -> int:
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)  # the beat comes first
    from ensembles.web.run import main

    return main()


if __name__ == "__main__":
    sys.exit(_main())
