"""Training a role's network on a corpus: interruptible, repeatable, its result a checkpoint."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from musebots.errors import CheckpointError, CorpusError
from musebots.rnn.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from musebots.rnn.dynamics import LEVEL_TABLES
from musebots.rnn.exact import MAX_WEIGHT, on_grid
from musebots.rnn.features import ROLE_FEATURES
from musebots.rnn.model import RoleModel, model_of
from musebots.rnn.vocabulary import Role, Vocabulary
from musebots.training.augment import augmented
from musebots.training.batches import Batch, batches
from musebots.training.corpora import Corpus, read_corpus
from musebots.training.encode import (
    EncodedPiece,
    Encoder,
    Knobs,
    unheard_features,
    vocabulary_for,
)
from musebots.training.evaluate import Likelihood, evaluate, grouped_by_source
from musebots.training.levels import fit_levels, level_nats
from musebots.training.loss import window_loss
from musebots.training.report import (
    FINE_TUNING,
    SETTINGS,
    Progress,
    Settings,
    TrainingReport,
    Trial,
    corpus_on_card,
)
from musebots.training.schedule import set_learning_rate
from musebots.training.state import TrainingState, load_state, save_state, state_path

__all__ = ["Progress", "Settings", "TrainingReport", "Trial", "train", "trial"]

log = logging.getLogger(__name__)

_SAVE_SECONDS = 60.0
_REPORT_SECONDS = 0.2
_METRIC = (
    "nats: sum of -ln p(token) over all 16ths of whole pieces from the initial state, knobs "
    "hidden; per step, and the same sum per note (drums: per step with a hit)"
)


def train(
    role: Role,
    corpus_dir: Path | str,
    out: Path | str,
    *,
    seed: int = 0,
    start: Path | str | None = None,
    settings: Settings | None = None,
    minutes: float | None = None,
    resume: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingReport:
    """Train a network and write its checkpoint and card.

    Every minute and after every epoch the state of the training is kept in a file beside `out`.
    When the training is interrupted (`KeyboardInterrupt`, or worse), the same call goes on from
    there, and ends with the same bytes as if nothing had happened.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
        Whose part to learn.
    corpus_dir : Path or str
        Event files or MIDI files, see `read_corpus`.
    out : Path or str
        The checkpoint to write, ``*.safetensors``.
    seed : int
        Of all that is random: first weights, windows, dropout.
    start : Path or str, optional
        A checkpoint to go on from (fine-tuning): its words, its hearing and its size are kept, and
        a style that it does not know counts as its default one.
    settings : Settings, optional
        By default those that the shipped checkpoint of the role was trained with, or, with
        `start`, `FINE_TUNING`.
    minutes : float, optional
        Stop after the epoch in which this time is up. What comes out then depends on the machine.
    resume : bool
        False forgets the state of an interrupted training.
    on_progress : callable, optional
        Called some times a second at most with a `Progress`.

    Raises
    ------
    CorpusError
        If the corpus holds nothing to learn from.
    ConfigError
        If a state file belongs to another training.
    CheckpointError
        If `out` cannot be written, or `start` cannot be used.
    """
    out = Path(out)
    parent = None if start is None else load_checkpoint(Path(start), role=role)
    settings = settings or (SETTINGS[role] if parent is None else FINE_TUNING)
    if not os.access(out.parent, os.W_OK) or out.is_dir():
        raise CheckpointError(f"{out} cannot be written: choose a file in a folder that you own")
    corpus = read_corpus(role, Path(corpus_dir))
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums, and with it every bit, depends on their number
    try:
        with torch.random.fork_rng(devices=[]):
            run = _Run(role, corpus, out, seed, settings, parent)
            run.fit(minutes, resume, on_progress or (lambda progress: None))
            return run.finish()
    finally:
        torch.set_num_threads(n_threads)


def trial(
    role: Role,
    corpus: Corpus,
    *,
    seed: int = 0,
    settings: Settings | None = None,
    features: tuple[str, ...] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Trial:
    """Train a network only to see how well it does: nothing is written.

    Parameters
    ----------
    role, corpus, seed
        As for `train`.
    settings : Settings, optional
        By default those of the shipped checkpoint; here the cell may be an LSTM, too.
    features : tuple of str, optional
        What it hears; by default what the shipped checkpoint does.
    on_progress : callable, optional
        Called some times a second at most.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            run = _Run(role, corpus, Path(), seed, settings or SETTINGS[role], features=features)
            while not run.is_done():
                run.epoch(on_progress or (lambda progress: None))
            return run.judged()
    finally:
        torch.set_num_threads(n_threads)


