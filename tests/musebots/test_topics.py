"""What a band tells musebots of others, and when it leaves that to them."""

import json

import pytest

from director.following import FollowedHarmony
from director.outputs.memory import MemoryOutput
from ensembles.config import parse_piece
from ensembles.rendering import perform_here
from musebots.messages import Broadcast
from musebots.network import LoopbackNetwork
from musebots.offline import run_offline
from musebots.timebase import TimeSignature
from musebots.topics import tala_of, vertical_density

BAR = 1920
PIECE = """
title = "x"
key = "D major"
bars = 12
{more}
[[section]]
name = "verse"
chords = "D | Bm G | A7 | %"
bars = 8
[[section]]
name = "end"
chords = "G | D"
bars = 4
[[bot]]
role = "bass"
[[bot]]
role = "melody"
[[bot]]
id = "ears"
folder = {folder}
"""
EARS = """
import json
from pathlib import Path
from musebots import Musebot

class Ears(Musebot):
    async def play(self):
        self.said = []
        async for bar in self.clock.bars(lead=2.0):
            for topic, at, *values in {says}:
                if at == bar:
                    self.broadcast(topic, *values)
        await self.clock.until_tick(self.clock.end_tick)
        Path({log}).write_text(json.dumps(self.said))

    def hear(self, message):
        if getattr(message, "topic", "") and message.sender != self.id and hasattr(self, "said"):
            self.said.append([message.topic, message.sender, list(message.values)])
"""


def heard(tmp_path, *, says=(), more=""):
    """What a listener hears the stock bots say in a piece, and the chords that they were told."""
    folder = tmp_path / f"ears{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    log = folder / "said.json"
    (folder / "bot.py").write_text(EARS.format(says=list(says), log=repr(str(log))))
    piece = parse_piece(PIECE.format(folder=json.dumps(str(folder)), more=more))
    score, out = piece.score(), MemoryOutput()

    async def session():
        await out.open(score)
        await perform_here(piece, score, [out], network=LoopbackNetwork())

    run_offline(session())
    return json.loads(log.read_text())


def test_one_bot_speaks_for_the_band_of_its_form_and_its_harmony(tmp_path):
    said = heard(tmp_path)
    band = [(topic, values) for topic, _, values in said if topic not in ("hdensity", "vdensity",
                                                                           "intent")]  # fmt: skip
    assert {sender for topic, sender, _ in said if topic in dict(band)} == {"melody"}
    by_topic = {}
    for topic, values in band:
        by_topic.setdefault(topic, []).append(values)
    assert by_topic["section"] == [["verse"], ["end"]]
    assert by_topic["tala"] == [[4, 4, 4, 4]] * 2
    assert by_topic["phraselength"] == [[4]] * 2
    assert by_topic["density"] == [[0.5]] * 2
    verse, end = [[n / 8] for n in range(8)], [[n / 4] for n in range(4)]
    assert by_topic["progress"] == [*verse, *end, [1.0]]
    assert by_topic["exiting"] == [[1]]
    assert by_topic["notepool"][:3] == [[50, 54, 57], [59, 62, 66], [57, 61, 64, 67]]
    assert by_topic["plan/chords"][0] == ["0 4 7", "9 12 16", "5 9 12", "7 11 14 17"]
    assert by_topic["plan/chordDuration"][0] == [4.0, 2.0, 2.0, 8.0]


def test_what_it_plans_means_the_same_chords_to_a_director_that_follows(tmp_path):
    score = parse_piece(PIECE.format(folder='"."', more='harmony = "follow"').replace(
        'folder = "."', 'class = "hello"')).score()  # fmt: skip
    followed = FollowedHarmony(score)
    plan = [told for told in heard(tmp_path) if told[0].startswith("plan/")][:2]
    for topic, sender, values in plan:
        followed.take(Broadcast(topic, sender, tuple(values)), 0.1 * BAR)
    roots = [span.chord.root_pc for span in followed.passage(score.passages[0]).spans]
    assert roots[-4:] == [2, 11, 7, 9]


def test_it_is_silent_of_harmony_while_another_leads_and_for_a_phrase_after(tmp_path):
    said = heard(tmp_path, says=[("notepool", 2, 60, 64, 67)])
    pools = [topic for topic, sender, _ in said if topic == "notepool"]
    whole = [topic for topic, sender, _ in heard(tmp_path) if topic == "notepool"]
    assert len(whole) - len(pools) == 4
    assert sum(topic == "progress" for topic, _, _ in said) == 13


def test_a_piece_that_follows_is_led_by_others_and_not_by_its_own_echo(tmp_path):
    said = heard(tmp_path, more='harmony = "follow"')
    assert [values for topic, _, values in said if topic == "notepool"] == [
        values for topic, _, values in heard(tmp_path) if topic == "notepool"
    ]
    led = heard(tmp_path, more='harmony = "follow"', says=[("notepool", 1, 60, 64, 67)])
    assert [60, 64, 67] not in [values for topic, _, values in led if topic == "notepool"]


@pytest.mark.parametrize(
    ("signature", "tala"),
    [((4, 4), (4, 4, 4, 4)), ((3, 4), (4, 4, 4)), ((6, 8), (6, 6)), ((5, 8), (2,) * 5)],
)
def test_a_bar_is_told_as_groups_of_16ths(signature, tala):
    assert tala_of(TimeSignature(*signature)) == tala


def test_notes_at_once_are_vertically_dense():
    assert [vertical_density(*n) for n in ((0, 0), (8, 8), (16, 8), (40, 8))] == [0, 0, 1 / 3, 1]
