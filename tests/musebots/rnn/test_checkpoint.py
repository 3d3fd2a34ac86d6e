"""A checkpoint is read back exactly, or refused with what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from musebots.errors import CheckpointError
from musebots.rnn.checkpoint import (
    Checkpoint,
    identity_sha256,
    load_checkpoint,
    save_checkpoint,
    shipped_checkpoint,
)
from musebots.rnn.vocabulary import ROLES, Role


@pytest.fixture
def saved(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    path = tmp_path / "net.safetensors"
    save_checkpoint(checkpoint, path, {"seed": 0})
    return path


def _rewrite(
    path: Path,
    change: dict[str, Any],
    tensors: dict[str, Any] | None = None,
    *,
    is_signed: bool = False,
) -> None:
    """Save again with other metadata or tensors, as a careless or hostile hand would."""
    about = _about(path) | change
    tensors = tensors or load_file(path)
    if is_signed:
        about["sha256"] = identity_sha256(
            about["vocabulary"], about["features"], about.get("unheard"), tensors=tensors
        )
    save_file(tensors, path, metadata={"musebot": json.dumps(about)})


def _about(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    about: dict[str, Any] = json.loads(header["__metadata__"]["musebot"])
    return about


def test_loaded_checkpoint_equals_the_saved_one(checkpoint: Checkpoint, saved: Path) -> None:
    loaded = load_checkpoint(saved, role=checkpoint.role)
    assert loaded.vocabulary == checkpoint.vocabulary
    assert loaded.feature_names == checkpoint.feature_names
    assert loaded.sha256 == checkpoint.sha256
    assert all(np.array_equal(loaded.tensors[n], t) for n, t in checkpoint.tensors.items())


def test_same_network_gives_the_same_bytes(
    checkpoint: Checkpoint, saved: Path, tmp_path: Path
) -> None:
    reordered = dict(reversed(list(checkpoint.tensors.items())))
    again = tmp_path / "again.safetensors"
    save_checkpoint(
        Checkpoint(checkpoint.vocabulary, checkpoint.feature_names, reordered), again, {"seed": 0}
    )
    assert again.read_bytes() == saved.read_bytes()
    assert again.with_suffix(".json").read_bytes() == saved.with_suffix(".json").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again.json", "again.safetensors", "net.json", "net.safetensors",
    ]  # fmt: skip


def test_card_tells_the_identity(checkpoint: Checkpoint, saved: Path) -> None:
    card = json.loads(saved.with_suffix(".json").read_text())
    assert card["sha256"] == checkpoint.sha256
    assert card["role"] == checkpoint.role
    assert card["n_parameters"] == checkpoint.n_parameters


def test_altered_number_is_refused(saved: Path) -> None:
    tensors = load_file(saved)
    tensors["token.bias"] = tensors["token.bias"] + np.float32(0.5)
    _rewrite(saved, {}, tensors)
    with pytest.raises(CheckpointError, match=r"sha256 differs.*get the file again"):
        load_checkpoint(saved)


def test_altered_meaning_is_refused(saved: Path) -> None:
    about = _about(saved)
    _rewrite(saved, {"features": about["features"][::-1]})
    with pytest.raises(CheckpointError, match="sha256 differs"):
        load_checkpoint(saved)


def test_other_format_version_is_refused(saved: Path) -> None:
    _rewrite(saved, {"format_version": 99})
    with pytest.raises(CheckpointError, match=r"version 99.*train it again"):
        load_checkpoint(saved)


def test_other_role_is_refused(checkpoint: Checkpoint, saved: Path) -> None:
    other: Role = "bass" if checkpoint.role != "bass" else "drums"
    with pytest.raises(CheckpointError, match=f"plays {checkpoint.role}, not {other}"):
        load_checkpoint(saved, role=other)


@pytest.mark.parametrize("n_kept", [0, 5, 200, -100])
def test_truncated_file_is_refused(saved: Path, n_kept: int) -> None:
    saved.write_bytes(saved.read_bytes()[:n_kept])
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(saved)


@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e6, 0.1])
def test_number_that_no_step_can_use_is_refused(saved: Path, poison: float) -> None:
    tensors = load_file(saved)
    tensors["gru.weight_hh_l0"][0, 0] = poison
    _rewrite(saved, {}, tensors, is_signed=True)
    with pytest.raises(CheckpointError, match=r"gru.weight_hh_l0.*train it again"):
        load_checkpoint(saved)


def test_missing_tensor_is_refused(saved: Path) -> None:
    tensors = load_file(saved)
    del tensors["token.bias"]
    _rewrite(saved, {}, tensors, is_signed=True)
    with pytest.raises(CheckpointError, match=r"lacks the parameter 'token.bias'"):
        load_checkpoint(saved)


def test_unknown_feature_is_refused(saved: Path) -> None:
    _rewrite(saved, {"features": ["moon_phase"]}, is_signed=True)
    with pytest.raises(CheckpointError, match="moon_phase"):
        load_checkpoint(saved)


def test_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(3, dtype=np.float32)}, path)
    with pytest.raises(CheckpointError, match="no musebot checkpoint"):
        load_checkpoint(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        load_checkpoint(tmp_path / "nowhere.safetensors")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path)


def test_unwritable_place_is_one_clear_error(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(checkpoint, tmp_path / "missing" / "net.safetensors", {})


@pytest.mark.parametrize("role", ROLES)
def test_shipped_checkpoint_is_whole_small_and_honest(role: Role) -> None:
    shipped = shipped_checkpoint(role)
    folder = resources.files("musebots") / "checkpoints"
    card = json.loads((folder / f"{role}.json").read_text(encoding="utf-8"))
    assert card["sha256"] == shipped.sha256
    assert card["command"].startswith(f"musebots train {role} --corpus ")
    assert all(entry["licence"] for entry in card["corpus"].values())
    assert card["test"]["all"]["nats_per_note"] > 0
    assert 4 * shipped.n_parameters < 2_000_000


def test_what_a_style_does_not_hear_is_kept_and_part_of_the_identity(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    style = checkpoint.vocabulary.styles[0]
    deaf = replace(checkpoint, unheard={style: ("others", "place")})
    save_checkpoint(deaf, tmp_path / "deaf.safetensors", {})
    assert load_checkpoint(tmp_path / "deaf.safetensors").unheard == {style: ("others", "place")}
    assert deaf.sha256 != checkpoint.sha256
    save_checkpoint(
        replace(checkpoint, unheard={style: ("gravity",)}), tmp_path / "odd.safetensors", {}
    )
    with pytest.raises(CheckpointError, match="features that it does not hear"):
        load_checkpoint(tmp_path / "odd.safetensors")
