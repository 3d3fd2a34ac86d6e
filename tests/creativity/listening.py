"""A small background and bots that tell made-up activations: what the monitor's tests share."""

import numpy as np

from creativity.background import Setup
from creativity.calibrating import InTurn, Plan, calibrate
from creativity.collecting import Playing

N_UNITS = 24
N_STEPS = 400
NETWORK = "a" * 64
SETUP = Setup(window_steps=8, block_steps=32)


def activations(rng, n_steps=N_STEPS, n_units=N_UNITS):
    """Units that follow each other and themselves, within -1..1."""
    mixing = np.random.default_rng(99).normal(size=(4, n_units)) / 2
    drift = np.zeros(4)
    rows = []
    for _ in range(n_steps):
        drift = 0.8 * drift + rng.normal(size=4)
        rows.append(np.tanh(drift @ mixing / 2 + 0.3 * rng.normal(size=n_units)))
    return np.array(rows, np.float32)


def playing(rng, *, n_steps=N_STEPS, network=NETWORK):
    ticks = np.arange(n_steps) * 120
    surprise = np.full(n_steps, 0.5, np.float32)
    return Playing(network, "hidden", ticks, activations(rng, n_steps), surprise)


def small_background(bots=("a", "b"), *, n_runs=20, setup=SETUP):
    def runs():
        for index in range(n_runs):
            rng = np.random.default_rng(index)
            yield {bot: playing(rng) for bot in bots}

    plan = Plan.of(n_runs, setup=setup, stride=5)
    return calibrate(InTurn(runs()), plan, piece="test", made={"seed": 0})
