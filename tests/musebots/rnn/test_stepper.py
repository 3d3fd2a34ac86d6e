"""The live step computes what torch computes, and exactly the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from musebots.rnn.checkpoint import Checkpoint, shipped_checkpoint
from musebots.rnn.exact import GRID, HIDDEN_GRID, on_grid
from musebots.rnn.stepper import Stepper
from musebots.rnn.vocabulary import ROLES, Role


def _random_features(checkpoint: Checkpoint, n_steps: int, seed: int = 0) -> np.ndarray:
    sizes = checkpoint.stepper().sizes
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(size, size=n_steps) for size in sizes], axis=1)


@pytest.mark.parametrize("role", ROLES)
def test_shipped_network_steps_as_torch_computes_over_10_000_steps(role: Role) -> None:
    torch = pytest.importorskip("torch")
    from musebots.rnn.model import model_of

    n_steps = 10_000
    checkpoint = shipped_checkpoint(role)
    stepper = checkpoint.stepper()
    model = model_of(checkpoint).eval()
    features = _random_features(checkpoint, n_steps)
    tokens = np.arange(n_steps) % stepper.n_tokens
    with torch.inference_mode():
        output = model(*(torch.from_numpy(a)[None] for a in (features, tokens)))
    logits, hidden = np.empty((n_steps, stepper.n_tokens)), np.empty((n_steps, stepper.n_units))
    touch = np.zeros((n_steps, 9, 9))
    for step in range(n_steps):
        logits[step] = stepper.step(features[step].tolist())
        hidden[step] = stepper.hidden
        if role == "drums":
            touch[step] = stepper.touch(int(tokens[step]))
    assert np.abs(hidden - output.hidden[0].numpy()).max() < 1e-5
    assert np.abs(logits - output.logits[0].numpy()).max() < 1e-5
    if role == "drums":
        assert np.abs(touch[..., :-1] - output.velocity[0].numpy()).max() < 1e-5
        assert np.abs(touch[..., -1] - output.offset[0].numpy()).max() < 1e-5


def test_hidden_state_stays_on_the_grid(checkpoint: Checkpoint) -> None:
    stepper = checkpoint.stepper()
    for features in _random_features(checkpoint, 200):
        stepper.step(features.tolist())
        assert np.array_equal(on_grid(stepper.hidden, HIDDEN_GRID), stepper.hidden)
        assert np.abs(stepper.hidden).max() <= 1


def test_units_in_another_order_give_the_same_bits(checkpoint: Checkpoint) -> None:
    # another order of units is another order of every sum: what another BLAS would do
    n_units = checkpoint.stepper().n_units
    order = np.random.default_rng(0).permutation(n_units)
    gates = np.concatenate([order + gate * n_units for gate in range(3)])
    tensors = dict(checkpoint.tensors)
    for name in ("gru.weight_ih_l0", "gru.bias_ih_l0", "gru.bias_hh_l0"):
        tensors[name] = tensors[name][gates]
    tensors["gru.weight_hh_l0"] = tensors["gru.weight_hh_l0"][gates][:, order]
    for name in ("token.weight", "touch.weight"):
        if name in tensors:
            tensors[name] = tensors[name][:, order]
    plain, shuffled = checkpoint.stepper(), Stepper(tensors, checkpoint.feature_names)
    for features in _random_features(checkpoint, 300):
        logits = plain.step(features.tolist())
        assert np.array_equal(shuffled.step(features.tolist()), logits)
        assert np.array_equal(shuffled.hidden, plain.hidden[order])


def test_reset_forgets(checkpoint: Checkpoint) -> None:
    stepper = checkpoint.stepper()
    features = _random_features(checkpoint, 20).tolist()
    first = [stepper.step(step) for step in features]
    stepper.reset()
    assert all(np.array_equal(stepper.step(f), old) for f, old in zip(features, first, strict=True))


def test_weights_whose_sums_could_be_inexact_are_refused(checkpoint: Checkpoint) -> None:
    tensors = dict(checkpoint.tensors)
    wide = np.full_like(tensors["token.weight"], 15.0)
    tensors["token.weight"] = np.repeat(wide, 60, axis=1)
    with pytest.raises(ValueError, match="exact sums need"):
        Stepper(tensors, checkpoint.feature_names)


def test_only_drums_have_touch(checkpoint: Checkpoint) -> None:
    stepper = checkpoint.stepper()
    if checkpoint.role == "drums":
        assert stepper.touch(1).shape == (9, 9)
    else:
        with pytest.raises(ValueError, match="only drum networks"):
            stepper.touch(1)


def test_gates_and_candidate_make_up_the_hidden_state(checkpoint: Checkpoint) -> None:
    stepper = checkpoint.stepper()
    for features in _random_features(checkpoint, 50):
        before = stepper.hidden
        stepper.step(features.tolist())
        gates = stepper.gates()
        made = gates["update"] * before + (1 - gates["update"]) * gates["candidate"]
        assert np.abs(made - stepper.hidden).max() < 1e-6
        assert all(
            gates[name].min() >= 0 and gates[name].max() <= 1 for name in ("reset", "update")
        )


def test_the_grid_is_fine_enough_not_to_be_heard() -> None:
    assert max(GRID, HIDDEN_GRID) < 1e-6
