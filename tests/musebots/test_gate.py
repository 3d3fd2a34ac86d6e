"""The gate: what leads too far from what a network learned is halved, and said once. Pure."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musebots.faders import Faders
from musebots.gate import LEAST_SHARE, MAX_COST, MAX_KL_NATS, BarSteered, Gate


def steered(value, kl=0.01, cost=1.0):
    return BarSteered(value, value / 2, kl, cost, 1.0)


def test_within_the_gate_nothing_is_taken():
    gate = Gate()
    assert not any(gate.judge(steered(1.0, MAX_KL_NATS * 0.9, MAX_COST * 0.9)) for _ in range(50))
    assert gate.share == 1.0


@pytest.mark.parametrize(("kl", "cost", "word"), [(0.3, 1.0, "nats"), (0.01, 2.0, "surprising")])
def test_out_of_it_alpha_is_halved_and_the_reason_is_told(kl, cost, word):
    gate = Gate()
    words = [gate.judge(steered(1.0, kl, cost)) for _ in range(4)]
    assert words[:3] == ["", "", ""], "a bar or two are no judgement"
    assert word in words[3]
    assert gate.share == 0.5


def test_a_bar_of_rests_weighs_as_little_as_it_surprises():
    """Ten times as surprising as almost nothing is almost nothing; as much as usual counts."""
    gate = Gate()
    rests, notes = BarSteered(1.0, 0.5, 0.01, 0.02, 0.002), steered(1.0, cost=1.3)
    assert not any(gate.judge(rests if bar % 2 else notes) for bar in range(40))
    assert gate.share == 1.0
    assert "times as surprising" in gate.judge(BarSteered(1.0, 0.5, 0.01, 4.0, 0.002))


def test_a_bar_that_is_far_out_is_enough():
    gate = Gate()
    assert "0.50 nats" in gate.judge(steered(1.0, 0.5))
    assert gate.share == 0.5


@given(fader=st.floats(0.1, 1.0), slope=st.floats(0.1, 5.0))
def test_there_is_no_loop_of_halving_and_coming_back(fader, slope):
    """A fader that stands still is refused a few times at most, whatever the network is like."""
    gate, n_refused, n_changes = Gate(), 0, 0
    for _ in range(400):
        before = gate.share
        alpha = fader * gate.share
        n_refused += bool(gate.judge(steered(fader, slope * alpha**2, 1 + slope * alpha)))
        n_changes += gate.share != before
    assert n_refused <= 5
    assert n_changes <= 8


def test_it_comes_back_as_far_as_should_be_well_within():
    gate = Gate()
    for _ in range(200):
        alpha = gate.share
        gate.judge(steered(1.0, 0.2 * alpha**2, 1.1))
    assert 0.4 < gate.share < 1.0
    assert 0.2 * gate.share**2 < MAX_KL_NATS


def test_what_was_refused_is_not_tried_again_for_a_long_while():
    """A network whose every excursion beyond 0.7 is refused, though it should be within."""
    gate, refused_at = Gate(), []
    for bar in range(130):
        if gate.judge(steered(1.0, 0.5 if gate.share > 0.7 else 0.01)):
            refused_at.append(bar)
    assert refused_at[:2] == [0, 12]
    assert all(later - earlier > 64 for earlier, later in pairwise(refused_at[1:]))


def test_it_gives_back_what_it_took_when_the_fader_is_taken_back():
    gate = Gate()
    for _ in range(3):
        gate.judge(steered(1.0, 0.5))
    assert gate.share == 0.125
    gate.judge(steered(0.0, 0.0))
    assert gate.share == 1.0
    assert Gate().share >= LEAST_SHARE


def test_the_state_of_a_gate_can_be_kept_and_taken_up():
    gate, other = Gate(), Gate()
    for kl in (0.1, 0.4, 0.02):
        gate.judge(steered(0.7, kl))
    other.restore(gate.snapshot())
    assert other.snapshot() == gate.snapshot()
    assert [gate.judge(steered(0.7, 0.3)), gate.share] == [
        other.judge(steered(0.7, 0.3)),
        other.share,
    ]


@given(
    moves=st.lists(st.tuples(st.sampled_from(["band", "own", "policy"]), st.floats(-3, 3),
                             st.integers(0, 5000)), max_size=40),
    tick=st.integers(0, 6000), written=st.floats(-2, 2),
)  # fmt: skip
def test_faders_add_up_and_never_leave_their_range(moves, tick, written):
    faders = Faders()
    for source, value, from_tick in moves:
        faders.move(source, value, from_tick)
    assert -1 <= faders.value_at(tick, written) <= 1
    faders.switch(False, 0)
    assert faders.value_at(tick, written) == 0


def test_a_move_holds_from_its_tick_on_and_takes_back_what_was_to_come():
    faders = Faders()
    faders.move("own", 0.5, 100)
    faders.move("own", -0.5, 200)
    assert [faders.value_at(t) for t in (99, 100, 199, 200)] == [0, 0.5, 0.5, -0.5]
    faders.move("own", 0.2, 150)
    assert [faders.value_at(t) for t in (149, 150, 200)] == [0.5, 0.2, 0.2]
