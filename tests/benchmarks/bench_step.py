"""How long one step of each shipped generator takes, all in: features, network, choice.

Run ``python tests/benchmarks/bench_step.py``. It prints, for each role, the median and the 99th
percentile over 4,000 steps, the share of them that the matrix product alone would take, how
many times faster than the music that is (a 16th at 120 bpm lasts 125 ms), and what steering adds.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from musebots.generators import StepContext
from musebots.harmony import Chord
from musebots.rnn.generator import load_generator
from musebots.rnn.vocabulary import ROLES, Role

N_STEPS = 4000
SIXTEENTH_AT_120_BPM = 0.125
PROGRESSION = [Chord.parse(symbol) for symbol in ("C", "Am", "F", "G")]


def contexts() -> list[StepContext]:
    """C Am F G, a bar each, over and over."""
    found = []
    for index in range(N_STEPS):
        bar, step = divmod(index, 16)
        chord, following = PROGRESSION[bar % 4], PROGRESSION[(bar + 1) % 4]
        found.append(
            StepContext(
                step, bar_in_phrase=bar % 4, chord=chord, next_chord=following,
                steps_to_next=16 - step, has_kick=step % 8 == 0,
            )
        )  # fmt: skip
    return found


def step_seconds(role: Role) -> np.ndarray:
    """Seconds of every step of one performance."""
    generator = load_generator(role, rng=np.random.default_rng(0))
    seconds = np.empty(N_STEPS)
    for index, context in enumerate(contexts()):
        start = time.perf_counter()
        generator.step(context)
        seconds[index] = time.perf_counter() - start
    return seconds


def steering_microseconds(role: Role) -> float:
    """What steering adds to a step, as the difference of medians, taken in turns."""
    players = [load_generator(role, rng=np.random.default_rng(0)) for _ in range(2)]
    seconds = np.empty((2, N_STEPS))
    for index, context in enumerate(contexts()):
        for row, alpha in enumerate((0.0, 0.5)):
            at = replace(context, alpha=alpha)
            start = time.perf_counter()
            players[row].step(at)
            seconds[row, index] = time.perf_counter() - start
    plain, steered = np.median(seconds, axis=1)
    return float(steered - plain) * 1e6


def product_seconds(n_units: int) -> float:
    """Median seconds of the recurrent matrix product alone."""
    rng = np.random.default_rng(0)
    weights, hidden = rng.normal(size=(3 * n_units, n_units)), rng.normal(size=n_units)
    seconds = np.empty(N_STEPS)
    for index in range(N_STEPS):
        start = time.perf_counter()
        weights @ hidden
        seconds[index] = time.perf_counter() - start
    return float(np.median(seconds))


def main() -> None:
    """Measure and print."""
    print(
        f"{'role':8} {'median':>10} {'p99':>10} {'product':>8} {'x real time':>12} {'steering':>9}"
    )
    for role in ROLES:
        seconds = step_seconds(role)
        n_units = load_generator(role, rng=np.random.default_rng(0)).n_units
        median, p99 = np.median(seconds), np.percentile(seconds, 99)
        share = product_seconds(n_units) / median
        ratio = SIXTEENTH_AT_120_BPM / median
        steering = steering_microseconds(role)
        print(
            f"{role:8} {median * 1e6:7.0f} us {p99 * 1e6:7.0f} us {share:7.0%} {ratio:12.0f} "
            f"{steering:6.0f} us"
        )


if __name__ == "__main__":
    main()
