"""The state of a training between two updates, kept in a file so that it can be interrupted."""

from __future__ import annotations

import io
import logging
import math
import os
import pickle
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from musebots.errors import CheckpointError, ConfigError

__all__ = ["TrainingState", "load_state", "save_state", "state_path"]

log = logging.getLogger(__name__)

# what torch raises when the bytes are not what they should be
_DAMAGE = (
    RuntimeError, OSError, EOFError, TypeError, ValueError, LookupError, AttributeError,
    pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainingState:
    """All that the next update depends on, and the best network so far.

    Parameters
    ----------
    identity : dict
        What makes this training this one: role, seed, settings, corpus.
    epoch, best_epoch : int
        Epochs run, and the one with the lowest validation loss (0: none yet).
    model, optimizer : dict
        As torch gives them.
    best : dict or None
        The parameters after the best epoch.
    history : list of (float, float)
        Training and validation loss of each epoch, nats per step.
    n_updates : int
        Updates made in the epoch under way.
    nats, n_steps : float
        What they added up to.
    torch_rng : Tensor or None
        State of torch's random numbers after them.
    """

    identity: dict[str, Any]
    epoch: int
    best_epoch: int
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    best: dict[str, Tensor] | None
    history: list[tuple[float, float]]
    n_updates: int = 0
    nats: float = 0.0
    n_steps: float = 0.0
    torch_rng: Tensor | None = None

    @classmethod
    def new(
        cls, identity: dict[str, Any], model: torch.nn.Module, optimizer: torch.optim.Optimizer
    ) -> TrainingState:
        """Before the first epoch."""
        return cls(identity, 0, 0, _copy(model), optimizer.state_dict(), None, [])

    @property
    def last_valid(self) -> float:
        """Validation loss after the last epoch; NaN before the first."""
        return self.history[-1][1] if self.history else math.nan

    def within_epoch(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        n_updates: int,
        nats: float,
        n_steps: float,
    ) -> TrainingState:
        """So many updates into the epoch."""
        return replace(
            self,
            model=_copy(model),
            optimizer=optimizer.state_dict(),
            n_updates=n_updates,
            nats=nats,
            n_steps=n_steps,
            torch_rng=torch.get_rng_state(),
        )

    def after_epoch(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        train_loss: float,
        valid_loss: float,
    ) -> TrainingState:
        """One epoch later."""
        is_better = self.best is None or valid_loss < self.history[self.best_epoch - 1][1]
        weights = _copy(model)
        return TrainingState(
            self.identity,
            self.epoch + 1,
            self.epoch + 1 if is_better else self.best_epoch,
            weights,
            optimizer.state_dict(),
            weights if is_better else self.best,
            [*self.history, (train_loss, valid_loss)],
        )


def _copy(model: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def state_path(out: Path) -> Path:
    """Where the state of the training that writes `out` is kept."""
    return out.with_name(out.name + ".state")


def save_state(file: Path, state: TrainingState) -> None:
    """Keep the state; what was there before stays until the new one is whole."""
    beside = file.with_name(f".{file.name}.part")
    try:
        plain = {field.name: getattr(state, field.name) for field in fields(state)}
        buffer = io.BytesIO()
        torch.save(plain, buffer)
        beside.write_bytes(buffer.getvalue())
        os.replace(beside, file)
    except OSError as error:
        raise CheckpointError(f"{file} cannot be written: {error}; choose another place") from error
    finally:
        beside.unlink(missing_ok=True)


def load_state(file: Path, identity: dict[str, Any]) -> TrainingState | None:
    """Read the state that an interrupted training left; None when there is none or it is damaged.

    Raises
    ------
    ConfigError
        If it was left by a training with another role, seed, corpus or other settings.
    """
    if not file.exists():
        return None
    try:
        state = TrainingState(**torch.load(file, weights_only=True))
    except _DAMAGE as error:
        log.warning("%s cannot be read (%s): the training starts from the beginning", file, error)
        return None
    if state.identity != identity:
        raise ConfigError(
            f"{file} belongs to another training (role, seed, settings or corpus differ): delete "
            "it to start anew, or write to another file"
        )
    return state
