"""What steering never breaks, over the whole range and along directions that want to. Seed 0."""

from collections import deque

import numpy as np
import pytest

from musebots.generators import Pull, StepContext
from musebots.harmony import Chord, Key
from musebots.rnn.checkpoint import shipped_checkpoint
from musebots.rnn.exact import on_grid
from musebots.rnn.generator import DEFAULT_TEMPERATURE, DEFAULT_TOP_P, NeuralGenerator
from musebots.rnn.limits import pitch_range
from musebots.rnn.locks import MOST_ONSETS, is_outside
from musebots.rnn.steering import Steering
from musebots.rnn.vocabulary import FIRST_NOTE

ALPHAS = np.linspace(-1, 1, 5)
CHORDS = ("C", "Am", "F", "G7", "E7", "Bb")


def direction(role, kind, rng):
    """Away from the key, towards notes on every step, or anywhere."""
    checkpoint = shipped_checkpoint(role)
    weight = checkpoint.stepper().token_head[0]
    if role == "drums" or kind == "anywhere":
        theta = rng.normal(size=weight.shape[1])
    elif kind == "notes":
        theta = weight[FIRST_NOTE:].mean(axis=0) - weight[:FIRST_NOTE].mean(axis=0)
    else:
        outside = is_outside(checkpoint.vocabulary, Key(), Chord(0))
        theta = weight[outside].mean(axis=0) - weight[~outside].mean(axis=0)
    theta = on_grid(theta / np.linalg.norm(theta) * 24.0).astype(np.float32)
    return Steering(role, checkpoint.sha256, "vector", 0, (-1.0, 1.0), {"theta": theta})


def contexts(n_bars, alpha, register=0.5, pull=None):
    for step in range(16 * n_bars):
        bar = step // 16
        yield StepContext(
            step % 16,
            bar_in_phrase=bar % 4,
            chord=Chord.parse(CHORDS[bar % len(CHORDS)]),
            register=register,
            alpha=float(alpha),
            pull=pull,
        )


def player(role, kind="anywhere", seed=0):
    rng = np.random.default_rng(seed)
    return NeuralGenerator(
        shipped_checkpoint(role),
        rng,
        temperature=DEFAULT_TEMPERATURE[role],
        top_p=DEFAULT_TOP_P[role],
        steering=direction(role, kind, rng),
    )


@pytest.mark.parametrize("role", ["melody", "bass"])
@pytest.mark.parametrize("kind", ["outside", "notes", "anywhere"])
def test_range_metre_silence_and_density_hold_at_any_alpha(role, kind):
    for alpha in ALPHAS:
        for register in (0.0, 1.0):
            low, high = pitch_range(role, register)
            generator, silent, held = player(role, kind), 0, 0
            recent = deque(maxlen=32)
            for context in contexts(5, alpha, register):
                was_full = sum(recent) >= MOST_ONSETS
                step = generator.step(context)
                assert all(low <= onset.pitch <= high for onset in step.onsets)
                assert not (alpha and was_full and step.onsets), "as dense as it may be"
                recent.append(bool(step.onsets))
                held = held + 1 if step.is_hold else 0
                assert held < 32, "no note without end"
                silent = 0 if step.onsets or step.is_hold else silent + 1
                assert silent < 32, "who was silent for a bar comes in on the next bar line"


@pytest.mark.parametrize("role", ["melody", "bass"])
@pytest.mark.parametrize("kind", ["outside", "notes", "anywhere"])
def test_a_note_outside_key_and_chord_is_never_likelier_than_unsteered(role, kind):
    """At every step, whatever has been played: exact, since the hidden state is the clean one."""
    for alpha in ALPHAS[ALPHAS != 0]:
        generator = player(role, kind)
        for context in contexts(2, alpha):
            generator.step(context)
            outside = is_outside(generator._vocabulary, context.key, context.chord)
            plain, turned = generator._decided[0], generator._turned
            if turned is None:
                continue
            share = [np.exp(of - of.max()) for of in (plain, turned)]
            plain_share, steered_share = (p[outside].sum() / p.sum() for p in share)
            assert steered_share <= plain_share + 1e-4


@pytest.mark.parametrize("role", ["melody", "bass"])
@pytest.mark.parametrize("gain", [0.0, 2.0, 8.0])
def test_units_that_are_pulled_break_no_lock(role, gain):
    generator = player(role)
    low, high = pitch_range(role, 0.5)
    pull = Pull(tuple(range(0, 256, 2)), gain)
    for context in contexts(8, 0.0, pull=pull):
        step = generator.step(context)
        assert all(low <= onset.pitch <= high for onset in step.onsets)


@pytest.mark.parametrize("role", ["melody", "bass", "drums"])
def test_the_hidden_state_of_a_step_is_the_clean_one_whatever_is_pulled_or_steered(role):
    """The first step has the same past in all: only what is chosen from it may differ."""
    first = next(iter(contexts(1, 0.0)))
    clean = player(role).step(first).hidden
    for context in (*contexts(1, 1.0), *contexts(1, 0.0, pull=Pull((1, 2, 3), 8.0))):
        if context.step_in_bar == 0:
            assert np.array_equal(player(role).step(context).hidden, clean)


def test_a_pull_of_one_changes_no_choice():
    plain, pulled = player("melody"), player("melody")
    pull = Pull(tuple(range(256)), 1.0)
    for one, other in zip(contexts(8, 0.0), contexts(8, 0.0, pull=pull), strict=True):
        assert plain.step(one).onsets == pulled.step(other).onsets
