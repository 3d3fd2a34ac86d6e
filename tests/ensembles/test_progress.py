"""What a performer sees, on a terminal and elsewhere."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from director.status import Status
from ensembles.progress import StatusLine, share_done, status_text


def _status(bar: int, beat: float = 0.0) -> Status:
    return Status(bar, beat, 96.0, (("melody", "playing"), ("bass", "silent")), 2, 50)


def _console(*, is_terminal: bool) -> Console:
    return Console(file=StringIO(), force_terminal=is_terminal, width=120)


def _shown(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_bars_and_beats_are_counted_from_1():
    assert status_text(_status(0)).startswith("bar 1.1 · 96 bpm · melody playing, bass silent")


def test_the_count_in_is_named():
    assert status_text(_status(-1)).startswith("count-in · 96 bpm")


def test_late_notes_are_told():
    assert status_text(_status(0)).endswith("50 notes, 2 late")


def test_without_a_terminal_each_bar_is_one_line():
    console = _console(is_terminal=False)
    with StatusLine(console) as line:
        for bar in range(3):
            for beat in range(4):
                line(_status(bar, beat))
    lines = _shown(console).splitlines()
    assert [text.split(" · ")[0] for text in lines] == ["bar 1", "bar 2", "bar 3"]


def test_without_a_terminal_a_count_in_is_told_once_and_so_is_a_bot_that_leaves():
    console = _console(is_terminal=False)
    with StatusLine(console) as line:
        for bar in (-2, -1, 0, 0):
            line(_status(bar))
        line(Status(0, 2.0, 96.0, (("melody", "playing"), ("bass", "left"))))
    lines = _shown(console).splitlines()
    assert [text.split(" · ")[0] for text in lines] == ["count-in", "bar 1", "bar 1"]
    assert "bass left" in lines[-1]


def test_music_that_is_held_is_said_to_be() -> None:
    held = Status(16, 1.0, 96.0, (("melody", "playing"),), is_held=True)
    assert status_text(held).startswith("bar 17.2, held · 96 bpm")


def test_on_a_terminal_the_line_moves():
    console = _console(is_terminal=True)
    with StatusLine(console) as line:
        line(_status(0, 0.0))
        line(_status(0, 3.5))
    shown = _shown(console)
    assert "bar 1.1" in shown
    assert "bar 1.4" in shown


def test_the_bar_of_long_work_shows_on_a_terminal_only():
    for is_terminal in (True, False):
        console = _console(is_terminal=is_terminal)
        with share_done("Rendering", console=console) as on_progress:
            on_progress(0.5)
            on_progress(1.0, "Finishing")
        assert ("Finishing" in _shown(console)) == is_terminal
