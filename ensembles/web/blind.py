"""The blind listening test: pairs of clips, two questions each, and nothing that gives them away.

A clip is asked for by an address that says nothing and is good for one pair of one sitting; which
clip is which is known to the server alone, and of its key only the songs are read.
"""

from __future__ import annotations

import io
import json
import secrets
import time
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ensembles.web.answers import ANSWERS, QUESTIONS, Answers
from ensembles.web.pairs import Trial, plan
from musebots.errors import ConfigError

__all__ = ["BlindTest", "ClipSet", "read_clips", "with_holes"]

N_TRIALS = 20
MAX_SITTINGS = 200
MAX_BODY_BYTES = 2048
MAX_NAME_LENGTH = 40
HOLE_SECONDS = 0.5
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class ClipSet:
    """Clips that can be compared: by name, the song that each is a version of, and its file."""

    songs: dict[str, str]
    files: dict[str, Path]

    def path(self, clip: str) -> Path:
        """The file of a clip that belongs to the set; `KeyError` for any other."""
        return self.files[clip]


def read_clips(folder: Path) -> ClipSet:
    """A folder of `musebots experiment listening-set`, or of `musebots rate export --wav`.

    Raises
    ------
    ConfigError
        When it is none.
    """
    try:
        key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
        if (folder / "clips.json").exists():
            listed = json.loads((folder / "clips.json").read_text(encoding="utf-8"))
            songs = {str(clip["file"]): str(key[clip["file"]]["song"]) for clip in listed}
        else:
            songs = {str(name): str(about["pair"]) for name, about in key.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{folder} holds no listening set ({error}): make one with "
            "'musebots experiment listening-set -o FOLDER' or 'musebots rate export --wav'"
        ) from error
    files = {name: folder / (name if name.endswith(".wav") else f"{name}.wav") for name in songs}
    for name, path in files.items():
        if Path(name).name != name or not path.is_file():
            raise ConfigError(f"{folder}: there is no clip {name}")
    return ClipSet(songs, files)


@dataclass(slots=True)
class _Sitting:
    """One listener's pairs, and how far they have come."""

    listener: str
    sheet: str
    trials: list[Trial]
    number: int = 1
    began: float = field(default_factory=time.monotonic)
    sides: dict[str, tuple[str, bool]] = field(default_factory=dict)

    @property
    def trial(self) -> Trial | None:
        """The pair that is asked about now; None when all are answered."""
        return self.trials[self.number - 1] if self.number <= len(self.trials) else None


