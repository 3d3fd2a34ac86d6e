"""A density over keys: all sets of keys together have probability 1, and each has the right one."""

from __future__ import annotations

import itertools
import math

import pytest

pytest.importorskip("torch")

import torch

from musebots.training.polyphony.density import Density, IndependentKeys, Nade

N_KEYS, N_UNITS = 7, 3


def _densities() -> list[Density]:
    torch.manual_seed(0)
    found: list[Density] = [
        IndependentKeys(N_UNITS, N_KEYS),
        Nade(N_UNITS, N_KEYS, n_hidden=5),
        Nade(N_UNITS, N_KEYS, n_hidden=5, span=3),
        Nade(N_UNITS, N_KEYS, n_hidden=5, span=N_KEYS + 2),
    ]
    for density in found:
        for parameter in density.parameters():
            torch.nn.init.normal_(parameter, std=1.0)
    return found


@pytest.mark.parametrize("density", _densities())
def test_all_sets_of_keys_together_have_probability_one(density: Density) -> None:
    frames = torch.tensor(list(itertools.product((0.0, 1.0), repeat=N_KEYS)))
    hidden = torch.randn(1, N_UNITS).expand(len(frames), -1)
    before = (torch.rand(1, N_KEYS) < 0.5).float().expand(len(frames), -1)
    with torch.no_grad():
        p = density(hidden, before, frames).double().neg().exp()
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(p.max()) < 0.99  # not all of it in one set


def test_independent_keys_multiply() -> None:
    density = IndependentKeys(N_UNITS, 2)
    torch.nn.init.zeros_(density.key.weight)
    with torch.no_grad():
        density.key.bias.copy_(torch.tensor([math.log(3.0), 0.0]))  # p = 3/4 and 1/2
    nats = density(torch.zeros(1, N_UNITS), torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]))
    assert float(nats.detach()) == pytest.approx(-math.log(3 / 4 * 1 / 2))


@pytest.mark.parametrize("span", [0, 2])
def test_nade_is_its_formula_key_by_key(span: int) -> None:
    torch.manual_seed(1)
    nade = Nade(N_UNITS, N_KEYS, n_hidden=4, span=span)
    hidden = torch.randn(N_UNITS)
    before, frame = (torch.rand(2, N_KEYS) < 0.5).float()
    expected = 0.0
    for i in range(N_KEYS):
        behind = nade.hidden_bias(hidden)
        for j in range(i):
            behind = behind + nade.below[j] * frame[j]
        if nade.around is not None:
            for column in range(span):  # the keys below in this frame, the farthest first
                j = i - span + column
                if j >= 0:
                    behind = behind + nade.around.weight[:, column] * frame[j]
            for column in range(2 * span + 1):  # the keys around in the frame before
                j = i - span + column
                if 0 <= j < N_KEYS:
                    behind = behind + nade.around.weight[:, span + column] * before[j]
        logit = nade.bias(hidden)[i] + nade.above[i] @ behind.sigmoid()
        p = float(logit.sigmoid().detach())
        expected -= math.log(p if frame[i] else 1 - p)
    found = nade(hidden[None], before[None], frame[None])
    assert float(found.detach()) == pytest.approx(expected, abs=1e-5)
