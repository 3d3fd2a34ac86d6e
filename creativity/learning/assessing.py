"""Training the assessor's network A to predict S. Needs torch."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from creativity.assessor.network import (
    BITS_UNIT,
    DILATION,
    KERNEL,
    MOST_BITS,
    AssessorNetwork,
    flags_of,
    symbol_codes,
)
from musebots.novelty.phrases import Phrases
from musebots.rnn.vocabulary import Role

__all__ = ["Assessor", "Judged", "assessed", "exported", "fit_assessor"]

_N_PLACES = 24
_BATCH = 128
_RATE = 3e-3
_TOGETHER = 1024

Floats = npt.NDArray[np.float64]


class Assessor(nn.Module):
    """`creativity.assessor.network.AssessorNetwork`, for training.

    Parameters
    ----------
    role : {"melody", "bass", "drums"}
    width : int
        Of its layers.
    hears_bits : bool
        Whether it is told how many bits each step was worth.
    """

    def __init__(self, role: Role, width: int = 48, *, hears_bits: bool = True) -> None:
        super().__init__()
        self.role, self.hears_bits = role, hears_bits
        n_codes = symbol_codes(role).shape[1]
        self.now = nn.Linear(n_codes, 16, bias=False)
        self.bar_ago = nn.Linear(n_codes, 8, bias=False)
        self.two_bars_ago = nn.Linear(n_codes, 8, bias=False)
        self.place = nn.Embedding(_N_PLACES, 8)
        half = (KERNEL - 1) // 2
        self.first = nn.Conv1d(16 + 3 * 8 + 3 + 1, width, KERNEL, padding=half)
        self.second = nn.Conv1d(width, width, KERNEL, padding=half * DILATION, dilation=DILATION)
        self.third = nn.Linear(2 * width + 2, 64)
        self.verdict = nn.Linear(64, 1)
        self.dropout = nn.Dropout(0.1)

    def forward(self, judged: Judged) -> Tensor:
        """A of each phrase, (n,), between 0 and 1."""
        n_heard, n_steps, bar = judged.place.shape[1], judged.codes.shape[1], judged.steps_per_bar
        first = n_steps - n_heard
        padded = nn.functional.pad(judged.codes, (0, 0, 2 * bar, 0))
        lagged = [padded[:, first + (2 - k) * bar :][:, :n_heard] for k in range(3)]
        bits = judged.bits.clamp(max=MOST_BITS) / BITS_UNIT * float(self.hears_bits)
        x = torch.cat(
            [
                self.now(lagged[0]),
                self.bar_ago(lagged[1]),
                self.two_bars_ago(lagged[2]),
                self.place(judged.place),
                judged.flags,
                bits[..., None],
            ],
            dim=2,
        ).transpose(1, 2)  # (n, n_inputs, n_heard)
        x = torch.relu(self.first(x))
        x = x + torch.relu(self.second(x))
        onset = judged.flags[..., 0]
        now, before = (
            (bits * onset)[:, part].sum(dim=1) / onset[:, part].sum(dim=1).clamp(min=1.0)
            for part in (slice(judged.n_habit, None), slice(0, judged.n_habit))
        )
        x = x[:, :, judged.n_habit :]
        pooled = self.dropout(torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1))
        pooled = torch.cat([pooled, now[:, None], before[:, None]], dim=1)
        return torch.sigmoid(self.verdict(torch.relu(self.third(pooled)))[:, 0])


class Judged:
    """Phrases as the assessor's network gets them.

    Parameters
    ----------
    phrases : Phrases
    bits : array
        (n, n_heard), as `bits_with_before` gives them.

    Attributes
    ----------
    codes : Tensor
        (n, n_steps, n_codes), the steps before included.
    place : Tensor
        (n, n_heard), in 16ths, of the judged steps and of the `n_habit` before them.
    flags : Tensor
        (n, n_heard, 3): whether anything starts, fits, holds.
    bits : Tensor
        (n, n_heard).
    """

    def __init__(self, phrases: Phrases, bits: Floats) -> None:
        self.steps_per_bar = phrases.steps_per_bar
        first = phrases.n_steps - bits.shape[1]
        self.n_habit = phrases.n_before - first
        self.codes = torch.from_numpy(symbol_codes(phrases.role)[phrases.symbols])
        self.place = torch.from_numpy(phrases.step_in_bar[:, first:].astype(np.int64)) % _N_PLACES
        self.flags = torch.from_numpy(flags_of(phrases)[:, first:])
        self.bits = torch.from_numpy(bits.astype(np.float32))

    def softened(self, codes: Tensor, flags: Tensor, bits: Tensor) -> Judged:
        """The same places with other values in the judged steps, which have gradients."""
        soft = copy.copy(self)
        n_judged = codes.shape[1]
        soft.codes = torch.cat([self.codes[:, :-n_judged], codes], dim=1)
        soft.flags = torch.cat([self.flags[:, : self.n_habit], flags], dim=1)
        soft.bits = torch.cat([self.bits[:, : self.n_habit], bits], dim=1)
        return soft


def fit_assessor(
    assessor: Assessor,
    phrases: Phrases,
    scores: Floats,
    bits: Floats,
    *,
    n_epochs: int,
    generator: torch.Generator,
    rate: float = _RATE,
) -> float:
    """Let it predict scores from phrases and their bits; root mean square error at the end."""
    wanted = torch.from_numpy(scores.astype(np.float32))
    optimizer = torch.optim.AdamW(assessor.parameters(), lr=rate, weight_decay=0.02)
    n_batches = -(-len(phrases) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=rate, total_steps=max(2, n_epochs * n_batches)
    )
    squares = 0.0
    assessor.train()
    for _ in range(n_epochs):
        squares = 0.0
        for index in torch.split(torch.randperm(len(phrases), generator=generator), _BATCH):
            at = index.numpy()
            missed = assessor(Judged(phrases.taken(at), bits[at])) - wanted[index]
            loss = missed.square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            squares += float(missed.detach().square().sum())
    assessor.eval()
    return float(np.sqrt(squares / max(1, len(phrases))))


@torch.no_grad()
def assessed(assessor: Assessor, phrases: Phrases, bits: Floats) -> Floats:
    """A of many phrases, (n_phrases,)."""
    slices = [slice(start, start + _TOGETHER) for start in range(0, len(phrases), _TOGETHER)]
    parts = [assessor(Judged(phrases.taken(part), bits[part])) for part in slices]
    return np.asarray(torch.cat(parts).double().numpy())


def exported(assessor: Assessor) -> AssessorNetwork:
    """The same network for numpy."""
    tensors = {
        name: tensor.detach().numpy().copy() for name, tensor in assessor.state_dict().items()
    }
    return AssessorNetwork(assessor.role, tensors)
