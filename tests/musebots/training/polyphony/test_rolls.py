"""Windows hold every frame once; filling up and transposing do what they say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musebots.training.polyphony.rolls import Roll, padded, transposed, windows


def _numbered(lengths: list[int]) -> list[Roll]:
    """Rolls whose frames are all different: each holds its number in binary."""
    numbers = np.arange(sum(lengths), dtype=np.uint16)
    bits = (numbers[:, None] >> np.arange(12) & 1).astype(np.uint8)
    return np.split(bits, np.cumsum(lengths)[:-1])


@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=12),
    st.integers(1, 40),
    st.integers(1, 5),
    st.integers(0, 9),
)
def test_every_frame_is_in_exactly_one_window(
    lengths: list[int], n_frames: int, batch_size: int, seed: int
) -> None:
    rolls = _numbered(lengths)
    rng = np.random.default_rng(seed)
    batches = list(windows(rolls, rng, n_frames=n_frames, batch_size=batch_size))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    assert all(1 <= len(window) <= n_frames for batch in batches for window in batch)
    seen = sorted(frame.tobytes() for batch in batches for window in batch for frame in window)
    assert seen == sorted(frame.tobytes() for roll in rolls for frame in roll)


def test_a_short_roll_stays_whole() -> None:
    rolls = _numbered([20, 7])
    (batch,) = windows(rolls, np.random.default_rng(0), n_frames=20, batch_size=4)
    assert sorted(len(window) for window in batch) == [7, 20]


def test_shorter_rolls_are_filled_up_with_silence_that_is_not_real() -> None:
    frames, is_real = padded([np.ones((2, 3), dtype=np.uint8), np.ones((4, 3), dtype=np.uint8)])
    assert frames.shape == (2, 4, 3)
    assert is_real.tolist() == [[True, True, False, False], [True] * 4]
    assert np.array_equal(frames[..., 0] > 0, is_real)


def test_transposing_moves_keys_and_loses_what_leaves_the_keyboard() -> None:
    roll = np.array([[1, 0, 0, 1]], dtype=np.uint8)
    assert transposed(roll, 1).tolist() == [[0, 1, 0, 0]]
    assert transposed(roll, -2).tolist() == [[0, 1, 0, 0]]
    assert transposed(roll, 0).tolist() == roll.tolist()
