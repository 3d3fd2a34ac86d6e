"""The README is tested: its bot, its protocol table, its picture of the tree, its commands."""

import re
from pathlib import Path

from musebots.messages import MESSAGES, Broadcast

UNPICTURED = {"arrays", "drumkit", "errors", "faults", "files", "registry"}  # small change
ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def row(cls):
    """A message's line in the protocol table."""
    address = cls.address + ("&lt;topic&gt;" if cls is Broadcast else "")
    group = f"({cls.group})*" if len(cls.group) > 1 else cls.group and f"{cls.group}*"
    if cls is Broadcast:
        group = "..."
    return f"| `{address}` | `,{cls.tags}{group}` | {cls.sent} | {cls.sense} |".replace(
        "`/broadcast/&lt;topic&gt;`", "`/broadcast/<topic>`"
    )


def test_the_protocol_table_is_that_of_the_code():
    table = re.findall(r"^\| `/.*$", README, flags=re.MULTILINE)
    assert table == [row(cls) for cls in MESSAGES]


def test_the_smallest_bot_stands_in_the_readme_word_for_word():
    code = (ROOT / "musebots" / "hello.py").read_text(encoding="utf-8")
    assert f"```python\n{code}```" in README


def test_every_folder_in_the_picture_is_there_and_none_is_missing():
    pictured = set(re.findall(r"^(\w+)/ ", README, flags=re.MULTILINE))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert pictured == packages | {"tests"}


def test_every_path_in_the_picture_exists():
    (picture,) = re.findall(r"```\n(musebots/ .*?)```", README, flags=re.DOTALL)
    folder = ""
    for line in picture.splitlines():
        names, _, _ = line.strip().partition("   ")
        if not line.startswith(" "):
            folder = names
            names = ""
        for name in names.split():
            assert (ROOT / folder / name).exists(), folder + name


def test_every_module_at_the_top_of_a_package_is_in_the_picture():
    (picture,) = re.findall(r"```\n(musebots/ .*?)```", README, flags=re.DOTALL)
    for package in ("musebots", "director"):
        for path in (ROOT / package).glob("[a-z]*.py"):
            if path.stem not in UNPICTURED:
                assert path.name in picture, path
