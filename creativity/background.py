"""What a monitor knows of normal playing: innovations, order statistics, scores; and its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from creativity.calibration import RateNull, WindowNull
from creativity.innovation import Innovation
from creativity.planes import Preference
from creativity.scores import Statistic
from creativity.tables import NullTable
from musebots.errors import BackgroundError
from musebots.tensorfile import TensorFile

__all__ = ["BAND", "Background", "Norm", "Setup", "Voice", "halved", "joined_table",
           "load_background", "save_background", "shipped_background"]  # fmt: skip

FORMAT_VERSION = 1
BAND = ""
"""The id that stands for all bots together."""

_FILE = TensorFile(
    "background", "musebots-background", FORMAT_VERSION, BackgroundError,
    "make one with `musebots calibrate`",
)  # fmt: skip

Tensors = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Setup:
    """How windows are scanned; scores compare only between equal setups.

    Parameters
    ----------
    window_steps : int
        Steps a window.
    block_steps : int
        At most one flag in so many steps.
    statistic : Statistic
    preference : Preference
    """

    window_steps: int = 32
    block_steps: int = 128
    statistic: Statistic = "higher-criticism"
    preference: Preference = field(default_factory=Preference)


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """How high scores of normal playing get: window by window, and block by block."""

    windows: WindowNull
    rate: RateNull


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """One bot's normal playing.

    Parameters
    ----------
    bot_id : str
        Whose, in the piece that it was calibrated on.
    network, layer : str
        The network (sha256 of its checkpoint) and layer that it is true for.
    innovation : Innovation
    table : NullTable
        Of the innovations.
    norm : Norm
    surprise : float
        Usual nats a step; NaN where unknown.
    """

    bot_id: str
    network: str
    layer: str
    innovation: Innovation
    table: NullTable
    norm: Norm
    surprise: float


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Normal playing of one piece.

    Parameters
    ----------
    piece : str
        What was played.
    setup : Setup
    voices : mapping of str to Voice
        By bot id.
    band : Norm or None
        Of all voices together, their nodes in the order of the bots' ids; None for one voice.
    made : mapping
        How: command, seed, runs, and what was measured on runs held out.
    """

    piece: str
    setup: Setup
    voices: Mapping[str, Voice]
    band: Norm | None
    made: Mapping[str, Any]

    def voice_of(self, bot_id: str, network: str) -> Voice | None:
        """The voice of a bot: its own, or another bot's of the same network; None if there is none.

        The network decides: a bot of the same name that plays from another network is a stranger.
        """
        own = self.voices.get(bot_id)
        if own is not None and own.network == network:
            return own
        return next((voice for voice in self.voices.values() if voice.network == network), None)


def joined_table(tables: Sequence[NullTable]) -> NullTable:
    """One table for the nodes of several bots together, in this order.

    Raises
    ------
    ValueError
        If their thresholds differ: they come from backgrounds of different length.
    """
    for table in tables:
        if not np.array_equal(table.alphas, tables[0].alphas):
            raise ValueError("the tables have different thresholds: calibrate these bots together")
    return NullTable(
        tables[0].alphas,
        np.concatenate([table.upper for table in tables]),
        np.concatenate([table.lower for table in tables]),
        tables[0].tail,
    )


def halved(innovation: Innovation) -> Innovation:
    """The same with weights that fit 16 bits: half the file. To be done before a table is made."""
    most = np.float32(np.finfo(np.float16).max)  # beyond it only where far too little was heard
    weights = np.clip(innovation.weights, -most, most).astype(np.float16).astype(np.float32)
    return Innovation(innovation.mean, weights, innovation.n_smoothed)


def save_background(background: Background, path: Path) -> None:
    """Write a background; the same background gives the same bytes.

    Raises
    ------
    BackgroundError
        If the file cannot be written.
    """
    tensors: dict[str, npt.NDArray[Any]] = {}
    for bot_id, voice in background.voices.items():
        tensors[f"{bot_id}/mean"] = voice.innovation.mean
        tensors[f"{bot_id}/weights"] = voice.innovation.weights.astype(np.float16)  # see `halved`
        tensors[f"{bot_id}/alphas"] = voice.table.alphas
        tensors[f"{bot_id}/upper"] = voice.table.upper
        tensors[f"{bot_id}/lower"] = voice.table.lower
        tensors |= _norm_tensors(bot_id, voice.norm)
    if background.band is not None:
        tensors |= _norm_tensors(BAND, background.band)
    about = {
        "piece": background.piece,
        "setup": asdict(background.setup),
        "voices": {
            bot_id: {
                "network": voice.network,
                "layer": voice.layer,
                "n_smoothed": voice.innovation.n_smoothed,
                "surprise": None if np.isnan(voice.surprise) else voice.surprise,
            }
            for bot_id, voice in background.voices.items()
        },
        "made": dict(background.made),
    }
    _FILE.save(path, tensors, about)


def _norm_tensors(bot_id: str, norm: Norm) -> dict[str, npt.NDArray[Any]]:
    return {
        f"{bot_id}/scores": norm.windows.scores.astype(np.float32),
        f"{bot_id}/maxima": norm.rate.maxima.astype(np.float32),
        f"{bot_id}/n_alike": np.array([norm.rate.n_alike], np.float32),
    }


def load_background(path: Path) -> Background:
    """Read a background.

    Raises
    ------
    BackgroundError
        If the file is missing, damaged, or of a format unknown here.
    """
    about, tensors = _FILE.load(path)
    try:
        setup = dict(about["setup"])
        setup["preference"] = Preference(**setup["preference"])
        made_for = Setup(**setup)
        voices = {
            bot_id: _voice(bot_id, said, tensors, made_for)
            for bot_id, said in sorted(about["voices"].items())
        }
        band = _norm(BAND, tensors, made_for) if f"{BAND}/scores" in tensors else None
        return Background(str(about["piece"]), made_for, voices, band, about["made"])
    except (KeyError, TypeError, ValueError) as error:
        raise BackgroundError(
            f"{path} cannot be used: {error}; make it again with `musebots calibrate`"
        ) from error


def _voice(bot_id: str, said: Mapping[str, Any], tensors: Tensors, setup: Setup) -> Voice:
    surprise = said["surprise"]
    return Voice(
        bot_id,
        str(said["network"]),
        str(said["layer"]),
        Innovation(
            tensors[f"{bot_id}/mean"], tensors[f"{bot_id}/weights"], int(said["n_smoothed"])
        ),
        NullTable(
            tensors[f"{bot_id}/alphas"],
            tensors[f"{bot_id}/upper"],
            tensors[f"{bot_id}/lower"],
            "two-sided",
        ),
        _norm(bot_id, tensors, setup),
        float("nan") if surprise is None else float(surprise),
    )


def _norm(bot_id: str, tensors: Tensors, setup: Setup) -> Norm:
    return Norm(
        WindowNull(tensors[f"{bot_id}/scores"].astype(np.float64)),
        RateNull(
            tensors[f"{bot_id}/maxima"].astype(np.float64),
            setup.block_steps,
            float(tensors[f"{bot_id}/n_alike"][0]) if f"{bot_id}/n_alike" in tensors else 1.0,
        ),
    )


def shipped_background(piece: str) -> Path | None:
    """The background that comes with musebots for a shipped piece, if there is one."""
    place = resources.files("creativity") / "backgrounds" / f"{piece}.safetensors"
    path = Path(str(place))
    return path if path.is_file() else None
