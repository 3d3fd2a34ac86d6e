"""Steering turns the readout alone, to the same bits everywhere, and at 0 does nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from musebots.errors import CheckpointError
from musebots.generators import StepContext
from musebots.rnn.checkpoint import Checkpoint, save_checkpoint, shipped_checkpoint
from musebots.rnn.exact import GRID, HIDDEN_GRID, on_grid
from musebots.rnn.generator import NeuralGenerator, load_generator
from musebots.rnn.steering import Steering, noise_of
from musebots.rnn.steering_files import load_steering, save_steering
from musebots.rnn.vocabulary import ROLES, Role

N_NOISE = 3
N_BARS = 6


def random_steering(checkpoint: Checkpoint, seed: int = 0, n_inner: int = 9) -> Steering:
    """An unlearned direction of a network, wide enough to change the music."""
    rng = np.random.default_rng(seed)
    n_units = checkpoint.stepper().n_units
    shapes = {
        "first.weight": (n_inner, n_units + N_NOISE),
        "first.bias": (n_inner,),
        "second.weight": (n_units, n_inner),
        "second.bias": (n_units,),
    }
    tensors = {
        name: (rng.integers(-1_000_000, 1_000_001, shape) * GRID).astype(np.float32)
        for name, shape in shapes.items()
    }
    return Steering(
        checkpoint.role, checkpoint.sha256, "network", N_NOISE, (-0.5, 0.5), tensors
    )  # fmt: skip


def contexts(alpha: float = 0.0) -> list[StepContext]:
    return [
        StepContext(step, bar_in_phrase=bar % 4, alpha=alpha)
        for bar in range(N_BARS)
        for step in range(16)
    ]


def played(generator: NeuralGenerator, alpha: float) -> list[object]:
    steps = [generator.step(context) for context in contexts(alpha)]
    return [(step.onsets, step.is_hold, step.hidden.tobytes()) for step in steps]


def generator_of(checkpoint: Checkpoint, **more: object) -> NeuralGenerator:
    return NeuralGenerator(checkpoint, np.random.default_rng(0), **more)  # type: ignore[arg-type]


def hidden_state(n_units: int = 12, seed: int = 1) -> np.ndarray:
    return on_grid(np.random.default_rng(seed).uniform(-1, 1, n_units), HIDDEN_GRID)


def test_at_alpha_0_a_steerable_network_plays_what_it_always_played(
    checkpoint: Checkpoint,
) -> None:
    plain, steerable = (
        generator_of(checkpoint),
        generator_of(checkpoint, steering=random_steering(checkpoint)),
    )
    assert played(plain, 0.0) == played(steerable, 0.0)
    assert steerable.divergence == 0.0


def test_steering_changes_the_music_and_its_divergence_is_measured(checkpoint: Checkpoint) -> None:
    steering = random_steering(checkpoint)
    plain = generator_of(checkpoint, steering=steering)
    bold = generator_of(checkpoint, steering=steering)
    assert played(plain, 0.0) != played(bold, 0.5)
    assert bold.divergence > 0.0


def test_the_hidden_state_that_goes_on_is_the_unsteered_one(checkpoint: Checkpoint) -> None:
    """What a step returns is what the network itself computes from the tokens played."""
    bold = generator_of(checkpoint, steering=random_steering(checkpoint))
    for context in contexts(0.5)[:20]:
        before = bold.snapshot()
        step = bold.step(context)
        bold.restore(before)
        calm = bold.step(replace(context, alpha=0.0))
        np.testing.assert_array_equal(step.hidden, calm.hidden)
        bold.restore(before)
        bold.step(context)


def test_the_same_alpha_gives_the_same_music_again(checkpoint: Checkpoint) -> None:
    steering = random_steering(checkpoint)
    first, second = (played(generator_of(checkpoint, steering=steering), -0.3) for _ in range(2))
    assert first == second


def test_a_snapshot_in_the_middle_of_a_steered_bar_goes_on_alike(checkpoint: Checkpoint) -> None:
    generator = generator_of(checkpoint, steering=random_steering(checkpoint))
    steps = contexts(0.4)
    for context in steps[:23]:
        generator.step(context)
    kept = generator.snapshot()
    first = [generator.step(context).onsets for context in steps[23:60]]
    generator.restore(kept)
    assert [generator.step(context).onsets for context in steps[23:60]] == first


def test_a_turned_state_is_as_long_as_before_and_on_the_grid(checkpoint: Checkpoint) -> None:
    steering = random_steering(checkpoint)
    hidden = hidden_state()
    turned = steering.turned(hidden, 0.5, noise_of(0.25, N_NOISE)).hidden
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(hidden), rel=1e-6)
    assert np.array_equal(turned, on_grid(turned, HIDDEN_GRID))
    assert not np.array_equal(turned, hidden)


def test_the_order_of_sums_changes_no_bit(checkpoint: Checkpoint) -> None:
    """Units in any other order give the same numbers: every sum is exact."""
    steering, noise = random_steering(checkpoint), noise_of(0.7, N_NOISE)
    rng = np.random.default_rng(2)
    for seed in range(50):
        hidden = hidden_state(seed=seed)
        units, inner = rng.permutation(12), rng.permutation(9)
        tensors = steering.tensors
        columns = np.append(units, [12, 13, 14])
        mixed = replace(
            steering,
            tensors={
                "first.weight": tensors["first.weight"][inner][:, columns],
                "first.bias": tensors["first.bias"][inner],
                "second.weight": tensors["second.weight"][units][:, inner],
                "second.bias": tensors["second.bias"][units],
            },
        )
        expected = steering.turned(hidden, 0.5, noise).hidden[units]
        np.testing.assert_array_equal(mixed.turned(hidden[units], 0.5, noise).hidden, expected)


def test_alpha_stays_within_its_range_and_on_its_grid(checkpoint: Checkpoint) -> None:
    steering = replace(random_steering(checkpoint), alpha_range=(-0.25, 0.375))
    assert steering.reach(9.0) == 0.375
    assert steering.reach(-9.0) == -0.25
    assert steering.reach(float("nan")) == 0.0
    assert steering.reach(0.1) * 1024 == 102


def test_a_silent_state_cannot_be_turned_and_stays_silent(checkpoint: Checkpoint) -> None:
    steering = random_steering(checkpoint)
    turned = steering.turned(np.zeros(12), 0.5, noise_of(0.1, N_NOISE)).hidden
    np.testing.assert_array_equal(turned, np.zeros(12))


def test_one_vector_is_a_direction_too(checkpoint: Checkpoint) -> None:
    theta = on_grid(np.linspace(-1, 1, 12)).astype(np.float32)
    steering = Steering(
        checkpoint.role, checkpoint.sha256, "vector", 0, (-0.5, 0.5), {"theta": theta}
    )
    hidden = hidden_state()
    turned = steering.turned(hidden, 0.5, noise_of(0.1, 0)).hidden
    moved = hidden + 0.5 * theta
    expected = moved * np.linalg.norm(hidden) / np.linalg.norm(moved)
    np.testing.assert_allclose(turned, expected, atol=1e-5)


def test_noise_has_mean_0_and_variance_1_and_is_a_function_of_the_bits() -> None:
    noise = noise_of(0.123456789, 40_000)
    assert abs(noise.mean()) < 0.03  # six standard errors
    assert noise.var() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_array_equal(noise, noise_of(0.123456789, 40_000))
    assert not np.array_equal(noise[:8], noise_of(0.12345679, 8))


@pytest.mark.parametrize(
    ("name", "value"), [("first.weight", 1e6), ("second.bias", np.nan), ("first.bias", 0.1)]
)
def test_weights_that_would_not_be_exact_are_refused(
    checkpoint: Checkpoint, name: str, value: float
) -> None:
    steering = random_steering(checkpoint)
    spoilt = steering.tensors[name].copy()
    spoilt.flat[0] = value
    with pytest.raises(ValueError, match=name):
        replace(steering, tensors={**steering.tensors, name: spoilt})


def test_a_direction_comes_back_from_its_file_as_it_was(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    steering, path = random_steering(checkpoint), tmp_path / "own.steering.safetensors"
    save_steering(steering, path, {"command": "none"})
    loaded = load_steering(path)
    assert loaded.sha256 == steering.sha256
    assert loaded.alpha_range == steering.alpha_range
    hidden, noise = hidden_state(), noise_of(0.5, N_NOISE)
    np.testing.assert_array_equal(
        loaded.turned(hidden, 0.2, noise).hidden, steering.turned(hidden, 0.2, noise).hidden
    )
    assert (tmp_path / "own.steering.json").is_file()


def test_what_each_alpha_was_measured_to_change_is_kept_and_part_of_what_it_is(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    plain, path = random_steering(checkpoint), tmp_path / "own.steering.safetensors"
    steering = replace(plain, changes=((-0.5, -0.1), (0.0, 0.0), (0.25, 0.2), (0.5, 0.3)))
    save_steering(steering, path, {})
    loaded = load_steering(path)
    assert loaded.knob == steering.knob
    assert loaded.knob.alpha(0.5) == pytest.approx(0.1875)
    assert len({loaded.sha256, plain.sha256}) == 2
    with pytest.raises(ValueError, match=r"from -0.5 to 0.5"):
        replace(plain, changes=((-0.5, -0.1), (0.0, 0.0)))


def test_a_spoilt_file_is_refused_with_what_to_do(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "own.steering.safetensors"
    with pytest.raises(CheckpointError, match="does not exist"):
        load_steering(path)
    save_steering(random_steering(checkpoint), path, {})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="again"):
        load_steering(path)


def test_a_direction_of_another_network_is_refused(
    make_checkpoint: Callable[..., Checkpoint], tmp_path: Path
) -> None:
    network, other = make_checkpoint("melody"), make_checkpoint("melody", 1)
    with pytest.raises(ValueError, match="train it for this one"):
        generator_of(network, steering=random_steering(other))
    save_checkpoint(network, tmp_path / "tune.safetensors", {})
    save_steering(random_steering(other), tmp_path / "tune.steering.safetensors", {})
    with pytest.raises(CheckpointError, match="another network"):
        load_generator(
            "melody", rng=np.random.default_rng(0), checkpoint=tmp_path / "tune.safetensors"
        )


def test_the_direction_beside_a_checkpoint_is_taken_with_it(
    make_checkpoint: Callable[..., Checkpoint], tmp_path: Path
) -> None:
    network = make_checkpoint("melody")
    path = tmp_path / "tune.safetensors"
    save_checkpoint(network, path, {})
    rng = np.random.default_rng(0)
    assert load_generator("melody", rng=rng, checkpoint=path).alpha_range == (0.0, 0.0)
    save_steering(random_steering(network), tmp_path / "tune.steering.safetensors", {})
    assert load_generator("melody", rng=rng, checkpoint=path).alpha_range == (-0.5, 0.5)


@pytest.mark.parametrize("role", ROLES)
def test_a_gated_direction_comes_with_every_shipped_network(role: Role) -> None:
    steering = load_steering(role)
    assert steering.checkpoint_sha256 == shipped_checkpoint(role).sha256
    low, high = steering.alpha_range
    assert low < 0 < high
    place = resources.files("musebots") / "checkpoints"
    assert len((place / f"{role}.steering.safetensors").read_bytes()) < 1_000_000
    card = json.loads((place / f"{role}.steering.json").read_text())
    assert card["sha256"] == steering.sha256
    knob = steering.knob
    for value in (-1.0, -0.5, 0.5, 1.0):
        whole = knob.change(knob.reach[value > 0])
        assert knob.change(knob.alpha(value)) == pytest.approx(abs(value) * whole)
        assert value * whole > 0
    bold = load_generator(role, rng=np.random.default_rng(0))
    calm = load_generator(role, rng=np.random.default_rng(0))
    assert bold.alpha_range == steering.alpha_range
    assert played(bold, high) != played(calm, low)
