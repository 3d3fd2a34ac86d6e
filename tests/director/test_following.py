import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from director.following import FollowedHarmony, chord_of
from director.outputs.memory import MemoryOutput
from ensembles.config import parse_piece
from ensembles.rendering import perform_here
from musebots.harmony import QUALITIES, Chord, ChordSpan, Key
from musebots.messages import Broadcast, HarmonyPlan
from musebots.network import LoopbackNetwork, UdpNetwork
from musebots.offline import run_offline

BAR = 1920
PIECE = """
title = "x"
key = "D major"
harmony = "follow"
bars = 16
[[section]]
name = "A"
chords = "D | G"
bars = 8
[[bot]]
id = "listener"
class = "hello"
"""
SCORE = parse_piece(PIECE).score()


def chords(followed):
    """The chord of every bar."""
    led = [followed.passage(passage) for passage in SCORE.passages]
    for passage, written in zip(led, SCORE.passages, strict=True):
        assert passage.spans[0].tick == written.section.start_tick
        ends = [span.tick + span.duration_ticks for span in passage.spans]
        assert ends[:-1] == [span.tick for span in passage.spans[1:]]
        assert ends[-1] == written.section.end_tick
    spans = [span for passage in led for span in passage.spans]
    return [str([s for s in spans if s.tick <= bar * BAR][-1].chord) for bar in range(16)]


def test_a_chord_that_is_held_is_in_force_from_the_next_open_bar_until_another_comes():
    followed = FollowedHarmony(SCORE)
    assert followed.take(Broadcast("notepool", "me", (57, 60, 64)), 2.2 * BAR)
    assert chords(followed) == ["D", "G", "D", *["Am"] * 12, "D"]
    assert followed.take(Broadcast("notepool", "me", (55, 59, 62)), 5.6 * BAR)
    assert chords(followed) == ["D", "G", "D", *["Am"] * 4, *["G"] * 8, "D"]


def test_a_plan_is_for_the_next_phrase_and_relative_to_the_key():
    followed = FollowedHarmony(SCORE)
    followed.take(Broadcast("plan/chords", "me", ("0 4 7", "9 0 4", "5 9 0", "7 11 2")), 0.1 * BAR)
    assert chords(followed)[:4] == ["D", "G", "D", "G"]
    roots = [Chord.parse(name).root_pc for name in chords(followed)[4:8]]
    assert roots == [2, 11, 7, 9]


def test_lengths_are_what_the_other_said():
    followed = FollowedHarmony(SCORE)
    assert not followed.take(Broadcast("plan/chordDuration", "me", (8.0, 4.0)), -BAR)
    followed.take(Broadcast("plan/chords", "me", ("0 4 7", "7 11 14")), -BAR)
    assert chords(followed)[:7] == ["D", "D", "A", "A", "A", "A", "A"]


def test_our_own_plan_is_heard_from_the_next_sixteenth_on():
    followed = FollowedHarmony(SCORE)
    plan = HarmonyPlan.of(Key(2), [ChordSpan(b * BAR, BAR, Chord(b)) for b in range(6)])
    followed.take(plan, 2.9 * BAR)
    assert chords(followed)[:7] == ["D", "G", "D", "Eb", "E", "F", "F"]
    assert followed.passage(SCORE.passages[0]).spans[3].tick == round(2.9375 * BAR)


@pytest.mark.parametrize(
    "message",
    [
        Broadcast("notepool", "me", ()),
        Broadcast("notepool", "me", (60,)),
        Broadcast("notepool", "me", ("x", 999, -3, 2.5)),
        Broadcast("plan/chords", "me", ("x y", 3, "")),
        Broadcast("arousal", "me", (0.5,)),
        HarmonyPlan(0, "major", ()),
    ],
)
def test_what_is_no_harmony_changes_nothing(message):
    followed = FollowedHarmony(SCORE)
    assert not followed.take(message, 0.0)
    assert chords(followed)[:2] == ["D", "G"]


@given(root=st.integers(0, 11), quality=st.sampled_from(sorted(QUALITIES)))
def test_a_chord_is_known_by_its_notes(root, quality):
    written = Chord(root, quality)
    pitches = [48 + root + interval for interval in QUALITIES[quality]]
    found = chord_of(pitches)
    assert set(found.pitch_classes) == set(written.pitch_classes)
    assert found.root_pc == root


LEADER = """
from musebots import Musebot

class Leader(Musebot):
    async def play(self):
        async for bar in self.clock.bars(lead=3.0):
            if bar == 4:
                self.broadcast("notepool", 57, 60, 64)
            if bar == 8:
                self.broadcast("plan/chords", "5 9 12")
"""


def led_piece(folder):
    (folder / "leader").mkdir()
    (folder / "leader" / "bot.py").write_text(LEADER)
    bots = f'[[bot]]\nid = "leader"\nfolder = "{(folder / "leader").as_posix()}"\n'
    return parse_piece(PIECE + bots)


async def played(piece, network, bpm):
    score, out = piece.score(bpm=bpm), MemoryOutput()
    await out.open(score)
    await perform_here(piece, score, [out], network=network)
    notes = out.notes_by_bot()["listener"]
    return [note.pitch % 12 for note in notes if note.onset % 4 == 0]


def test_another_bot_leads_the_harmony_of_the_band(tmp_path):
    roots = run_offline(played(led_piece(tmp_path), LoopbackNetwork(), 100.0))
    assert roots == [2, 7, 2, 7, 9, 9, 9, 9, 7, 7, 7, 7, 7, 7, 7, 2]


@pytest.mark.live
async def test_over_udp_the_band_follows_as_it_does_offline(tmp_path):
    piece = led_piece(tmp_path)
    live = await played(piece, UdpNetwork(), 400.0)
    offline = await asyncio.to_thread(run_offline, played(piece, LoopbackNetwork(), 400.0))
    assert live == offline
    assert 9 in live
