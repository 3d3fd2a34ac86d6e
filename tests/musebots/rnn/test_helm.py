"""The shipped bots, steered by what they are told. Seed 0."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from musebots.errors import CheckpointError
from musebots.generators import Step, StepContext
from musebots.harmony import Chord
from musebots.novelty.files import load_novelty
from musebots.rnn.generator import NeuralGenerator, load_generator
from musebots.rnn.steering_files import load_steering
from musebots.rnn.vocabulary import ROLES, Role
from musebots.snapshots import packed, unpacked


def contexts(n_bars: int, alpha: float = 0.0) -> list[StepContext]:
    return [
        StepContext(step % 16, bar_in_phrase=step // 16 % 4, chord=Chord(7 * (step // 16) % 12),
                    alpha=alpha)
        for step in range(16 * n_bars)
    ]  # fmt: skip


def played(generator: NeuralGenerator, steps: list[StepContext]) -> list[tuple[object, ...]]:
    def told(step: Step) -> tuple[object, ...]:
        return step.onsets, step.is_hold

    return [told(generator.step(step)) for step in steps]


def fresh(role: Role) -> NeuralGenerator:
    return load_generator(role, rng=np.random.default_rng(0))


@pytest.mark.parametrize("role", ROLES)
def test_at_rest_a_told_bot_plays_as_one_that_cannot_be_steered(role: Role) -> None:
    still = NeuralGenerator(
        fresh(role)._checkpoint, np.random.default_rng(0),
        temperature=fresh(role)._temperature, top_p=fresh(role)._top_p,
    )  # fmt: skip
    assert played(fresh(role), contexts(4)) == played(still, contexts(4))


@pytest.mark.parametrize("role", ROLES)
def test_a_told_bot_goes_on_from_a_snapshot_sent_to_another_machine(role: Role) -> None:
    assert load_steering(role).told is not None
    first, again = fresh(role), fresh(role)
    steps = contexts(9, 0.4)
    played(first, contexts(5))  # nobody asks what steps are worth
    played(first, steps[:37])
    again.restore(unpacked(packed(first.snapshot())))
    assert played(first, steps[37:]) == played(again, steps[37:])


@pytest.mark.parametrize("role", ROLES)
def test_calmer_and_bolder_are_told_apart_by_what_notes_are_worth(role: Role) -> None:
    worth = []
    for alpha in (-0.5, 0.5):
        generator = fresh(role)
        played(generator, contexts(16, alpha))
        following = generator._helm._following
        assert following is not None
        heard = following.snapshot()[0]
        first = len(heard) - 64
        bits = [following._worth_of(at, at + 1)[0] for at in range(first, len(heard))]
        worth.append(np.mean([value for value in bits if value]))
    assert worth[0] < worth[1]


def test_a_direction_and_the_model_that_it_is_told_by_belong_together(tmp_path: Path) -> None:
    checkpoint = tmp_path / "bass.safetensors"
    with resources.as_file(resources.files("musebots") / "checkpoints") as folder:
        for name in ("bass.safetensors", "bass.steering.safetensors"):
            shutil.copy(folder / name, tmp_path / name)
        with pytest.raises(CheckpointError, match="novelty"):
            load_generator("bass", rng=np.random.default_rng(0), checkpoint=checkpoint)
        other = folder / "melody.novelty.safetensors"
        shutil.copy(other, tmp_path / "bass.novelty.safetensors")
    with pytest.raises(CheckpointError, match="train it again"):
        load_generator("bass", rng=np.random.default_rng(0), checkpoint=checkpoint)
    steering = load_steering(tmp_path / "bass.steering.safetensors")
    with pytest.raises(CheckpointError, match="novelty model"):
        NeuralGenerator(
            fresh("bass")._checkpoint, np.random.default_rng(0), steering=steering,
            novelty=replace(load_novelty("bass"), strengths=(1.0, 1.0, 1.0, 1.0)),
        )  # fmt: skip
