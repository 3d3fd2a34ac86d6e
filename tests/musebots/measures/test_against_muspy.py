"""MusPy as an oracle, where somebody has installed it (pip install muspy): it is no dependency.

MusPy lets a note sound up to and including the tick it ends on, and counts one bar, or beat, more
where the last one ends exactly on a bar line: here they end half a 16th early.
"""

import numpy as np
import pytest

from musebots.measures import Part, drums, pitch, rhythm

muspy = pytest.importorskip("muspy")

RNG = np.random.default_rng(0)  # seed 0


def _line(n_bars):
    """(onset, pitch, duration) in 16ths; the last note begins on the last step."""
    onsets = np.append(np.cumsum(RNG.integers(1, 40, 4 * n_bars)), 16 * n_bars - 1)
    onsets = np.unique(onsets[onsets < 16 * n_bars])
    durations = np.minimum(np.diff(onsets, append=16 * n_bars), RNG.integers(1, 24, len(onsets)))
    pitches = RNG.choice([57, 60, 61, 62, 64, 65, 67, 69, 71, 72, 76], len(onsets))
    return [(int(t), int(p), int(d)) for t, p, d in zip(onsets, pitches, durations, strict=True)]


def _music(notes, resolution, shorter=0):
    scale = resolution // 4
    track = muspy.Track(
        notes=[muspy.Note(scale * t, p, scale * d - shorter, 80) for t, p, d in notes]
    )
    return muspy.Music(resolution=resolution, tracks=[track])


def _groove_of_muspy(notes):
    """MusPy's, the last note cut so that no bar follows on the bar line."""
    short = _music(notes, 8, shorter=1)
    return 1 - 2 * (1 - muspy.groove_consistency(short, 32))  # half of its steps are never used


def _part(notes, n_bars):
    return Part.from_rows([(120 * t, p, 120 * d, 80) for t, p, d in notes], n_bars=n_bars)


@pytest.mark.parametrize("n_bars", range(2, 22))
def test_our_measures_are_those_of_muspy(n_bars):
    notes = _line(n_bars)
    part, music = _part(notes, n_bars), _music(notes, 4)
    short = _music(notes, 8, shorter=1)  # no note ends on a bar line
    pairs = {
        "pitch_entropy": (muspy.pitch_entropy(music), pitch.pitch_entropy(part)),
        "pitch_class_entropy": (
            muspy.pitch_class_entropy(music),
            pitch.pitch_class_entropy(part),
        ),
        "n_pitches_used": (muspy.n_pitches_used(music), pitch.n_pitches(part)),
        "n_pitch_classes_used": (muspy.n_pitch_classes_used(music), pitch.n_pitch_classes(part)),
        "pitch_range": (muspy.pitch_range(music), pitch.pitch_range(part)),
        "scale_consistency": (muspy.scale_consistency(music), pitch.scale_consistency(part)),
        "groove_consistency": (
            _groove_of_muspy(notes),
            rhythm.groove_consistency(part),
        ),
        "empty_measure_rate": (muspy.empty_measure_rate(short, 32), rhythm.silent_bar_rate(part)),
        "empty_beat_rate": (muspy.empty_beat_rate(short), rhythm.empty_beat_rate(part)),
    }
    assert {k: a for k, (a, _) in pairs.items()} == pytest.approx(
        {k: b for k, (_, b) in pairs.items()}
    )


def test_polyphony_is_that_of_muspy_on_hits_of_one_step():
    kit = (36, 38, 42, 51)
    hits = [(t, p, 1) for t in range(63) for p in kit if RNG.random() < 0.3]
    assert muspy.polyphony(_music(hits, 4)) == pytest.approx(drums.polyphony(_part(hits, 4)))
