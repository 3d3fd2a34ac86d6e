"""What a newcomer gets wrong, offline: one sentence, the right exit code, no file."""

import subprocess
import sys

import pytest

PIECE = """
title = "x"
[[section]]
name = "A"
chords = "C"
[[bot]]
id = "mine"
folder = "."
"""

BEGINNING = "from musebots import Musebot, Note\n\n\nclass Mine(Musebot):\n"

MISTAKES = {
    "typo": ("    async def play(self):\n        self.sned(1)\n", 1, "bot.py, line 6"),
    "no super": ("    def __init__(self):\n        self.x = 1\n", 1, "super().__init__()"),
    "init raises": ("    def __init__(self):\n        1 / 0\n", 1, "ZeroDivisionError"),
    "exit in play": ("    async def play(self):\n        raise SystemExit(0)\n", 1, "SystemExit"),
    "not async": ("    def play(self):\n        pass\n", 2, "async def play"),
    "async hear": ("    async def hear(self, message):\n        pass\n", 2, "plain `def hear`"),
    "no note": ("    async def play(self):\n        self.send(60)\n", 1, "send takes notes"),
    "pitch": (
        "    async def play(self):\n        self.send(Note(onset=0, pitch='C4'))\n",
        1,
        "pitch must be a whole number, got 'C4'",
    ),
    "beyond": (
        "    async def play(self):\n        self.send(Note(onset=1e9, pitch=60))\n",
        1,
        "onset must be",
    ),
    "exit at import": ("    pass\n\nraise SystemExit(0)\n", 2, "cannot be imported"),
    "syntax": ("    def play(:\n", 2, "cannot be imported"),
}


def render(folder):
    command = [sys.executable, "-m", "ensembles", "render", str(folder / "p.toml"), "--bars", "2",
               "-o", str(folder / "out.mid")]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_bot_is_one_sentence_and_no_file(mistake, tmp_path):
    body, code, words = MISTAKES[mistake]
    (tmp_path / "bot.py").write_text(BEGINNING + body)
    (tmp_path / "p.toml").write_text(PIECE)
    done = render(tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out.mid").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("temperature = -1", "temperature must be above 0"),
        ('temperature = "hot"', "setting temperature must be a number, got 'hot'"),
        ("temperatur = 1.0", "there is no setting 'temperatur'; there are checkpoint, style"),
        ('style = "xyz"', "setting style must be one of"),
        ('checkpoint = "nope.safetensors"', "nope.safetensors"),
    ],
)
def test_a_mistake_in_a_stock_bots_settings_names_the_piece_the_bot_and_the_setting(
    settings, words, tmp_path
):
    (tmp_path / "p.toml").write_text(
        PIECE.replace('folder = "."', f'class = "bass"\nsettings = {{ {settings} }}')
    )
    done = render(tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "p.toml: bot 'mine': " in done.stderr
    assert not (tmp_path / "out.mid").exists()
