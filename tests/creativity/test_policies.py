"""Each policy as a pure function: what it does at a bar line, and what it never does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creativity.policies import (
    HOLD_BARS,
    HOLD_PUSH,
    SLEW,
    Memory,
    Seen,
    Situation,
    decide,
)
from creativity.steerer import LEVEL_BARS
from musebots.messages import MODES, Policy

MEMBERS = ("melody", "bass", "drums")


def seen(verdict, bot_id="melody", units=(1, 2)):
    return Seen(bot_id, 1920, 3840, {bot_id: units}, verdict)


def run(policy, plant, n_bars, *, level=0.5):
    """The levels and pushes of a band whose score of a bar follows the push as `plant` says."""
    memory, levels, pushes, scores = Memory(), [], [], [level] * LEVEL_BARS
    for bar in range(n_bars):
        level = float(np.mean(scores[-LEVEL_BARS:]))
        decision = decide(policy, memory, Situation(bar, level, MEMBERS))
        memory = decision.memory
        pushes.append(decision.pushes["melody"])
        scores.append(plant(pushes[-1], bar))
        levels.append(float(np.mean(scores[-LEVEL_BARS:])))
    return levels, pushes


@pytest.mark.parametrize("mode", ["off", "fader"])
def test_off_and_fader_add_nothing_and_forget_what_another_policy_did(mode):
    decision = decide(Policy(mode), Memory(0.7, 0.4), Situation(3, 0.1, MEMBERS, (seen("noise"),)))
    assert decision.pushes == dict.fromkeys(MEMBERS, 0.0)
    assert decision.memory == Memory()
    assert not decision.actions


@given(
    mode=st.sampled_from(MODES),
    target=st.floats(0, 1),
    levels=st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=30),
)
def test_no_policy_leaves_the_fader_or_moves_it_faster_than_its_slew(mode, target, levels):
    memory, before = Memory(), 0.0
    for bar, level in enumerate(levels):
        decision = decide(Policy(mode, target), memory, Situation(bar, level, MEMBERS))
        memory = decision.memory
        push = decision.pushes["melody"]
        assert -1 <= push <= 1
        assert abs(push - before) <= SLEW + 1e-9
        before = push


@given(gain=st.floats(0.1, 0.4), rest=st.floats(0.3, 0.7), target=st.floats(0.35, 0.65))
def test_nudge_settles_on_a_target_within_reach(gain, rest, target):
    reachable = min(rest + gain, max(rest - gain, target))
    plant = lambda push, bar: rest + gain * push  # noqa: E731
    levels, _ = run(Policy("nudge", target), plant, 150, level=rest)
    assert levels[-1] == pytest.approx(reachable, abs=0.03)


def test_nudge_comes_back_at_once_from_a_target_that_was_out_of_reach():
    """Anti-windup: forty bars of wanting more leave no debt."""
    memory, scores = Memory(), [0.4] * LEVEL_BARS
    for bar in range(60):
        level = float(np.mean(scores[-LEVEL_BARS:]))
        target = 1.0 if bar < 40 else 0.4
        memory = decide(Policy("nudge", target), memory, Situation(bar, level, MEMBERS)).memory
        scores.append(0.4 + 0.2 * memory.push)
        if bar == 39:
            assert memory.push == 1.0
    assert abs(float(np.mean(scores[-LEVEL_BARS:])) - 0.4) < 0.05


def test_nudge_holds_against_drift_and_noise():
    rng = np.random.default_rng(0)
    plant = lambda push, bar: (  # noqa: E731
        0.45 + 0.1 * np.sin(bar / 20) + 0.2 * push + rng.normal(0, 0.15)
    )
    levels, _ = run(Policy("nudge", 0.55), plant, 208)
    assert np.mean(np.abs(np.array(levels[8:]) - 0.55) <= 0.1) > 0.8


def test_insist_goes_all_the_way_and_stays_there_once_the_target_is_met():
    levels, pushes = run(Policy("insist", 0.75), lambda push, bar: 0.3 + 0.5 * push, 20, level=0.3)
    assert pushes[1] == 1.0
    assert set(pushes[1:]) == {1.0}
    assert levels[-1] == pytest.approx(0.8)


def test_encouraged_is_what_is_creative_and_it_comes_back():
    now = Situation(4, 0.5, MEMBERS, (seen("creative"),))
    decision = decide(Policy("encourage"), Memory(), now)
    assert decision.pushes == {"melody": HOLD_PUSH, "bass": 0.0, "drums": 0.0}
    assert decision.repeats == (seen("creative"),)
    assert decision.actions == (("melody", "encouraged, and to come back", "unusual and worth it"),)
    for bar in range(5, 4 + HOLD_BARS):
        decision = decide(Policy("encourage"), decision.memory, Situation(bar, 0.5, MEMBERS))
        assert decision.pushes["melody"] == HOLD_PUSH
        assert not decision.repeats
    late = Situation(4 + HOLD_BARS, 0.5, MEMBERS)
    assert decide(Policy("encourage"), decision.memory, late).pushes["melody"] == 0.0


@pytest.mark.parametrize("verdict", ["noise", "stuck", "collapse"])
def test_what_is_no_music_is_damped_and_said_so_even_where_flags_are_encouraged(verdict):
    now = Situation(4, 0.5, MEMBERS, (seen(verdict),))
    decision = decide(Policy("encourage"), Memory(), now)
    assert decision.pushes["melody"] == -HOLD_PUSH
    assert not decision.repeats
    ((_, what, why),) = decision.actions
    assert what == "damped"
    assert verdict in why


def test_what_is_unusual_but_no_more_creative_is_left_alone():
    now = Situation(4, 0.5, MEMBERS, (seen("usual"),))
    decision = decide(Policy("encourage"), Memory(), now)
    assert decision.pushes["melody"] == 0.0
    assert decision.actions == (("melody", "left alone", "unusual, but no more creative for it"),)


def test_damp_damps_whatever_is_flagged_and_a_flag_of_the_band_means_everybody():
    now = Situation(4, 0.5, MEMBERS, (seen("creative", bot_id=""),))
    decision = decide(Policy("damp"), Memory(), now)
    assert set(decision.pushes.values()) == {-HOLD_PUSH}


def test_units_are_amplified_or_clamped_instead_of_moving_the_fader():
    now = Situation(4, 0.5, MEMBERS, (seen("creative"),))
    for mode, gain in (("encourage", 2.0), ("damp", 0.0)):
        decision = decide(Policy(mode, means="units"), Memory(), now)
        (hold,) = decision.holds
        assert (hold.units, hold.gain, hold.until_bar) == ((1, 2), gain, 4 + HOLD_BARS)
        assert decision.pushes["melody"] == 0.0