class _Run:
    """One training, from the encoded corpus to the checkpoint."""

    def __init__(
        self,
        role: Role,
        corpus: Corpus,
        out: Path,
        seed: int,
        settings: Settings,
        parent: Checkpoint | None = None,
        features: tuple[str, ...] | None = None,
    ) -> None:
        self.role, self.corpus, self.out, self.seed = role, corpus, out, seed
        self.settings, self.parent = settings, parent
        train_pieces = augmented(role, corpus.split("train"), np.random.default_rng([seed, 0]))
        self.vocabulary: Vocabulary = (
            parent.vocabulary if parent else vocabulary_for(role, train_pieces)
        )
        self.features = parent.feature_names if parent else features or ROLE_FEATURES[role]
        self.encoder = Encoder(self.vocabulary, self.features, Knobs(train_pieces))
        self.train_set = [self.encoder.encode(piece) for piece in train_pieces]
        self.unheard = unheard_features(
            self.features, [(p.style, e) for p, e in zip(train_pieces, self.train_set, strict=True)]
        )
        self.valid_set = self._held_out("valid")
        torch.manual_seed(seed)
        self.model = (
            model_of(parent, dropout=settings.dropout)
            if parent
            else RoleModel(
                self.vocabulary,
                self.features,
                n_units=settings.n_units,
                dropout=settings.dropout,
                cell=settings.cell,
            )
        )
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.state = TrainingState.new(self._identity(), self.model, self.optimizer)

    def _held_out(self, split: str) -> list[EncodedPiece]:
        whole = [piece for piece in self.corpus.split(split) if not piece.fills.any()]
        return [self.encoder.encode(piece) for piece in whole]

    def _identity(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "seed": self.seed,
            "settings": asdict(self.settings),
            "features": list(self.features),
            "corpus": _corpus_sha256(self.train_set),
            "from": self.parent.sha256 if self.parent else None,
        }

    def fit(self, minutes: float | None, resume: bool, report: Callable[[Progress], None]) -> None:
        """Run epochs until they, the patience or the minutes are used up."""
        file = state_path(self.out)
        if resume:
            kept = load_state(file, self.state.identity)
            if kept is not None:
                self.state = kept
                self.model.load_state_dict(kept.model)
                self.optimizer.load_state_dict(kept.optimizer)
        deadline = time.monotonic() + 60 * minutes if minutes else float("inf")
        while not self.is_done() and time.monotonic() < deadline:
            self.epoch(report)
            save_state(file, self.state)

    def is_done(self) -> bool:
        tired = self.state.epoch - self.state.best_epoch >= self.settings.patience
        return self.state.epoch >= self.settings.n_epochs or tired

    def epoch(self, report: Callable[[Progress], None]) -> None:
        settings, epoch = self.settings, self.state.epoch
        rng = np.random.default_rng([self.seed, 1, epoch])
        torch.manual_seed(int(rng.integers(2**62)))
        plan = list(
            batches(
                self.train_set, rng, window_steps=settings.window_steps,
                batch_size=settings.batch_size, per_piece=settings.windows_per_piece,
                dropouts=self.encoder.dropouts,
            )
        )  # fmt: skip
        self.model.train()
        nats, n_steps = self.state.nats, self.state.n_steps
        if self.state.torch_rng is not None:
            torch.set_rng_state(self.state.torch_rng)
        last_report, last_save = float("-inf"), time.monotonic()
        for index in range(self.state.n_updates, len(plan)):
            done = (epoch + index / len(plan)) / settings.n_epochs
            set_learning_rate(self.optimizer, settings.learning_rate, done)
            nats += self._update(plan[index])
            n_steps += float(plan[index].is_real.sum())
            if self.out.name and time.monotonic() - last_save > _SAVE_SECONDS:
                self._save_within_epoch(index + 1, nats, n_steps)
                last_save = time.monotonic()
            if time.monotonic() - last_report > _REPORT_SECONDS:
                last_report = time.monotonic()
                fraction = (epoch + (index + 1) / len(plan)) / settings.n_epochs
                report(Progress(fraction, epoch + 1, nats / n_steps, self.state.last_valid))
        valid = self._validate()
        self.state = self.state.after_epoch(self.model, self.optimizer, nats / n_steps, valid)
        log.info("epoch %d: train %.4f, valid %.4f", epoch + 1, nats / n_steps, valid)
        report(Progress((epoch + 1) / settings.n_epochs, epoch + 1, nats / n_steps, valid))

    def _save_within_epoch(self, n_updates: int, nats: float, n_steps: float) -> None:
        """Keep the state; what an interruption costs is what came after."""
        now = self.state.within_epoch(
            self.model, self.optimizer, n_updates=n_updates, nats=nats, n_steps=n_steps
        )
        save_state(state_path(self.out), now)

    def _update(self, batch: Batch) -> float:
        """One step of the optimizer; the batch's nats."""
        loss, nats = window_loss(self.model(batch.features, batch.tokens), batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        self.optimizer.step()
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.clamp_(-MAX_WEIGHT / 2, MAX_WEIGHT / 2)
        return nats

    def _validate(self) -> float:
        """Nats per step on the validation split; on the training pieces where there is none."""
        pieces = self.valid_set or self.train_set
        results = evaluate(self.model, pieces, hidden_columns=self.encoder.knob_columns)
        return _total(results).nats_per_step

    def judged(self) -> Trial:
        """How well the best network does on the splits that were not learned from."""
        assert self.state.best is not None
        self.model.load_state_dict(self.state.best)
        columns = self.encoder.knob_columns
        return Trial(
            sum(parameter.numel() for parameter in self.model.parameters()),
            self.state.epoch,
            evaluate(self.model, self.valid_set, hidden_columns=columns),
            evaluate(self.model, self._held_out("test"), hidden_columns=columns),
        )

    def finish(self) -> TrainingReport:
        """Round the best network to the grid, measure it, write it."""
        if self.state.best is None:
            raise CorpusError("the time was up before the first epoch ended: give it more minutes")
        tensors = {
            name: on_grid(tensor.numpy()).astype(np.float32)
            for name, tensor in self.state.best.items()
        }
        self.model.load_state_dict({n: torch.from_numpy(t) for n, t in tensors.items()})
        levels: dict[str, np.ndarray[Any, np.dtype[np.float32]]] = {}
        if self.role == "drums":
            tensors["offset_spread"] = on_grid(self._offset_spread()).astype(np.float32)
        else:
            levels = fit_levels(self.train_set) or self._inherited_levels()
            tensors |= levels
        columns = self.encoder.knob_columns
        valid = evaluate(self.model, self.valid_set, hidden_columns=columns)
        test = evaluate(self.model, self._held_out("test"), hidden_columns=columns)
        unheard = self.parent.unheard if self.parent else self.unheard
        checkpoint = Checkpoint(self.vocabulary, self.features, tensors, unheard)
        save_checkpoint(checkpoint, self.out, self._card(valid, test, levels))
        state_path(self.out).unlink(missing_ok=True)
        return TrainingReport(
            self.out,
            checkpoint.sha256,
            self.state.epoch,
            self.state.best_epoch,
            _total(valid),
            _total(test),
            self.corpus.skipped,
        )

    def _offset_spread(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Per drum the root mean square of what the expected offset misses, in 16ths."""
        squares, counts = np.zeros(9), np.zeros(9)
        self.model.eval()
        with torch.inference_mode():
            for piece in self.valid_set or self.train_set:
                output = self.model(
                    torch.from_numpy(piece.features.astype(np.int64)).unsqueeze(0),
                    torch.from_numpy(piece.tokens.astype(np.int64)).unsqueeze(0),
                )
                struck = piece.levels >= 0
                missed = np.where(struck, output.offset[0].numpy() - piece.offset, 0.0)
                squares += (missed**2).sum(axis=0)
                counts += struck.sum(axis=0)
        return np.sqrt(squares / np.maximum(counts, 1))

    def _inherited_levels(self) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
        if self.parent is None:
            return {}
        return {n: t for n, t in self.parent.tensors.items() if n in LEVEL_TABLES}

    def _card(
        self,
        valid: dict[str, Likelihood],
        test: dict[str, Likelihood],
        levels: dict[str, np.ndarray[Any, np.dtype[np.float32]]],
    ) -> dict[str, Any]:
        origin = {"from": {"sha256": self.parent.sha256}} if self.parent else {}
        parent = " --from CHECKPOINT" if self.parent else ""
        return {
            "command": f"musebots train {self.role} --corpus DIR -o {self.out.name} "
            f"--seed {self.seed}{parent}",
            **origin,
            "seed": self.seed,
            "settings": asdict(self.settings),
            "features": list(self.features),
            "corpus": corpus_on_card(self.corpus.split("train")),
            "epochs": {"run": self.state.epoch, "kept": self.state.best_epoch},
            "losses_per_epoch": [
                {"train": round(t, 4), "valid": round(v, 4)} for t, v in self.state.history
            ],
            "metric": _METRIC,
            **self._velocity_on_card(levels),
            "valid": grouped_by_source(valid),
            "test": grouped_by_source(test),
        }

    def _velocity_on_card(
        self, levels: dict[str, np.ndarray[Any, np.dtype[np.float32]]]
    ) -> dict[str, Any]:
        """Surprise at the velocity level of a voice's note, where velocities are known."""
        splits = {
            "train": self.train_set, "valid": self.valid_set, "test": self._held_out("test"),
        }  # fmt: skip
        nats = {split: level_nats(levels, pieces) for split, pieces in splits.items()}
        known = {split: round(value, 4) for split, value in nats.items() if value == value}
        return {"velocity_nats_per_note": known} if known else {}


def _corpus_sha256(pieces: Sequence[EncodedPiece]) -> str:
    """Identity of what is learned from."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.features.tobytes() + piece.tokens.tobytes())
    return digest.hexdigest()


def _total(results: dict[str, Likelihood]) -> Likelihood:
    return sum(results.values(), Likelihood.nothing())
