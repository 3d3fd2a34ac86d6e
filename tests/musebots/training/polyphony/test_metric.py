"""The figures equal what one computes by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musebots.training.polyphony.metric import FrameLikelihood, frequency_nats
from musebots.training.polyphony.rolls import Compass


def test_three_averages_of_the_same_frames() -> None:
    found = FrameLikelihood.of([np.array([10.0, 2.0]), np.array([20.0, 4.0, 6.0, 8.0])])
    assert found.given_first == pytest.approx((2 + 4 + 6 + 8) / 4)
    assert found.with_first == pytest.approx((10 + 2 + 20 + 4 + 6 + 8) / 6)
    assert found.per_roll == pytest.approx((2 + (4 + 6 + 8) / 3) / 2)
    assert found.n_frames == 4


def test_frequencies_of_keys_follow_laplace() -> None:
    train = [np.array([[1, 0], [1, 0]], dtype=np.uint8)]
    (nats,) = frequency_nats(train, [np.array([[1, 0], [0, 1]], dtype=np.uint8)])
    assert nats == pytest.approx([-2 * math.log(3 / 4), -2 * math.log(1 / 4)])


def test_keys_beyond_the_compass_cost_what_laplace_says() -> None:
    train = [np.array([[0, 1, 1, 0], [0, 1, 0, 0]], dtype=np.uint8)]
    compass = Compass.of(train)
    assert (compass.low, compass.high, compass.width) == (1, 3, 2)
    roll = np.array([[0, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]], dtype=np.uint8)
    assert compass.nats_beyond(roll) == pytest.approx(
        [-2 * math.log(3 / 4), -math.log(3 / 4 * 1 / 4), -2 * math.log(1 / 4)]
    )
