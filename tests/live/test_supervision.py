"""Whatever a bot does, the others play on, and it comes back. Real processes; seed 1 throughout."""

import os
import signal
import subprocess
import sys

import pytest

from ensembles.config import load_piece
from ensembles.rendering import render

from .processes import notes_of, play

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")

BAR = 1920


def process_of(bot_id, parent):
    """The process id of a bot."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "ppid,pid,args"], capture_output=True, text=True
    ).stdout
    for line in listing.splitlines()[1:]:
        ppid, pid, arguments = line.split(None, 2)
        if ppid == str(parent) and f"--id {bot_id} " in arguments:
            return int(pid)
    raise AssertionError(f"there is no process of {bot_id}")


def followed(process, cues):
    """Read what a session says to its end; at each line that begins so, once, do that."""
    lines, cues = [], dict(cues)
    with process:
        for line in process.stdout:
            lines.append(line)
            for beginning in [b for b in cues if line.startswith(b)]:
                cues.pop(beginning)()
    text = "".join(lines)
    assert process.returncode == 0, text
    assert not cues, text
    return text


def onsets(notes):
    return {
        name: {(tick, pitch) for tick, is_on, pitch in rows if is_on}
        for name, rows in notes.items()
    }


def test_killed_bots_are_back_within_two_bars_with_the_music_that_they_would_have_played(tmp_path):
    arguments = ("trio", "--bars", "8", "--bpm", "160", "--seed", "1", "--port", "0")
    process = play(*arguments, "-o", "live.mid", cwd=tmp_path)

    def kill(bot_id):
        return lambda: os.kill(process_of(bot_id, process.pid), signal.SIGKILL)

    text = followed(process, {"bar 2": kill("drums"), "bar 5": kill("melody")})
    render(load_piece("trio"), bars=8, bpm=160.0, seed=1, midi_path=tmp_path / "whole.mid")
    live, whole = (onsets(notes_of(tmp_path / name)) for name in ("live.mid", "whole.mid"))
    for bot_id, bar in (("drums", 1), ("melody", 4)):
        missing = whole[bot_id] - live[bot_id]
        assert all(bar * BAR <= tick < (bar + 2) * BAR for tick, _ in missing), text
        assert len(live[bot_id] - whole[bot_id]) <= 1, text  # a late one is moved a little
        assert f"{bot_id} has died (killed by SIGKILL): it said nothing; it comes back" in text
    lost_kicks = {tick for tick, _ in whole["drums"] - live["drums"]}
    changed = live["bass"] ^ whole["bass"]  # the bass plays to the kicks, and some were missing
    assert bool(lost_kicks) or not changed
    assert all(tick < 4 * BAR for tick, _ in changed), text
    assert "brought back: " in text
    assert "lost" not in text


BAND = r"""
import asyncio, sys, time
from pathlib import Path
from musebots import Musebot, Note

class Steady(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=1.0):
            self.send(Note(onset=beat, pitch=60, duration=0.5))
            await self.trouble(beat)

    async def trouble(self, beat):
        pass

    def is_first_time(self, beat):
        mark = Path(self.id + ".mark")
        return beat == 8 and not mark.exists() and mark.write_text("x") == 1

class Raising(Steady):
    async def trouble(self, beat):
        if self.is_first_time(beat):
            raise RuntimeError("once")

class Doomed(Steady):
    async def trouble(self, beat):
        if 8 <= beat < 12:
            raise RuntimeError("whenever it gets here")

class Waiting(Steady):
    async def trouble(self, beat):
        if self.is_first_time(beat):
            await asyncio.Event().wait()

class Blocking(Steady):
    async def trouble(self, beat):
        if self.is_first_time(beat):
            time.sleep(1000)

class Flooding(Steady):
    async def trouble(self, beat):
        if self.is_first_time(beat):
            while True:
                for _ in range(500):
                    self.wire.send_bytes(b"/broadcast/noise\0\0\0\0,\0\0\0", self._link.director)
                await asyncio.sleep(0)
