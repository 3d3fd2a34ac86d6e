"""The closed loop offline: judged, decided, steered, told. Real networks, small directions. Seed 0.

What is judged here is how busy a bot is: the share of 16ths on which it starts a note. The
directions of `steered` lead to more of them.
"""

import json

import pytest

from creativity.judging import Judgement
from creativity.steerer import LEVEL_BARS, Steerer
from director.outputs.memory import MemoryOutput, paired_notes
from director.status import Status
from ensembles.logbook import Logbook, read_logbook
from ensembles.progress import status_text
from ensembles.rendering import Guest, perform_here
from ensembles.report.axis import Axis
from ensembles.report.page import page
from ensembles.report.record import Record
from ensembles.report.steering import judged_by, steering_rows
from ensembles.stage import opened
from ensembles.steering import STEERER_ID, is_steered, with_policy
from musebots.errors import ConfigError
from musebots.messages import Action, Assessed, Flag, Policy, Steer, Steered
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline

from .steered import Hand, checkpoints, steered_piece


def busyness(role, passage, first_bar):
    part = passage.part
    share = part.onset_grid[first_bar:].mean()
    return Judgement(float(share), ("collapse",) if share == 0 else ())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return checkpoints(tmp_path_factory.mktemp("steered"))


def played(piece, *moves, seed=None, logbook=None, policy=None, judge=busyness):
    """Notes, all that was said of steering, and what the session came to."""
    said = []

    async def perform():
        score = piece.score(seed=seed)
        if policy is not None:
            score = with_policy(score, *policy)
        memory, hand, steerer = MemoryOutput(), Hand(), Steerer()
        hand.moves, steerer.judge = moves, judge

        def on_steering(news, tick):
            said.append((tick, news))
            if logbook is not None:
                logbook.steer(news, tick)

        async with opened([memory], score):
            report = await perform_here(
                piece,
                score,
                [memory],
                network=LoopbackNetwork(),
                listeners={"hand": Guest(hand), STEERER_ID: Guest(steerer)},
                on_steering=on_steering,
            )
        assert not report.faults
        assert not report.n_late
        return paired_notes(memory.events), said, report

    return run_offline(perform())


def flag(bot_id="melody", first_bar=2, last_bar=3, units=(3, 5, 7)):
    details = json.dumps({"units": {bot_id: list(units)}, "steps": [], "notes": {}})
    return Flag(
        bot_id, first_bar, last_bar, 1920 * first_bar, 1920 * (last_bar + 1),
        0.001, 4.0, 9.0, 5.0, 2.0, 1.0, 1.0, details,
    )  # fmt: skip


