"""Whatever a bot does, the others play on, and it comes back. Real processes; seed 1 throughout."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from ensembles.sessions.folder import all_folders
from ensembles.sessions.reading import read_session
from ensembles.sessions.replaying import replay

from .processes import notes_of, play, until_line

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
    assert heard["steady"] == set(range(32)), text  # whatever the others do
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


LINEUP = """
title = "All at once"
bars = 10
[tempo]
bpm = 150
[[section]]
name = "A"
chords = "Am7 | Fmaj7 | Dm7 | E7"
[[bot]]
class = "melody"
[[bot]]
class = "bass"
[[bot]]
class = "drums"
[[bot]]
id = "one"
class = "hello"
[[bot]]
id = "two"
class = "hello"
[[bot]]
id = "mine"
class = "mine.py"
role = "x"
"""


def test_bots_are_killed_added_replaced_removed_and_rewritten_and_the_others_play_on(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(HIGHER.replace("84", "60 + int(self.rng.integers(3))"))
    (tmp_path / "higher.py").write_text(HIGHER)
    (tmp_path / "piece.toml").write_text(LINEUP)
    port, commands = free_port(), []
    process = play("piece.toml", "--seed", "1", "--port", str(port), "-o", "live.mid", cwd=tmp_path)

    def tell(*arguments):
        command = [sys.executable, "-m", "ensembles", *arguments,
                   "--director", f"127.0.0.1:{port}"]  # fmt: skip
        commands.append(subprocess.Popen(command, cwd=tmp_path))

    def kill(bot_id):
        os.kill(process_of(bot_id, process.pid), signal.SIGKILL)

    cues = {
        "bar 1": lambda: mine.write_text(HIGHER.replace("84", "70 + int(self.rng.integers(3))")),
        "bar 2": lambda: (kill("drums"), tell("add", "higher.py", "--id", "guest")),
        "bar 3": lambda: tell("replace", "one", "higher.py"),
        "bar 4": lambda: mine.write_text("this is no Python"),
        "bar 5": lambda: (kill("melody"), tell("remove", "nobody")),
        "bar 6": lambda: (
            mine.write_text(HIGHER.replace("pitch=84", "pitch=90 if beat < 32 else 1 / 0")),
            tell("remove", "guest"),
        ),
    }
    text = followed(process, cues)
    assert [command.wait(20) for command in commands] == [0] * 4
    heard = onsets(notes_of(tmp_path / "live.mid"))
    check_journal(tmp_path)
    check_killed(heard, text)
    check_plugged(heard, text)
    check_rewritten(heard["mine"], text)


def check_journal(folder):
    """It says who played, with which code; the replay is the recording."""
    (session,) = all_folders(folder / "sessions")
    rows = list(read_session(session).rows("bot"))
    codes = [row["code"] for row in rows if row["bot"] == "mine"]
    assert len(codes) >= 5  # at first, three times saved, once fallen back
    assert codes[-1] == codes[1] != codes[0]
    assert next(row["reference"] for row in rows if row["bot"] == "one") == "hello"
    assert {row["bot"] for row in rows} >= {"guest", "one", "drums"}
    replay(session, midi_path=folder / "again.mid")
    assert (folder / "again.mid").read_bytes() == (folder / "live.mid").read_bytes()


def check_killed(heard, text):
    """They are back within two bars, and nobody else has missed a note."""
    for bot_id, bar in (("drums", 1), ("melody", 4)):
        assert f"{bot_id} has died (killed by SIGKILL): it said nothing; it comes back" in text
        after = [tick for tick, _ in heard[bot_id] if tick >= (bar + 1) * BAR]
        assert min(after) < (bar + 3) * BAR, text
        assert max(after) >= 8 * BAR, text
    assert [tick for tick, _ in sorted(heard["two"])] == [beat * 480 for beat in range(40)], text
    assert "brought back: " in text
    assert "lost" not in text


def check_plugged(heard, text):
    """One comes and goes, one takes another's place at a bar line and not a beat is missing."""
    one = sorted(heard["one"])
    assert [tick for tick, _ in one] == [beat * 480 for beat in range(40)], text
    n_before = [pitch for _, pitch in one].index(84)
    assert all(pitch == 84 for _, pitch in one[n_before:])
    assert n_before % 4 == 0
    guest = sorted(tick // 480 for tick, _ in heard["guest"])
    assert guest == list(range(guest[0], guest[-1] + 1))
    assert 4 < guest[0] <= 16, text
    assert 20 <= guest[-1] < 36, text
    assert "there is no bot 'nobody'" in text


def check_rewritten(notes, text):
    """The new code comes in at a bar line; what is no code does not; what fails gives way."""
    rows = sorted(notes)
    kinds = [pitch // 10 for _, pitch in rows]
    first_7, first_9 = kinds.index(7), kinds.index(9)
    n_9 = kinds.count(9)
    expected = [6] * first_7 + [7] * (first_9 - first_7) + [9] * n_9
    assert kinds == expected + [7] * (len(kinds) - len(expected)), text
    assert kinds[-1] == 7, text
    beats = [tick // 480 for tick, _ in rows]
    assert beats[first_7] % 4 == beats[first_9] % 4 == 0
    assert set(range(31)) <= set(beats), text  # not a beat is missing until it fails
    assert "mine plays on as it was, the new one has died" in text
    assert "mine plays on as it was before its file was saved" in text


def test_who_was_added_replaced_or_removed_before_the_director_died_is_so_when_it_goes_on(tmp_path):
    (tmp_path / "higher.py").write_text(HIGHER)
    bots = "".join(f'[[bot]]\nid = "{x}"\nclass = "hello"\n' for x in ("one", "two", "three"))
    (tmp_path / "piece.toml").write_text(PIECE.replace("150", "240") + bots)
    port = free_port()
    process = play("piece.toml", "--port", str(port), "-o", "x.mid", cwd=tmp_path)
    until_line(process, "bar 1")
    for arguments in (("add", "higher.py", "--id", "guest"), ("replace", "two", "higher.py"),
                      ("remove", "three")):  # fmt: skip
        command = [sys.executable, "-m", "ensembles", *arguments,
                   "--director", f"127.0.0.1:{port}"]  # fmt: skip
        assert subprocess.run(command, cwd=tmp_path, timeout=20).returncode == 0
    until_line(process, "bar 6")
    process.kill()
    process.communicate()
    text = followed(play("--resume", "--port", str(port), "-o", "x.mid", cwd=tmp_path), {})
    heard = {x: dict(sorted(notes)) for x, notes in onsets(notes_of(tmp_path / "x.mid")).items()}
    assert set(heard["one"]) == {480 * beat for beat in range(32)}, text
    assert set(heard["guest"]) >= {480 * beat for beat in range(20, 32)}, text
    assert {heard["two"][480 * beat] for beat in range(20, 32)} == {84}, text
    assert max(heard["three"]) < 5 * BAR, text


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
