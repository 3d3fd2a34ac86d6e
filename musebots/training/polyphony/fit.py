"""Training on piano-rolls: settings, loop, early stopping, and the likelihood of what comes out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from musebots.training.polyphony.density import Density, IndependentKeys, Nade
from musebots.training.polyphony.metric import FrameLikelihood, Nats
from musebots.training.polyphony.model import Cell, FrameModel
from musebots.training.polyphony.rolls import Compass, Roll, Rolls, padded, transposed, windows
from musebots.training.schedule import set_learning_rate

__all__ = ["FrameReport", "FrameSettings", "fit", "nats_of_frames"]

log = logging.getLogger(__name__)

_ROLLS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class FrameSettings:
    """What to train, and how.

    Parameters
    ----------
    cell : {"gru", "lstm"}
        See `FrameModel`.
    n_units : int
        Width of the recurrent layer.
    nade_hidden : int
        Units behind each key of a `Nade`; 0 for `IndependentKeys`.
    span : int
        See `Nade`.
    input_dropout, dropout : float
        See `FrameModel`; `dropout` is also that of the `Nade`.
    learning_rate, weight_decay : float
        Of Adam (AdamW); the rate falls to a twentieth along a half cosine.
    batch_size, window_frames : int
        Windows per update, and their length at most.
    n_epochs, patience : int
        Passes at most, and how many without a better validation before stopping early.
    clip_norm : float
        Largest norm of the gradient.
    max_transposition : int
        Every training piece is moved by up to so many semitones, drawn anew in every epoch.
    """

    cell: Cell = "gru"
    n_units: int = 256
    nade_hidden: int = 0
    span: int = 0
    input_dropout: float = 0.0
    dropout: float = 0.3
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    batch_size: int = 16
    window_frames: int = 192
    n_epochs: int = 100
    patience: int = 20
    clip_norm: float = 1.0
    max_transposition: int = 0


@dataclass(frozen=True, slots=True)
class FrameReport:
    """What came of a training.

    Parameters
    ----------
    model : FrameModel
        After its best epoch.
    compass : Compass
        The keys that it models.
    n_parameters : int
        All that is learned.
    n_epochs, best_epoch : int
        Run, and the one kept: the one with the lowest validation.
    valid, test : FrameLikelihood
        Of the model kept.
    """

    model: FrameModel
    compass: Compass
    n_parameters: int
    n_epochs: int
    best_epoch: int
    valid: FrameLikelihood
    test: FrameLikelihood


def fit(
    rolls: Rolls,
    settings: FrameSettings,
    *,
    seed: int,
    on_epoch: Callable[[int, float], None] | None = None,
) -> FrameReport:
    """Train on one split, choose the epoch on the next, measure on the last.

    Parameters
    ----------
    rolls : Rolls
        What to learn and to be measured by.
    settings : FrameSettings
        What to train, and how.
    seed : int
        Of all that is random: first weights, windows, dropout, transpositions.
    on_epoch : callable, optional
        Called with the number of epochs run and the validation's nats a frame.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and with it every bit, depends on their number
    try:
        with torch.random.fork_rng(devices=[]):
            return _fit(rolls, settings, seed, on_epoch or (lambda epoch, nats: None))
    finally:
        torch.set_num_threads(n_threads)


def _fit(
    rolls: Rolls, settings: FrameSettings, seed: int, on_epoch: Callable[[int, float], None]
) -> FrameReport:
    compass = Compass.of(rolls.train)
    torch.manual_seed(seed)
    model = _model(settings, compass)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    best, best_epoch, best_nats, epoch = model.state_dict(), 0, math.inf, 0
    while epoch < settings.n_epochs and epoch - best_epoch < settings.patience:
        _train_epoch(model, optimizer, rolls.train, compass, settings, [seed, epoch])
        epoch += 1
        nats = FrameLikelihood.of(nats_of_frames(model, rolls.valid, compass)).given_first
        if nats < best_nats:
            best_nats, best_epoch = nats, epoch
            best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        on_epoch(epoch, nats)
    model.load_state_dict(best)
    return FrameReport(
        model,
        compass,
        sum(parameter.numel() for parameter in model.parameters()),
        epoch,
        best_epoch,
        FrameLikelihood.of(nats_of_frames(model, rolls.valid, compass)),
        FrameLikelihood.of(nats_of_frames(model, rolls.test, compass)),
    )


def _model(settings: FrameSettings, compass: Compass) -> FrameModel:
    density: Density
    if settings.nade_hidden:
        density = Nade(
            settings.n_units, compass.width, n_hidden=settings.nade_hidden, span=settings.span,
            dropout=settings.dropout,
        )  # fmt: skip
    else:
        density = IndependentKeys(settings.n_units, compass.width)
    return FrameModel(
        density, cell=settings.cell, n_keys=compass.width, n_units=settings.n_units,
        input_dropout=settings.input_dropout, dropout=settings.dropout,
    )  # fmt: skip


def _train_epoch(
    model: FrameModel,
    optimizer: torch.optim.Optimizer,
    train: Sequence[Roll],
    compass: Compass,
    settings: FrameSettings,
    seeds: list[int],
) -> None:
    """Every training frame once."""
    rng = np.random.default_rng(seeds)
    reach = settings.max_transposition
    if reach:
        train = [transposed(roll, int(rng.integers(-reach, reach + 1))) for roll in train]
    plan = list(
        windows(train, rng, n_frames=settings.window_frames, batch_size=settings.batch_size)
    )
    model.train()
    for index, batch in enumerate(plan):
        done = (seeds[-1] + index / len(plan)) / settings.n_epochs
        set_learning_rate(optimizer, settings.learning_rate, done)
        frames, is_real = padded([roll[:, compass.low : compass.high] for roll in batch])
        loss = model(torch.from_numpy(frames), torch.from_numpy(is_real)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        optimizer.step()


def nats_of_frames(model: FrameModel, rolls: Sequence[Roll], compass: Compass) -> list[Nats]:
    """What each frame costs given all before it in its roll, whole rolls, all keys.

    Returns
    -------
    list of array
        Nats of each frame, float64, one array for each of `rolls`.
    """
    model.eval()
    found: list[Nats] = [np.zeros(0)] * len(rolls)
    order = sorted(range(len(rolls)), key=lambda i: len(rolls[i]))
    with torch.inference_mode():
        for at in range(0, len(order), _ROLLS_AT_ONCE):
            group = order[at : at + _ROLLS_AT_ONCE]
            frames, is_real = padded([rolls[i][:, compass.low : compass.high] for i in group])
            nats = model(torch.from_numpy(frames), torch.from_numpy(is_real)).double().numpy()
            ends = np.cumsum([len(rolls[i]) for i in group])[:-1]
            for i, part in zip(group, np.split(nats, ends), strict=True):
                found[i] = part + compass.nats_beyond(rolls[i])
    return found