def test_every_bar_is_judged_and_told_for_each_bot_and_for_the_band(folder):
    _, said, _ = played(steered_piece(folder, bars=8))
    told = [m for _, m in said if isinstance(m, Assessed)]
    for who in ("", "melody", "bass", "drums"):
        assert [m.first_tick // 1920 for m in told if m.bot_id == who] == [1, 2, 3, 4, 5, 6]
    assert all(0 <= m.level <= 1 and m.weight == 0 for m in told)


def test_listening_alone_changes_no_note(folder):
    piece = steered_piece(folder, bars=8)
    notes, said, _ = played(piece)

    async def alone():
        score, memory = piece.score(), MemoryOutput()
        async with opened([memory], score):
            await perform_here(piece, score, [memory], network=LoopbackNetwork())
        return paired_notes(memory.events)

    assert notes == run_offline(alone())
    assert not [m for _, m in said if isinstance(m, (Steer, Steered, Action))]


def test_nudge_pulls_towards_its_target_from_either_side_and_the_same_way_each_time(folder):
    piece = steered_piece(folder, bars=16)
    pushes = {}
    for target in (0.0, 1.0):
        notes, said, _ = played(piece, policy=("nudge", target))
        again, said_again, _ = played(piece, policy=("nudge", target))
        assert again == notes
        assert said_again == said
        pushes[target] = [m.value for _, m in said if isinstance(m, Steer)]
    assert max(pushes[0.0]) < 0 < min(pushes[1.0])
    assert (min(pushes[0.0]), max(pushes[1.0])) == (-1.0, 1.0)


def test_a_policy_chosen_while_the_band_plays_holds_from_the_next_bar_line_that_is_open(folder):
    moved_at = 1920 * 6 - 960 - 100
    _, said, _ = played(steered_piece(folder, bars=12), (moved_at, Policy("insist", 0.9)))
    steers = [m for _, m in said if isinstance(m, Steer)]
    assert {m.from_tick for m in steers if m.value} == {1920 * 6, 1920 * 7}
    assert max(m.value for m in steers) == 1.0


def test_no_policy_acts_on_fewer_than_four_judgements(folder):
    """The first one is of bars 1 and 2; the fourth is known before bar 6 begins."""
    _, said, _ = played(steered_piece(folder, bars=8), policy=("insist", 0.9))
    assert min(m.from_tick for _, m in said if isinstance(m, Steer)) == 1920 * 5
    first = next(m for _, m in said if isinstance(m, Assessed) and not m.bot_id)
    assert first.level == first.score


@pytest.mark.parametrize("means", ["direction", "units"])
def test_a_flag_that_is_creative_is_encouraged_and_its_bars_come_back(folder, means):
    piece = steered_piece(folder, bars=16)
    moves = [(0, Policy("encourage", means=means)), (1920 * 4 - 1200, flag())]
    judge = lambda *of: Judgement(0.5)  # noqa: E731
    notes, said, report = played(piece, *moves, judge=judge)
    steers = [m for _, m in said if isinstance(m, Steer)]
    if means == "direction":
        assert [(m.value, m.from_tick // 1920) for m in steers] == [(0.5, 4), (0.0, 12)]
    else:
        (steer,) = steers
        assert steer.found["units"] == [3, 5, 7]
        assert (steer.found["gain"], steer.found["end_tick"]) == (2.0, 1920 * 12)
    assert steers[0].bot_id == "melody"
    assert steers[0].found["repeat"] == [1920 * 2, 1920 * 4]
    assert report.actions[0].what == "encouraged, and to come back"
    plain, _, _ = played(piece, judge=judge)
    until = [[n for n in of["melody"] if n.onset_ticks < 4 * 1920] for of in (notes, plain)]
    assert until[0] == until[1]
    assert notes["melody"] != plain["melody"]


def test_a_stuck_note_is_damped_and_reported_as_one(folder):
    piece = steered_piece(folder, bars=12)
    moves = [(0, Policy("encourage")), (1920 * 4 - 1200, flag())]
    _, said, report = played(piece, *moves, judge=lambda *of: Judgement(0.5, ("stuck",)))
    first = next(m for _, m in said if isinstance(m, Steer))
    assert (first.value, first.bot_id) == (-0.5, "melody")
    assert (report.actions[0].what, report.actions[0].why) == ("damped", "a stuck note")


def test_what_was_done_stands_in_the_logbook_and_as_a_marker(folder, tmp_path):
    piece = steered_piece(folder, bars=10, steering='steering = { mode = "insist", target = 1.0 }')
    logbook = Logbook(tmp_path / "s.jsonl", piece.score())
    _, _, report = played(piece, logbook=logbook)
    lines = read_logbook(tmp_path / "s.jsonl")
    events = {line["event"] for line in lines}
    assert {"assessed", "steer", "steered", "action"} <= events
    assert any(a.what == "as bold as can be" for a in report.actions)


def test_a_policy_needs_a_steerer_and_an_unknown_one_is_refused(folder):
    piece = steered_piece(folder)
    assert not is_steered(piece, piece.score())
    assert is_steered(piece, with_policy(piece.score(), "nudge", 0.3))
    with pytest.raises(ConfigError, match="a policy is one of off, fader"):
        with_policy(piece.score(), "shout", None)
    assert LEVEL_BARS >= 2


def test_the_report_shows_faders_scores_and_actions_on_the_time_line_of_the_notes(folder):
    steering = 'steering = { mode = "insist", target = 1.0 }'
    piece = steered_piece(folder, bars=10, steering=steering)
    notes, said, report = played(piece)
    record = Record()
    for _, news in said:
        record.steer(news)
    html = page(piece.score(), notes, record, report)
    assert "as bold as can be" in html
    assert html.count('class="fader') == sum(len(of) for of in record.steered.values())
    assert "Calmer, bolder" in html
    assert "machine's proxy says alone (w = 0)" in html
    rows, height = steering_rows(Axis.of(piece.score()), 0.0, piece.score(), Record(), ())
    assert (rows, height) == ("", 0.0), "where nobody steers nothing is drawn"


def test_the_report_says_how_much_people_weigh_in_the_number():
    record = Record()
    for bar, weight in enumerate((0.0, 0.25, 0.5)):
        record.steer(Assessed("", 1920 * bar, 1920 * (bar + 1), 0.5, 0.5, weight))
    assert "w = 0.00 to 0.50" in judged_by(record)
    assert judged_by(Record()) == ""


def test_the_status_line_tells_the_policy_the_score_and_the_faders():
    status = Status(3, 1.0, 96.0, steering="nudge creativity 0.41 → 0.50 melody +0.25")
    assert "nudge creativity 0.41 → 0.50 melody +0.25" in status_text(status)
