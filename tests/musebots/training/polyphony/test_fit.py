"""Training on piano-rolls learns, repeats itself, and hears only the past."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from musebots.training.polyphony.fit import FrameReport, FrameSettings, fit, nats_of_frames
from musebots.training.polyphony.metric import FrameLikelihood, frequency_nats
from musebots.training.polyphony.rolls import Roll, Rolls

TINY = FrameSettings(
    n_units=12, dropout=0.1, learning_rate=3e-2, batch_size=2, window_frames=12, n_epochs=8
)
NADE = FrameSettings(
    cell="lstm", n_units=12, nade_hidden=6, span=2, dropout=0.1, learning_rate=3e-2, batch_size=2,
    window_frames=12, n_epochs=8, max_transposition=1,
)  # fmt: skip


def _scale(first: int, n_frames: int) -> Roll:
    """Two keys, a third apart, that go up one key a frame and start again."""
    roll = np.zeros((n_frames, 16), dtype=np.uint8)
    for frame in range(n_frames):
        low = 3 + (first + frame) % 6
        roll[frame, [low, low + 3]] = 1
    return roll


ROLLS = Rolls(
    "scales",
    tuple(_scale(i, 16 + i) for i in range(6)),
    (_scale(1, 9), _scale(2, 14)),
    (_scale(4, 11), _scale(5, 8)),
)


@pytest.fixture(scope="module", params=[TINY, NADE], ids=["independent", "nade"])
def report(request: pytest.FixtureRequest) -> FrameReport:
    return fit(ROLLS, request.param, seed=0)


def test_a_network_beats_the_frequencies_of_the_keys(report: FrameReport) -> None:
    frequencies = FrameLikelihood.of(frequency_nats(ROLLS.train, ROLLS.test)).given_first
    assert report.test.given_first < 0.7 * frequencies
    assert report.n_epochs == 8
    assert report.test.n_frames == 10 + 7


def test_the_epoch_kept_is_the_one_that_validates_best() -> None:
    heard: list[float] = []
    report = fit(ROLLS, TINY, seed=1, on_epoch=lambda epoch, nats: heard.append(nats))
    assert report.best_epoch == 1 + int(np.argmin(heard))
    assert report.valid.given_first == min(heard)


def test_training_stops_early_when_validation_no_longer_falls() -> None:
    hasty = FrameSettings(n_units=4, learning_rate=0.0, n_epochs=9, patience=2)
    report = fit(ROLLS, hasty, seed=0)
    assert (report.n_epochs, report.best_epoch) == (3, 1)


def test_the_same_seed_trains_the_same_network_bit_for_bit() -> None:
    state = torch.get_rng_state()
    a, b, c = (fit(ROLLS, NADE, seed=seed) for seed in (3, 3, 4))
    weights = [torch.cat([p.flatten() for p in r.model.parameters()]) for r in (a, b, c)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert a.test == b.test
    assert torch.equal(torch.get_rng_state(), state)  # the caller's random numbers are its own


def test_a_frame_costs_the_same_alone_and_beside_longer_rolls(report: FrameReport) -> None:
    together = nats_of_frames(report.model, ROLLS.train, report.compass)
    for roll, nats in zip(ROLLS.train, together, strict=True):
        (alone,) = nats_of_frames(report.model, [roll], report.compass)
        assert alone == pytest.approx(nats, abs=1e-4)


def test_what_comes_later_does_not_change_what_a_frame_costs(report: FrameReport) -> None:
    roll = _scale(0, 10)
    changed = roll.copy()
    changed[6] = 1 - changed[6]
    before, after = (nats_of_frames(report.model, [r], report.compass)[0] for r in (roll, changed))
    assert before[:6] == pytest.approx(after[:6], abs=1e-6)
    assert abs(before[6] - after[6]) > 1e-2
    assert abs(before[7] - after[7]) > 1e-2