"""

PIECE = 'title = "Trouble"\nbars = 8\n[tempo]\nbpm = 150\n[[section]]\nname = "A"\nchords = "C"\n'


def test_who_raises_hangs_blocks_or_floods_is_silenced_and_comes_back(tmp_path):
    (tmp_path / "band.py").write_text(BAND)
    names = ("steady", "raising", "doomed", "waiting", "blocking", "flooding")
    bots = "".join(f'[[bot]]\nid = "{x}"\nclass = "band:{x.title()}"\nrole = "x"\n' for x in names)
    (tmp_path / "piece.toml").write_text(PIECE + bots)
    process = play("piece.toml", "--port", "0", "-o", "x.mid", cwd=tmp_path)
    text = followed(process, {})
    heard = {name: {tick // 480 for tick, _ in rows}
             for name, rows in onsets(notes_of(tmp_path / "x.mid")).items()}  # fmt: skip
    # The system itself may drop datagrams of others while somebody floods; it is told.
    n_missing = len(set(range(32)) - heard["steady"])
    assert n_missing == 0 or (n_missing <= 2 and "messages of notes lost: steady" in text), text
    for name in names[1:]:
        assert set(range(7)) <= heard[name], text
        assert heard[name] & {28, 29, 30, 31}, text
    assert "raising has died (exit code 1): bot 'raising' raised RuntimeError: once" in text
    assert "waiting has died (it hangs: alive, but it no longer plays)" in text
    assert "blocking has died (" in text
    assert "flooding has died (it floods)" in text
    assert text.count("doomed has died") >= 2


HIGHER = """
from musebots import Musebot, Note

class Higher(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=0.5):
            self.send(Note(onset=beat, pitch=84, duration=0.5))
"""


def test_bots_are_added_replaced_and_removed_while_the_others_play(tmp_path):
    (tmp_path / "higher.py").write_text(HIGHER)
    hello = '[[bot]]\nid = "one"\nclass = "hello"\n[[bot]]\nid = "two"\nclass = "hello"\n'
    (tmp_path / "piece.toml").write_text(PIECE.replace("bars = 8", "bars = 10") + hello)
    with _free_port() as port:
        pass
    process = play("piece.toml", "--port", str(port), "-o", "x.mid", cwd=tmp_path)

    commands = []

    def tell(*arguments):
        command = [sys.executable, "-m", "ensembles", *arguments,
                   "--director", f"127.0.0.1:{port}"]  # fmt: skip
        return lambda: commands.append(subprocess.Popen(command, cwd=tmp_path))

    cues = {
        "bar 2": tell("add", "higher.py", "--id", "guest", "--role", "bass"),
        "bar 4": tell("replace", "one", "higher.py"),
        "bar 6": tell("remove", "guest"),
        "bar 7": tell("remove", "nobody"),
    }
    text = followed(process, cues)
    assert [command.wait(20) for command in commands] == [0] * len(cues)
    heard = notes_of(tmp_path / "x.mid")
    assert onsets(heard)["two"] == {(beat * 480, 48) for beat in range(40)}, text
    one = sorted(onsets(heard)["one"])
    assert [tick for tick, _ in one] == [beat * 480 for beat in range(40)], text
    pitches = [pitch for _, pitch in one]
    n_before = pitches.index(84)
    assert pitches == [48] * n_before + [84] * (40 - n_before)
    assert n_before % 4 == 0
    guest = sorted(tick // 480 for tick, _ in onsets(heard)["guest"])
    assert guest == list(range(guest[0], guest[-1] + 1))
    assert 4 < guest[0] <= 16, text
    assert 20 <= guest[-1] < 32, text
    assert "there is no bot 'nobody'" in text


def test_a_saved_file_takes_over_at_a_bar_line_and_a_bad_one_gives_way_to_the_last_good(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(HIGHER.replace("84", "60 + int(self.rng.integers(3))"))
    process = play("mine.py", "--bpm", "150", "--bars", "10", "--port", "0", "-o", "x.mid",
                   cwd=tmp_path)  # fmt: skip

    def save(text):
        return lambda: path.write_text(text)

    cues = {
        "bar 1": save(HIGHER.replace("84", "70 + int(self.rng.integers(3))")),
        "bar 4": save("this is no Python"),
        "bar 6": save(HIGHER.replace("pitch=84", "pitch=90 if beat < 32 else 1 / 0")),
    }
    text = followed(process, cues)
    rows = sorted(onsets(notes_of(tmp_path / "x.mid"))["mine"])
    kinds = [pitch // 10 for _, pitch in rows]
    assert kinds == sorted(kinds[: kinds.index(9)]) + [9] * kinds.count(9) + [7] * (
        len(kinds) - kinds.index(9) - kinds.count(9)
    ), text
    beats = [tick // 480 for tick, _ in rows]
    assert beats[kinds.index(7)] % 4 == 0
    assert beats[kinds.index(9)] % 4 == 0
    assert set(range(31)) <= set(beats), text  # not a beat is missing until it fails
    assert kinds[-1] == 7, text
    assert "mine plays on as it was, the new one has died" in text
    assert "mine plays on as it was before its file was saved" in text


def _free_port():
    import socket

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    class Port:
        def __enter__(self):
            return sock.getsockname()[1]

        def __exit__(self, *_):
            sock.close()

    return Port()
