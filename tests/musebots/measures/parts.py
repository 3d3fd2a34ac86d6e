"""Small parts whose measures can be worked out by hand."""

from musebots.drumkit import DRUM_CLASSES, DRUM_PITCHES
from musebots.measures import Part
from musebots.notes import Note
from musebots.timebase import TimeSignature


def line(*notes, n_bars=None, meter="4/4"):
    """(onset, pitch) or (onset, pitch, duration) in beats."""
    built = [Note(n[0], n[1], n[2] if len(n) > 2 else 1.0) for n in notes]
    return Part.of(built, n_bars=n_bars, time_signature=TimeSignature.parse(meter))


def scale(n_bars=None):
    """C major, a quarter note each."""
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    return line(*enumerate(pitches), n_bars=n_bars)


def kit(**steps):
    """Drums from the 16ths on which each is struck: kit(kick=(0, 8), closed_hat=range(16))."""
    hits = [
        Note(step / 4, DRUM_PITCHES[DRUM_CLASSES.index(name.replace("_", " "))], 0.125)
        for name, places in steps.items()
        for step in places
    ]
    return Part.of(hits)