class BlindTest:
    """The routes of the listening test.

    Parameters
    ----------
    clips : ClipSet
    answers : Answers
    n_trials : int
        Pairs in a sitting, the checks included.
    rng : numpy.random.Generator, optional
    """

    def __init__(
        self,
        clips: ClipSet,
        answers: Answers,
        *,
        n_trials: int = N_TRIALS,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._clips = clips
        self._answers = answers
        self._n_trials = n_trials
        self._rng = rng or np.random.default_rng()
        self._sittings: dict[str, _Sitting] = {}

    def routes(self, stage: object = None) -> Sequence[BaseRoute]:
        """The page ``/listen`` and what it asks for."""
        return [
            Route("/listen", self._page),
            Route("/listen/begin", self._begin, methods=["POST"]),
            Route("/listen/answer", self._answer, methods=["POST"]),
            Route("/listen/clip/{sitting}/{side}", self._clip),
            Route("/listen/answers.csv", self._ratings_csv),
            Route("/listen/trials.csv", self._trials_csv),
        ]

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "listen.html")

    async def _begin(self, request: Request) -> Response:
        asked = await _body(request)
        if asked is None:
            return _refused("not a JSON object")
        name = str(asked.get("listener", "")).strip() or f"listener-{secrets.token_hex(3)}"
        if len(name) > MAX_NAME_LENGTH or not name.isprintable():
            return _refused(f"a name has up to {MAX_NAME_LENGTH} printable characters")
        trials = plan(
            self._clips.songs, self._answers.n_answered(), n_trials=self._n_trials, rng=self._rng
        )
        while len(self._sittings) >= MAX_SITTINGS:
            del self._sittings[next(iter(self._sittings))]
        token = secrets.token_urlsafe(12)
        sheet = f"page {time.strftime('%Y-%m-%d %H:%M:%S')} {secrets.token_hex(2)}"
        self._sittings[token] = sitting = _Sitting(name, sheet, trials)
        return JSONResponse({"sitting": token, "listener": name, **self._asked(sitting)})

    def _asked(self, sitting: _Sitting) -> dict[str, Any]:
        """The pair that comes now, as the page is told: nothing but two addresses."""
        trial = sitting.trial
        sitting.began = time.monotonic()
        if trial is None:
            sitting.sides = {}
            return {"number": sitting.number, "of": len(sitting.trials), "is_over": True}
        tokens = [secrets.token_urlsafe(9) for _ in range(2)]
        sitting.sides = {
            tokens[0]: (trial.first, trial.broken == "first"),
            tokens[1]: (trial.second, trial.broken == "second"),
        }
        return {"number": sitting.number, "of": len(sitting.trials), "sides": tokens}

    async def _answer(self, request: Request) -> Response:
        asked = await _body(request)
        sitting = self._sittings.get(str(asked.get("sitting"))) if asked else None
        if asked is None or sitting is None:
            return _refused("this sitting is over: reload the page to begin another")
        trial = sitting.trial
        if trial is None or asked.get("number") != sitting.number:
            return _refused("that pair is not asked about now")
        answers = asked.get("answers")
        heard = asked.get("heard")
        if not isinstance(answers, dict) or any(answers.get(q) not in ANSWERS for q in QUESTIONS):
            return _refused(f"each question is answered with {', '.join(ANSWERS)}")
        if not (isinstance(heard, list) and len(heard) == 2 and all(map(_is_seconds, heard))):
            return _refused("tell how many seconds were heard of each")
        seconds = (*map(float, heard), time.monotonic() - sitting.began)
        self._answers.add(
            trial, answers, listener=sitting.listener, sheet=sitting.sheet, number=sitting.number,
            seconds=seconds,
        )  # fmt: skip
        sitting.number += 1
        return JSONResponse(self._asked(sitting))

    async def _clip(self, request: Request) -> Response:
        sitting = self._sittings.get(request.path_params["sitting"])
        side = sitting.sides.get(request.path_params["side"]) if sitting else None
        if side is None:
            return _refused("there is no such clip", 404)
        clip, is_broken = side
        sound = self._clips.path(clip).read_bytes()
        return Response(with_holes(sound) if is_broken else sound, media_type="audio/wav")

    async def _ratings_csv(self, request: Request) -> Response:
        return Response(self._answers.ratings_csv(), media_type="text/csv")

    async def _trials_csv(self, request: Request) -> Response:
        return Response(self._answers.trials_csv(), media_type="text/csv")


def with_holes(sound: bytes) -> bytes:
    """A 16-bit WAV file with every other half second silent."""
    out = io.BytesIO()
    with wave.open(io.BytesIO(sound)) as source, wave.open(out, "wb") as target:
        target.setparams(source.getparams())
        frames = np.frombuffer(source.readframes(source.getnframes()), dtype="<i2").copy()
        length = round(HOLE_SECONDS * source.getframerate()) * source.getnchannels()
        for start in range(length, len(frames), 2 * length):
            frames[start : start + length] = 0
        target.writeframes(frames.tobytes())
    return out.getvalue()


async def _body(request: Request) -> dict[str, Any] | None:
    """The JSON object in a request; None for anything else, or too much of it."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    return asked if isinstance(asked, dict) else None


def _is_seconds(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value < 86400  # type: ignore[operator]


def _refused(words: str, code: int = 400) -> Response:
    return JSONResponse({"refused": words}, code)


def home(request: Request) -> Response:
    """Where the test is all that is served, it is the first page."""
    return RedirectResponse("/listen")
