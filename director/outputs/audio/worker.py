"""The process that owns pyo: ``python -m director.outputs.audio.worker render|live|probe|check``.

It takes its work as lines on standard input and answers in lines on standard output. When its
parent goes away it ends too.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from director.outputs.audio.jobs import OWN_WORDS, cues_from_lines, decode_strips
from musebots.errors import MusebotError

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Do the job named by the first argument; the exit status."""
    jobs = {"render": _render, "live": _live, "probe": _probe, "check": _check}
    if len(arguments) < 2 or arguments[1] not in jobs:
        sys.stderr.write(f"usage: worker {'|'.join(jobs)}\n")
        return 2
    try:
        jobs[arguments[1]](_speaker())
    except BrokenPipeError:  # the parent is gone
        return 1
    except MusebotError as error:
        sys.stderr.write(f"{OWN_WORDS}{error}\n")
        return error.exit_code
    return 0


def _speaker() -> Callable[[str], None]:
    """Our own standard output; what the sound libraries print goes to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def say(line: str) -> None:
        own.write(line + "\n")

    return say


def _render(say: Callable[[str], None]) -> None:
    """Lines in: settings, strips, cues. Lines out: the share done."""
    from director.outputs.audio.offline import RenderSettings, render
    from director.outputs.audio.stems import render_stems

    source = sys.stdin.buffer
    job = json.loads(source.readline())
    path, stems = Path(job.pop("path")), job.pop("stems", None)
    strips = decode_strips(source.readline())
    cues = cues_from_lines(source)
    settings = RenderSettings(**job)
    share = 0.5 if stems else 1.0
    try:
        render(path, strips, cues, settings, progress=lambda done: say(f"{share * done:.4f}"))
        if stems:
            render_stems(
                Path(stems), strips, cues, settings,
                progress=lambda done: say(f"{share + share * done:.4f}"),
            )  # fmt: skip
    except BrokenPipeError:
        path.unlink(missing_ok=True)  # nobody is left to rename it
        raise


def _live(say: Callable[[str], None]) -> None:
    from director.outputs.audio.live import run_live

    run_live(sys.stdin.buffer, say)


def _probe(say: Callable[[str], None]) -> None:
    from director.outputs.audio.live import output_devices

    say(json.dumps({"names": output_devices()[0]}))


def _check(say: Callable[[str], None]) -> None:
    from director.outputs.audio.pyo_module import import_pyo

    say(str(import_pyo().PYO_VERSION))


if __name__ == "__main__":
    sys.exit(main(sys.argv))
