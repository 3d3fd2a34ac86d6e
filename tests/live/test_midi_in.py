"""`musebots play --midi-in`, in real time, with a keyboard that is made up."""

import numpy as np
import pytest

from musebots.hearing.estimate import chroma_of, estimate_chords, estimate_key
from tests.musebots.hearing.players import pitched_notes, recorded

from .midi_system import environment, log_of
from .processes import play

ROOTS = [0, 9, 5, 7]
TRIADS = [(0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2)]
BPM = 160.0


def keyboard(bars):
    """C, Am, F, G, a bar each, on every beat; rows of (seconds, hex)."""
    rows = []
    for beat in range(4 * bars):
        root, seconds = ROOTS[beat // 4 % 4], beat * 60.0 / BPM
        for pitch in (36 + root, *(60 + pc for pc in TRIADS[beat // 4 % 4])):
            rows.append([seconds, f"90 {pitch:02X} 50"])
            rows.append([seconds + 0.25, f"90 {pitch:02X} 00"])
    return sorted(rows)


@pytest.mark.parametrize("extra", [["--follow-tempo"]])
def test_the_band_plays_the_chords_that_somebody_plays(tmp_path, extra):
    process = play(
        "hello", "--bars", "12", "--bpm", str(BPM), "--midi-in", "keys", "--midi-out", "synth",
        "--port", "0", "-o", "x.mid", *extra,
        cwd=tmp_path, env=environment(tmp_path, keyboard(13)),
    )  # fmt: skip
    (tmp_path / "go").write_text(str(4 * 60.0 / BPM))  # a bar with the band, then with the player
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    _, sent = log_of(tmp_path)
    roots = [
        (when * BPM / 60.0, m.note % 12) for when, m in sent if m.type == "note_on" and m.velocity
    ]
    late = [(beat, root) for beat, root in roots if 24 < beat < 39]
    right = [root == ROOTS[int(np.floor(beat + 0.5) // 4 % 4)] for beat, root in late]
    assert len(right) > 10
    assert np.mean(right) > 0.8, late


@pytest.mark.soak
def test_the_band_plays_the_chords_of_a_real_performance(tmp_path):
    """The second of the recorded pieces, at its own tempo, through the made-up port."""
    bpm, n_bars = 120.0, 15
    notes = [note for note in pitched_notes(recorded(2)[1]) if note.onset < 4 * n_bars]
    rows = []
    for note in notes:
        begin, end = (60.0 / bpm * beat for beat in (note.onset, note.onset + note.duration))
        rows.append([begin, f"90 {note.pitch:02X} {max(1, note.velocity):02X}"])
        rows.append([end - 0.002, f"90 {note.pitch:02X} 00"])
    process = play(
        "hello", "--bars", str(n_bars + 1), "--bpm", str(bpm), "--midi-in", "keys",
        "--midi-out", "synth", "--port", "0", "-o", "x.mid",
        cwd=tmp_path, env=environment(tmp_path, sorted(rows)),
    )  # fmt: skip
    (tmp_path / "go").write_text(str(4 * 60.0 / bpm))  # a bar with the band, then with the player
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    edges = np.arange(0, 4 * n_bars + 1, 2.0)
    chroma = chroma_of([(n.onset, n.duration, n.pitch) for n in notes], edges)
    truth = estimate_chords(chroma, estimate_key(chroma.sum(axis=0)))
    _, sent = log_of(tmp_path)
    played = [(w * bpm / 60.0, m.note % 12) for w, m in sent if m.type == "note_on" and m.velocity]
    seconds_of_halves = [(round(beat), pc) for beat, pc in played if round(beat) % 2 == 1]
    heard = [(beat, pc) for beat, pc in seconds_of_halves if 4 < beat < 4 * n_bars - 4]
    right = [pc == truth[beat // 2].root_pc for beat, pc in heard]
    assert len(right) > 20
    assert np.mean(right) > 0.6, (heard, [str(chord) for chord in truth])


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--midi-in", "nowhere"], 3, "there are: 'Clock Box', 'Keys'"),
        (["--follow-tempo"], 2, "needs --midi-in PORT"),
    ],
)
def test_what_is_missing_is_said(tmp_path, options, code, words):
    process = play(
        "hello", "--port", "0", "-o", "x.mid", *options,
        cwd=tmp_path, env=environment(tmp_path, []),
    )  # fmt: skip
    output, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert words in " ".join(output.replace("│", " ").split())
