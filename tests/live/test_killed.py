"""`kill -9` of each bot in turn during 64 bars: the others play on, it comes back. Seed 1."""

import os
import signal

import pytest

from ensembles.sessions.folder import all_folders
from ensembles.sessions.reading import read_session

from .processes import notes_of, play
from .test_supervision import BAR, followed, onsets, process_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")

BEAT = 480
KILLED = {"drums": 10, "bass": 26, "melody": 42}


@pytest.mark.soak
def test_whoever_is_killed_is_back_within_two_bars_and_nobody_elses_note_is_lost_or_late(tmp_path):
    arguments = ("trio", "--bars", "64", "--bpm", "200", "--seed", "1", "--port", "0")
    process = play(*arguments, "-o", "live.mid", cwd=tmp_path)

    def kill(bot_id):
        return lambda: os.kill(process_of(bot_id, process.pid), signal.SIGKILL)

    cues = {f"bar {bar} ": kill(bot_id) for bot_id, bar in KILLED.items()}
    text = followed(process, cues)
    assert "lost" not in text
    assert "late" not in text
    assert text.count("killed by SIGKILL") == 3
    heard = onsets(notes_of(tmp_path / "live.mid"))  # where no note hangs
    for bot_id, bar in KILLED.items():
        killed = (bar - 1) * BAR  # and a beat at most
        back = [t for t, _ in sorted(heard[bot_id]) if killed + BEAT < t < killed + BEAT + 2 * BAR]
        assert back, (bot_id, text)
    (session,) = all_folders(tmp_path / "sessions")
    sent = {bot_id: set() for bot_id in KILLED}
    for row in read_session(session).rows("notes"):
        sent[row["bot"]] |= {(onset, pitch) for onset, pitch, *_ in row["notes"]}
    silenced = [row["bot"] for row in read_session(session).rows("silenced")]
    assert set(silenced) == set(KILLED)
    for bot_id in KILLED:
        of_others = [b for other, b in KILLED.items() if other != bot_id]
        for other_bar in of_others:  # while another was dead each of its notes sounded
            span = range((other_bar - 2) * BAR, (other_bar + 3) * BAR)
            asked, got = (
                sorted(note for note in notes if note[0] in span)
                for notes in (sent[bot_id], heard[bot_id])
            )
            assert len(asked) == len(got) > 0, (bot_id, other_bar)
