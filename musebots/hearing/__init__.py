"""Hearing people: what they play, over which chords, how loud, and how fast."""
