import subprocess
import sys

import pytest

from musebots import Musebot, Note
from musebots.conformance import check, run_checks
from musebots.errors import UnknownBot


def failed(bot):
    return {check.name for check in run_checks(bot) if not check.passed}


class Late(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=0.0):
            self.send(Note(onset=beat, pitch=60, duration=0.5))


class Hanging(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=1.0, every=4.0):
            self.send(Note(onset=beat, pitch=60, duration=400))


class Dicey(Musebot):
    async def play(self):
        import random

        async for beat in self.clock.beats(lead=1.0):
            self.send(Note(onset=beat, pitch=random.randint(30, 90), duration=0.5))


class Touchy(Musebot):
    async def play(self):
        async for beat in self.clock.beats(lead=1.0):
            self.send(Note(onset=beat, pitch=60, duration=0.5))

    def hear(self, message):
        raise KeyError("what is that?")


class Stubborn(Musebot):
    async def play(self):
        import asyncio

        try:
            async for beat in self.clock.beats(lead=1.0):
                self.send(Note(onset=beat, pitch=60, duration=0.5))
        finally:
            await asyncio.sleep(5)


def test_late_notes_are_found():
    assert failed(Late) == {"is never late"}


def test_notes_that_hang_are_found():
    assert failed(Hanging) == {"leaves nothing hanging"}


def test_chance_from_elsewhere_is_found():
    assert "same notes for the same seed" in failed(Dicey)


def test_a_bot_that_breaks_on_unknown_words_is_found():
    assert failed(Touchy) == {"survives unknown and malformed messages"}


def test_a_bot_that_does_not_stop_is_found():
    assert failed(Stubborn) == {"stops within a second"}


@pytest.mark.parametrize("name", ["hello", "melody", "bass", "drums"])
def test_the_stock_bots_conform(name):
    report = check(name)
    assert report.passed, [one for one in report.checks if not one.passed]


def test_a_bot_that_hangs_ends_in_a_report(tmp_path):
    (tmp_path / "bot.py").write_text(
        "from musebots import Musebot\n\n"
        "class Loop(Musebot):\n"
        "    async def play(self):\n"
        "        while True:\n"
        "            pass\n"
    )
    report = check(str(tmp_path), timeout_seconds=3.0)
    assert not report.passed
    assert "still busy after 3 s" in report.checks[0].detail


def test_no_such_bot_is_an_error_and_not_a_report():
    with pytest.raises(UnknownBot):
        check("nobody")


def test_the_module_runs_by_itself():
    command = [sys.executable, "-m", "musebots.conformance", "hello"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[{")
